"""Folders of transformers: the same vectors as transformers' own processor and model give."""

import json
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models import ModelError, load_encoder
from rsvlm.models.identity import tokenizer_of
from rsvlm.models.loading import load_tower

TEXTS = ["a satellite photo of a harbour.", "Annual crop land", "river", "forest " * 30]
KINDS = ("clip", "siglip", "siglip2")


def own_vectors(folder: Path, pictures: list[Image.Image]) -> tuple[Any, Any, Any]:
    """Image vectors, text vectors and the logits between them, by transformers as its documentation has it."""
    import transformers as typed

    transformers: Any = typed  # in part only
    model = transformers.AutoModel.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    padding = True if model.config.model_type == "clip" else "max_length"
    tokens = tokenizer(TEXTS, padding=padding, max_length=16, truncation=True, return_tensors="pt")
    with torch.no_grad():
        out = model(**tokens, **processor(images=pictures, return_tensors="pt"))
    images = torch.nn.functional.normalize(out.image_embeds, dim=-1)
    texts = torch.nn.functional.normalize(out.text_embeds, dim=-1)
    return images.numpy(), texts.numpy(), out.logits_per_image.numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_and_logits_are_those_of_transformers(
    kind: str, transformers_models: dict[str, Path], pictures: list[Image.Image]
) -> None:
    encoder: Any = load_encoder(transformers_models[kind], device="cpu", precision="fp32")
    pictures = [
        picture for picture in pictures if min(picture.size) > 3
    ]  # transformers 4 takes rows for channels
    images, texts, logits = own_vectors(transformers_models[kind], pictures)
    np.testing.assert_allclose(encoder.encode_images(pictures), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=1e-5)
    ours = encoder.logit_scale * (encoder.encode_images(pictures) @ encoder.encode_texts(TEXTS).T)
    np.testing.assert_allclose(ours + encoder.logit_bias, logits, atol=1e-4)
    assert encoder.name == kind
    assert encoder.dimension == images.shape[1]
    assert encoder.image_size == 32
    assert encoder.revision.startswith("sha256:")
    assert json.loads(json.dumps(encoder.info))["library"] == "transformers"


def test_siglip_texts_are_filled_up_to_the_full_length(transformers_models: dict[str, Path]) -> None:
    tower = load_tower(transformers_models["siglip"])
    tokens, cut = tower.tokenize(["river", "forest " * 30, "sea"])
    assert tokens["input_ids"].shape == (3, 16)
    assert cut == 1


def test_images_of_three_rows_or_columns_are_not_taken_for_channels(
    transformers_models: dict[str, Path],
) -> None:
    random = np.random.default_rng(1)
    for kind in KINDS:
        tower = load_tower(transformers_models[kind])
        for height, width in ((1, 9), (3, 9), (9, 3), (1, 1), (3, 3)):
            pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
            # A picture ten times as large, each pixel a block: nearly the same after resizing to 32 pixels.
            large = Image.fromarray(pixels).resize((width * 40, height * 40), Image.Resampling.BICUBIC)
            small, big = tower.prepare(Image.fromarray(pixels)), tower.prepare(large)
            if kind != "siglip2":  # whose grid of patches depends on the size
                assert small.shape == big.shape == (3, 32, 32)
                assert float((small - big).abs().mean()) < 0.4


def test_a_very_long_picture_is_prepared_in_little_memory(transformers_models: dict[str, Path]) -> None:
    tower = load_tower(transformers_models["clip"])
    assert tower.prepare(Image.new("RGB", (200_000, 1))).shape == (3, 32, 32)


@pytest.mark.parametrize("kind", KINDS)
def test_preparing_and_tokenizing_in_threads_changes_nothing(
    kind: str, transformers_models: dict[str, Path], pictures: list[Image.Image]
) -> None:
    tower = load_tower(transformers_models[kind])
    alone = [tower.prepare(picture) for picture in pictures]
    words = [tower.tokenize([text])[0]["input_ids"] for text in TEXTS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(tower.prepare, pictures * 10))
        tokens = list(pool.map(lambda text: tower.tokenize([text])[0]["input_ids"], TEXTS * 20))
    assert all(torch.equal(given, alone[i % len(pictures)]) for i, given in enumerate(together))
    assert all(torch.equal(given, words[i % len(TEXTS)]) for i, given in enumerate(tokens))


def test_quick_gelu_of_clip_is_read_or_told_and_recorded(
    transformers_models: dict[str, Path], pictures: list[Image.Image]
) -> None:
    read: Any = load_encoder(transformers_models["clip"], precision="fp32", device="cpu")
    told: Any = load_encoder(transformers_models["clip"], quick_gelu=False, precision="fp32", device="cpu")
    assert (read.info["quick_gelu"], told.info["quick_gelu"]) == (True, False)
    assert read.info["quick_gelu_reason"] == "hidden_act of config.json"
    assert told.info["quick_gelu_reason"] == "the caller"
    assert np.abs(read.encode_images(pictures) - told.encode_images(pictures)).max() > 1e-5
    with pytest.raises(ModelError, match="has no QuickGELU"):
        load_tower(transformers_models["siglip"], quick_gelu=True)


def test_another_tokenizer_beside_the_same_weights_is_recorded(
    transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(transformers_models["clip"], tmp_path / "clip")
    before = load_tower(tmp_path / "clip")
    file = tmp_path / "clip" / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["normalizer"] = {"type": "Replace", "pattern": {"String": "river"}, "content": "forest"}
    file.write_text(json.dumps(content), encoding="utf-8")
    after = load_tower(tmp_path / "clip")
    ids = [tower.tokenize(["river"])[0]["input_ids"] for tower in (before, after)]
    assert not torch.equal(*ids)
    assert before.revision == after.revision
    assert tokenizer_of(before) != tokenizer_of(after)


def spoil(change: Callable[[Path], object], folder: Path, copy: Path) -> str:
    """Copy a folder, change the copy, load it, and return the one line that it is refused with."""
    shutil.copytree(folder, copy)
    change(copy)
    with pytest.raises(ModelError) as caught:
        load_tower(copy)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _drop_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    kept = {key: value for key, value in tensors.items() if "visual_projection" not in key}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def _other_kind(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_drop_weights, "1 are missing .visual_projection.weight."),
        (_cut, "cannot load"),
        (_other_kind, "type 'bert'"),
        (
            lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"),
            "config.json cannot be read",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "cannot load"),
    ],
)
def test_an_unfit_folder_is_one_line(
    change: Callable[[Path], object], says: str, transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    assert re.search(says, spoil(change, transformers_models["clip"], tmp_path / "copy"))


def test_a_pickle_bomb_in_place_of_weights_does_not_go_off(
    transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "boom",)

    def plant(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save({"weight": Bomb()}, folder / "pytorch_model.bin")

    spoil(plant, transformers_models["clip"], tmp_path / "copy")
    assert not (tmp_path / "boom").exists()


def test_weights_belong_to_their_folder(transformers_models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="leave out weights"):
        load_tower(transformers_models["clip"], weights=tmp_path / "other.pt")


def test_code_in_a_folder_is_not_run_nor_asked_about(
    transformers_models: dict[str, Path], tmp_path: Path
) -> None:
    marker = tmp_path / "ran"

    def plant(folder: Path) -> None:
        (folder / "evil.py").write_text(
            f"open({str(marker)!r}, 'w').close()\nclass Evil: pass\n", encoding="utf-8"
        )
        for name, key in (
            ("config.json", "AutoModel"),
            ("config.json", "AutoConfig"),
            ("preprocessor_config.json", "AutoImageProcessor"),
            ("tokenizer_config.json", "AutoTokenizer"),
        ):
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            entry = ["evil.Evil", None] if key == "AutoTokenizer" else "evil.Evil"
            content.setdefault("auto_map", {})[key] = entry
            if key == "AutoTokenizer":
                content["tokenizer_class"] = "EvilTokenizer"
            (folder / name).write_text(json.dumps(content), encoding="utf-8")

    shutil.copytree(transformers_models["clip"], tmp_path / "copy")
    plant(tmp_path / "copy")
    try:
        load_tower(tmp_path / "copy")
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017 - refusing is as good as loading without the code
    assert not marker.exists()
