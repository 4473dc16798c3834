"""open_clip models: vectors, preprocessing and tokens are open_clip's own."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_file

from rsvlm.models import ModelError, load_encoder
from rsvlm.models.blueprints import from_architecture
from rsvlm.models.loading import load_tower
from rsvlm.models.tower import Tower

TEXTS = ["a satellite photo of a harbour.", "Annual crop land", "river " * 100]


def normalised(tower: Tower, image: Image.Image) -> torch.Tensor:
    """What the runtime makes of `prepare`, one image at a time."""
    prepared = tower.prepare(image)
    if tower.mean is None:
        return prepared
    pixels = prepared.float().div(255).sub(torch.tensor(tower.mean)).div(torch.tensor(tower.std))
    return pixels.permute(2, 0, 1)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"interpolation": "bilinear", "mean": [0, 0, 0], "std": [1, 1, 1]},
        {"resize_mode": "squash", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
        {"resize_mode": "longest", "fill_color": 0},
    ],
)
def test_preprocessing_is_open_clips_to_the_bit(
    settings: dict[str, Any], tiny_clip: Any, tmp_path: Path, pictures: list[Image.Image], tiny_config: Path
) -> None:
    config = {"model_cfg": json.loads(tiny_config.read_text(encoding="utf-8")), "preprocess_cfg": settings}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tiny_clip.state_dict(), tmp_path / "open_clip_model.safetensors")
    tower = load_tower(tmp_path)
    theirs = image_transform_v2(PreprocessCfg(size=32, **settings), is_train=False)
    shapes = [(32, 32), (33, 32), (32, 47), (1, 1), (3, 1), (1, 16), (481, 641), (1000, 70)]
    random = np.random.default_rng(2)
    drawn = [Image.fromarray(random.integers(0, 256, (h, w, 3), dtype=np.uint8)) for w, h in shapes]
    for picture in [*pictures[:-1], *drawn]:
        assert torch.equal(normalised(tower, picture), theirs(picture)), (picture.size, settings)


def test_a_size_that_the_image_tower_does_not_take_is_refused(
    make_clip: Callable[..., Any], tiny_config: Path, tmp_path: Path
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    config["vision_cfg"] = {
        "timm_model_name": "vit_tiny_patch16_224", "timm_model_pretrained": False, "timm_pool": "token",
        "timm_proj": "linear", "image_size": 64,
    }  # fmt: skip
    content = json.dumps({"model_cfg": config, "preprocess_cfg": {}})
    (tmp_path / "open_clip_config.json").write_text(content, encoding="utf-8")
    save_file(make_clip(config).state_dict(), tmp_path / "open_clip_model.safetensors")
    with pytest.raises(
        ModelError, match=r"does not take images of 64 pixels, .*: write image_size 224 there"
    ):
        load_tower(tmp_path)


def test_a_very_long_picture_is_cropped_before_it_is_resized(tiny_clip: Any, tiny_config: Path) -> None:
    weights = tiny_config.with_suffix(".safetensors")
    save_file(tiny_clip.state_dict(), weights)
    tower = load_tower(tiny_config, weights=weights)
    gradient = np.zeros((2, 4000, 3), np.uint8)
    gradient[:, 1999:2001] = 200  # the centre, which a centre crop shows
    middle = tower.prepare(Image.fromarray(gradient))
    assert middle.shape == (32, 32, 3)
    assert middle.float().mean() > 150
    assert tower.prepare(Image.new("RGB", (1, 300_000))).shape == (32, 32, 3)


def test_tokens_are_open_clips_and_long_texts_are_counted(tiny_clip: Any, tiny_config: Path) -> None:
    weights = tiny_config.with_suffix(".safetensors")
    save_file(tiny_clip.state_dict(), weights)
    tower = load_tower(tiny_config, weights=weights)
    exact = "river " * 75  # with the start and end marks, 77 tokens
    tokens, cut = tower.tokenize([*TEXTS, exact])
    assert torch.equal(tokens, open_clip.tokenize([*TEXTS, exact]))
    assert cut == 1
    assert tower.context_length == 77


def test_preparing_in_threads_changes_nothing(
    tiny_clip: Any, tiny_config: Path, pictures: list[Image.Image]
) -> None:
    weights = tiny_config.with_suffix(".safetensors")
    save_file(tiny_clip.state_dict(), weights)
    tower = load_tower(tiny_config, weights=weights)
    alone = [tower.prepare(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(tower.prepare, pictures * 20))
    assert all(torch.equal(given, alone[i % len(pictures)]) for i, given in enumerate(together))


def test_a_model_with_its_text_tower_apart_and_a_bias(
    make_clip: Callable[..., Any], tiny_config: Path, pictures: list[Image.Image], vectors: Callable[..., Any]
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8")) | {
        "custom_text": True,
        "init_logit_bias": -7.0,
    }
    model = make_clip(config)
    tiny_config.write_text(json.dumps(config), encoding="utf-8")
    weights = tiny_config.with_suffix(".pt")
    torch.save(model.state_dict(), weights)
    encoder: Any = load_encoder(tiny_config, weights=weights, device="cpu", precision="fp32")
    images, texts = vectors(model, pictures, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(pictures), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), texts, atol=1e-5)
    assert encoder.logit_bias == pytest.approx(model.logit_bias.item())
    assert encoder.logit_scale == pytest.approx(model.logit_scale.exp().item())


def test_a_bias_in_the_weights_is_kept_where_the_configuration_has_none(
    make_clip: Callable[..., Any], tiny_config: Path
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    weights = tiny_config.with_suffix(".pt")
    torch.save(make_clip(config, init_logit_bias=-10.0).state_dict(), weights)
    assert load_tower(tiny_config, weights=weights).logit_bias == pytest.approx(-10, abs=1)


def test_text_towers_are_renamed_between_open_clips_two_ways(
    make_clip: Callable[..., Any], tiny_clip: Any, tiny_config: Path
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    tokens = open_clip.tokenize(TEXTS)
    for ours, theirs in ((False, True), (True, False)):
        model = make_clip(config | {"custom_text": theirs})
        tiny_config.write_text(json.dumps(config | {"custom_text": ours}), encoding="utf-8")
        weights = tiny_config.with_suffix(".pt")
        torch.save(model.state_dict(), weights)
        tower = load_tower(tiny_config, weights=weights)
        with torch.no_grad():
            torch.testing.assert_close(tower.texts(tokens), model.encode_text(tokens))


def test_timm_image_tower_and_transformers_text_tower_work_without_a_network(
    tmp_path: Path, transformers_models: dict[str, Path], pictures: list[Image.Image]
) -> None:
    from transformers import BertConfig, BertModel

    text = tmp_path / "text"
    BertConfig(
        vocab_size=120, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    ).save_pretrained(text)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (text / name).write_bytes((transformers_models["clip"] / name).read_bytes())
    config = {
        "embed_dim": 24,
        "vision_cfg": {"timm_model_name": "test_vit", "timm_model_pretrained": True, "image_size": 160,
                       "timm_pool": "token", "timm_proj": "linear"},
        "text_cfg": {"hf_model_name": "text", "hf_tokenizer_name": "text", "hf_pooler_type": "mean_pooler",
                     "hf_proj_type": "linear", "context_length": 16},
    }  # fmt: skip
    torch.manual_seed(0)
    text_cfg = config["text_cfg"] | {"hf_model_name": str(text), "hf_model_pretrained": False}  # type: ignore[operator]
    vision_cfg = config["vision_cfg"] | {"timm_model_pretrained": False}  # type: ignore[operator]
    model = open_clip.CustomTextCLIP(24, vision_cfg, text_cfg).eval()
    assert isinstance(model.text.transformer, BertModel)
    content = {"model_cfg": config, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(content), encoding="utf-8")
    save_file(model.state_dict(), tmp_path / "open_clip_model.safetensors")

    tower = load_tower(tmp_path)
    assert tower.image_size == 160
    assert tower.mean == (0.5, 0.5, 0.5)
    assert tower.info["tokenizer"] == "text"
    tokenizer = open_clip.tokenizer.HFTokenizer(str(text), context_length=16)
    tokens, cut = tower.tokenize(TEXTS)
    assert torch.equal(tokens, tokenizer(TEXTS))
    assert cut == 1
    transform = image_transform_v2(PreprocessCfg(160, mean=(0.5,) * 3, std=(0.5,) * 3), is_train=False)
    with torch.no_grad():
        torch.testing.assert_close(tower.texts(tokens), model.encode_text(tokens))
        batch = torch.stack([normalised(tower, picture) for picture in pictures])
        theirs = torch.stack([transform(picture) for picture in pictures])
        torch.testing.assert_close(tower.images(batch), model.encode_image(theirs))


def test_hub_ids_in_a_local_configuration_are_looked_for_and_not_fetched(
    tiny_clip: Any, tiny_config: Path
) -> None:
    weights = tiny_config.with_suffix(".pt")
    torch.save(tiny_clip.state_dict(), weights)
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    config["text_cfg"]["hf_tokenizer_name"] = "somebody/some-tokenizer"
    tiny_config.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(
        ModelError, match=r"somebody/some-tokenizer is not on this machine \(looked in .*no-hub\)"
    ):
        load_tower(tiny_config, weights=weights)
    config["vision_cfg"] = {"timm_model_name": "hf-hub:somebody/tower"}
    tiny_config.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="timm would fetch"):
        load_tower(tiny_config, weights=weights)


def test_quick_gelu_is_decided_and_its_reason_recorded(
    make_clip: Callable[..., Any], tiny_config: Path, pictures: list[Image.Image], vectors: Callable[..., Any]
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    weights = tiny_config.with_suffix(".pt")
    torch.save(make_clip(config).state_dict(), weights)
    for told, expected, reason in (
        (None, False, "configuration"),
        (True, True, "caller"),
        (False, False, "caller"),
    ):
        encoder: Any = load_encoder(
            tiny_config, weights=weights, quick_gelu=told, device="cpu", precision="fp32"
        )
        images, _ = vectors(make_clip(config, quick_gelu=expected), pictures, TEXTS)
        np.testing.assert_allclose(encoder.encode_images(pictures), images, atol=1e-5)
        assert encoder.info["quick_gelu"] is expected
        assert reason in encoder.info["quick_gelu_reason"]


def test_quick_gelu_of_pretrained_tags_is_open_clips_record() -> None:
    openai, laion = (
        from_architecture("ViT-B-32", "openai"),
        from_architecture("ViT-B-32", "laion2b_s34b_b79k"),
    )
    assert (
        openai.activation is True
    )  # while open_clip itself only warns of it and uses the configuration's GELU
    assert "openai" in openai.reason
    assert laion.activation is False
    assert from_architecture("ViT-B-32-quickgelu").activation is True


def test_an_architecture_that_open_clip_cannot_build_is_one_line(tiny_clip: Any, tiny_config: Path) -> None:
    weights = tiny_config.with_suffix(".pt")
    torch.save(tiny_clip.state_dict(), weights)
    config = json.loads(tiny_config.read_text(encoding="utf-8")) | {"colour": "blue"}
    tiny_config.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot build tiny-clip: .*colour") as caught:
        load_tower(tiny_config, weights=weights)
    assert "\n" not in str(caught.value)
