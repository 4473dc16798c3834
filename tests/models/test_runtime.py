"""The runtime: batches in order, precision, pictures of all kinds, memory that ends, threads that share an encoder."""

import json
import logging
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from rsvlm.models import Encoder, ModelError, TorchEncoder, load_encoder
from rsvlm.models.casting import image_modules
from rsvlm.models.loading import load_tower
from rsvlm.models.needs import needs_of
from rsvlm.models.runtime import pick_device
from rsvlm.shards import Needs

TOWERS: dict[str, dict[str, Any]] = {
    "vit": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "resnet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 32, "patch_size": None, "head_width": 32},
    "timm convolutions": {
        "timm_model_name": "test_efficientnet", "timm_pool": "avg", "timm_proj": "linear", "image_size": 64
    },
    "timm vit": {"timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "none", "image_size": 160},
}  # fmt: skip
"""Image towers of every kind that open_clip builds."""

MakeTower = Callable[..., Any]


@pytest.fixture
def make_tower(tmp_path: Path, make_clip: Callable[..., Any]) -> MakeTower:
    """Make a tiny tower with an image tower of some kind, as loaders give it to the runtime."""

    def make(kind: str = "vit") -> Any:
        vision = TOWERS[kind]
        text = {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
        custom = {"custom_text": True} if "timm_model_name" in vision else {}
        config = {"embed_dim": 64, "vision_cfg": vision, "text_cfg": text, **custom}
        file, weights = tmp_path / f"{kind}.json", tmp_path / f"{kind}.pt"
        file.write_text(json.dumps(config), encoding="utf-8")
        if not weights.exists():
            torch.save(make_clip(config).state_dict(), weights)
        return load_tower(file, weights=weights)

    return make


def noise(count: int, size: int = 40) -> list[Image.Image]:
    random = np.random.default_rng(1)
    coarse = random.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return [Image.fromarray(picture).resize((size, size)) for picture in coarse]


def test_batches_in_order_each_image_once(make_tower: MakeTower) -> None:
    pictures = noise(7)
    encoder = TorchEncoder(make_tower(), precision="fp32", batch_size=3)
    seen: list[int] = []
    inner = encoder._tower.images

    def watched(batch: torch.Tensor) -> torch.Tensor:
        seen.append(len(batch))
        return inner(batch)

    encoder._tower.images = watched  # type: ignore[method-assign]
    vectors = encoder.encode_images(pictures)
    assert seen == [3, 3, 1]
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    alone = np.concatenate([encoder.encode_images([picture]) for picture in pictures])
    np.testing.assert_allclose(vectors, alone, atol=1e-6)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


def test_no_images_and_no_texts(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    for vectors in (encoder.encode_images([]), encoder.encode_texts([]), encoder.encode_prepared([])):
        assert vectors.shape == (0, 64)
        assert vectors.dtype == np.float32


def test_raw_vectors_point_the_same_way(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    for raw, unit in (
        (encoder.encode_images(noise(2), normalize=False), encoder.encode_images(noise(2))),
        (encoder.encode_texts(["a", "b"], normalize=False), encoder.encode_texts(["a", "b"])),
    ):
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        assert abs(lengths - 1).max() > 0.01
        np.testing.assert_allclose(raw / lengths, unit, atol=1e-6)


def test_prepared_images_give_the_same_vectors(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    pictures = noise(3)
    prepared = [encoder.prepare(picture) for picture in pictures]
    np.testing.assert_array_equal(encoder.encode_prepared(prepared), encoder.encode_images(pictures))


def test_it_is_an_encoder_and_says_what_decided_its_vectors(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="bf16", device="cpu")
    assert isinstance(encoder, Encoder)
    told = json.loads(json.dumps(encoder.info))
    assert told["precision"] == "bf16"
    assert told["precision_reason"] == "asked for"
    assert told["device"]
    assert told["revision"] == encoder.revision


@pytest.mark.parametrize("kind", TOWERS)
def test_bf16_is_close_to_fp32(kind: str, make_tower: MakeTower) -> None:
    pictures = noise(16)
    exact = TorchEncoder(make_tower(kind), precision="fp32")
    fast = TorchEncoder(make_tower(kind), precision="bf16")
    one, other = exact.encode_images(pictures), fast.encode_images(pictures)
    assert other.dtype == np.float32
    assert (one * other).sum(axis=1).min() > 1 - 1e-3
    texts = exact.encode_texts(["river", "a harbour"])
    assert np.abs(one @ texts.T - other @ texts.T).max() <= 0.01
    assert np.abs(one - other).max() > 0, "nothing was computed in bf16"
    np.testing.assert_array_equal(fast.encode_texts(["river", "a harbour"]), texts)


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_bf16_of_transformers_models(kind: str, transformers_models: dict[str, Path]) -> None:
    folder = transformers_models[kind]
    exact = TorchEncoder(load_tower(folder), precision="fp32")
    fast = TorchEncoder(load_tower(folder), precision="bf16")
    one, other = exact.encode_images(noise(4)), fast.encode_images(noise(4))
    assert (one * other).sum(axis=1).min() > 1 - 1e-3
    np.testing.assert_array_equal(fast.encode_texts(["river"]), exact.encode_texts(["river"]))


@pytest.mark.parametrize("kind", TOWERS)
def test_weights_of_the_image_tower_are_cast_once(kind: str, make_tower: MakeTower) -> None:
    tower = make_tower(kind)
    TorchEncoder(tower, precision="bf16")
    for name, module in tower.module.named_modules():
        wanted = torch.float32
        if name.startswith("visual.") and isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            wanted = torch.bfloat16
        if isinstance(module, torch.nn.MultiheadAttention):
            seen = torch.bfloat16 if name.startswith("visual.") else torch.float32
            assert module.in_proj_weight.dtype == seen, name
        elif getattr(module, "weight", None) is not None:
            assert module.weight.dtype == wanted, name


def test_the_way_of_an_image_leaves_the_text_tower_out(make_tower: MakeTower) -> None:
    tower = make_tower()
    passed = image_modules(tower, torch.zeros(1, 3, 32, 32))
    assert tower.module.visual.transformer.resblocks[1].mlp.c_fc in passed
    assert tower.module.transformer.resblocks[0].mlp.c_fc not in passed
    assert not tower.module.visual.conv1._forward_pre_hooks


@pytest.mark.parametrize(
    ("mode", "fill"),
    [
        ("1", 1), ("L", 90), ("LA", (90, 9)), ("La", (9, 90)), ("P", 3), ("PA", 3),
        ("RGBA", (9, 8, 7, 0)), ("RGBa", (9, 8, 7, 255)), ("CMYK", (1, 2, 3, 4)), ("YCbCr", (90, 80, 70)),
        ("LAB", (90, 8, 7)), ("HSV", (9, 80, 70)), ("I", 90_000), ("F", -3.5), ("I;16", 40_000),
    ],
)  # fmt: skip
def test_pil_images_of_any_mode(mode: str, fill: Any, make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    assert np.isfinite(encoder.encode_images([Image.new(mode, (9, 7), fill)])).all()


def test_sixteen_bits_are_not_clipped_to_white(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    grey = np.asarray(noise(1)[0].convert("L"))
    low, high = int(grey.min()), int(grey.max())
    shown = Image.fromarray(np.rint((grey - low) * (255.0 / (high - low))).astype(np.uint8))
    wide = Image.fromarray(grey.astype(np.uint16) * 200 + 5000)
    np.testing.assert_allclose(encoder.encode_images([wide]), encoder.encode_images([shown]), atol=1e-6)
    holes = grey.astype(np.float32)
    holes[0, 0] = np.nan
    assert np.isfinite(encoder.encode_images([Image.fromarray(holes)])).all()
    assert np.isfinite(encoder.encode_images([Image.fromarray(np.full((4, 4), np.inf, np.float32))])).all()


def test_palettes_with_transparent_colours(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    plain = noise(1)[0].quantize(8)
    clear = plain.copy()
    clear.info["transparency"] = bytes([0, 255, 7])
    np.testing.assert_array_equal(encoder.encode_images([clear]), encoder.encode_images([plain]))


def test_arrays_and_pictures_are_the_same(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    pictures = noise(2)
    arrays = [np.asarray(pictures[0]), np.asarray(pictures[1])[:, ::-1]]
    mirrored = pictures[1].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    np.testing.assert_array_equal(
        encoder.encode_images(arrays), encoder.encode_images([pictures[0], mirrored])
    )


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((5, 6), np.uint8), r"\(5, 6\) uint8"),
        (np.zeros((5, 6, 4), np.uint8), r"\(5, 6, 4\) uint8"),
        (np.zeros((5, 6, 3), np.float32), r"\(5, 6, 3\) float32"),
        (np.zeros((0, 6, 3), np.uint8), r"\(0, 6, 3\) uint8"),
        (Image.new("RGB", (0, 4)), "0 x 4 pixels"),
        ("a.tif", "not str"),
        (torch.zeros(3, 4, 4), "not Tensor"),
    ],
)
def test_what_is_no_picture_is_one_line(image: Any, words: str, make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32")
    with pytest.raises(ModelError, match=words) as raised:
        encoder.encode_images([*noise(1), image])
    assert "\n" not in str(raised.value)


def test_images_may_come_one_by_one_but_one_is_no_list(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), device="cpu", batch_size=2)
    images = noise(3)
    assert np.array_equal(encoder.encode_images(iter(images)), encoder.encode_images(images))  # type: ignore[arg-type]
    for one in (images[0], np.asarray(images[0])):
        with pytest.raises(
            ModelError, match=r"^images are a list of images, not one image: put it into a list$"
        ):
            encoder.encode_images(one)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 5, ["a", "b"], float("nan")])
def test_what_is_no_text_is_one_line(wrong: Any, make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), device="cpu")
    with pytest.raises(ModelError, match=f"^texts are strings, not {type(wrong).__name__}: leave it out"):
        encoder.encode_texts(["a forest", wrong])
    given = np.array(["a forest", "a river"])
    assert np.array_equal(encoder.encode_texts(iter(given)), encoder.encode_texts(given.tolist()))  # type: ignore[arg-type]


def test_long_texts_warn_once_with_their_number(
    make_tower: MakeTower, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = TorchEncoder(make_tower(), precision="fp32", batch_size=2)
    with caplog.at_level(logging.WARNING):
        encoder.encode_texts(["short", "river"])
        assert not caplog.records
        encoder.encode_texts(["word " * 40, "short", "word " * 41])
        encoder.encode_texts(["word " * 42])
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        f"2 of 3 texts are longer than 16 tokens and were cut, the first: {('word ' * 20)[:97] + '...'!r}"
    ]


def test_a_lone_string_is_no_list_of_texts(make_tower: MakeTower) -> None:
    with pytest.raises(ModelError, match="put it into a list"):
        TorchEncoder(make_tower(), precision="fp32").encode_texts("river")


class Cramped:
    """A tower whose device holds two images at most."""

    def __init__(self, tower: Any, most: int) -> None:
        self.tower, self.most = tower, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tower, name)

    def images(self, batch: torch.Tensor) -> torch.Tensor:
        if len(batch) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        vectors: torch.Tensor = self.tower.images(batch)
        return vectors


def test_a_batch_that_does_not_fit_is_halved(make_tower: MakeTower, caplog: pytest.LogCaptureFixture) -> None:
    pictures = noise(11)
    wanted = TorchEncoder(make_tower(), precision="fp32").encode_images(pictures)
    encoder = TorchEncoder(Cramped(make_tower(), 2), precision="fp32", batch_size=9)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_allclose(encoder.encode_images(pictures), wanted, atol=1e-6)
    assert encoder.batch_size == 2
    assert "going on with 2" in caplog.text
    with pytest.raises(ModelError, match=r"does not hold .* with a single input"):
        TorchEncoder(Cramped(make_tower(), 0), precision="fp32").encode_images(pictures[:1])


def test_several_threads_share_an_encoder(make_tower: MakeTower) -> None:
    encoder = TorchEncoder(make_tower(), precision="bf16", batch_size=4)
    pictures = noise(12)
    wanted = encoder.encode_images(pictures), encoder.encode_texts(["river", "road"])
    with ThreadPoolExecutor(4) as pool:
        images = [pool.submit(encoder.encode_images, pictures) for _ in range(4)]
        texts = [pool.submit(encoder.encode_texts, ["river", "road"]) for _ in range(4)]
        for future in images:
            np.testing.assert_array_equal(future.result(), wanted[0])
        for future in texts:
            np.testing.assert_array_equal(future.result(), wanted[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": "int8"}, "no precision 'int8': take auto, fp32, bf16, fp16"),
        ({"precision": "fp16", "device": "cpu"}, "fp16 needs a CUDA device"),
        ({"device": "gpu"}, "no device 'gpu'"),
        ({"device": "meta"}, "^device 'meta' cannot be used here: take auto or cpu"),
        ({"device": "vulkan"}, "^device 'vulkan' cannot be used here: take auto or cpu"),
        ({"batch_size": 0}, "^a batch of 0 images cannot be encoded: take at least 1$"),
        ({"device": "cuda:99"}, "'cuda:99' is not there"),
        ({"batch_size": -1}, "a batch of -1 images"),
    ],
)
def test_wrong_options_are_one_line(options: dict[str, Any], words: str, make_tower: MakeTower) -> None:
    with pytest.raises(ModelError, match=words) as raised:
        TorchEncoder(make_tower(), **({"precision": "fp32"} | options))
    assert "\n" not in str(raised.value)


def test_the_device_of_auto_is_there() -> None:
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_pickled_encoder_is_loaded_again(transformers_models: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    shutil.copytree(transformers_models["clip"], folder)
    encoder = load_encoder(folder, device="cpu", precision="fp32", batch_size=2)
    packed = pickle.dumps(encoder)
    assert len(packed) < 1000  # no weights
    again = pickle.loads(packed)
    assert (again.revision, again.precision, again.batch_size) == (encoder.revision, "fp32", 2)
    assert np.array_equal(again.encode_images(noise(3)), encoder.encode_images(noise(3)))

    weights = load_file(folder / "model.safetensors")
    save_file({name: 2 * value for name, value in weights.items()}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"has weights .* here, and .* where it was loaded"):
        pickle.loads(packed)


def test_an_encoder_made_in_memory_is_not_pickled(make_tower: MakeTower) -> None:
    with pytest.raises(ModelError, match="was made in memory"):
        pickle.dumps(TorchEncoder(make_tower(), precision="fp32"))


def test_needs_of_models(make_tower: MakeTower) -> None:
    assert needs_of(TorchEncoder(make_tower(), device="cpu", precision="fp32")) == Needs(
        cpus=torch.get_num_threads()
    )
    assert needs_of(SimpleNamespace(device=torch.device("cuda:1"))) == Needs(cpus=1, gpus=1)
    assert needs_of(object()) == Needs(cpus=1, gpus=0)
