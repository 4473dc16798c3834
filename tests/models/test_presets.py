"""Presets: complete, found under any spelling, and never fetched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from rsvlm.models import ModelError, encoder_presets, load_encoder
from rsvlm.models.presets import find_preset, preset_of_file, weights_folder

NAMES = (
    "remoteclip-rn50",
    "remoteclip-vit-b-32",
    "remoteclip-vit-l-14",
    "georsclip-vit-b-32",
    "georsclip-vit-l-14",
    "georsclip-vit-h-14",
    "skyclip-vit-b-32",
    "skyclip-vit-l-14",
)


def test_the_presets_are_complete() -> None:
    assert tuple(preset.name for preset in encoder_presets()) == NAMES
    for preset in encoder_presets():
        assert preset.architecture in open_clip.list_models()
        assert preset.protocol in {"skyscript", "georsclip", "clip-benchmark", "rs-transclip", "rsvlm"}
        assert preset.architecture.lower() in preset.name
        assert "arXiv" in preset.citation
        assert preset.files
        assert preset.licence
        assert "\n" not in preset.quick_gelu_reason


@pytest.mark.parametrize(
    ("name", "files", "quick_gelu"),
    [
        ("remoteclip-rn50", "RemoteCLIP-RN50.pt", False),
        ("remoteclip-vit-l-14", "RemoteCLIP-ViT-L-14.pt", False),
        ("georsclip-vit-b-32", "RS5M_ViT-B-32.pt", True),
        ("georsclip-vit-h-14", "RS5M_ViT-H-14.pt", False),
        ("skyclip-vit-b-32", "SkyCLIP_ViT_B32_top50pct/epoch_20.pt", False),
        ("skyclip-vit-l-14", "SkyCLIP_ViT_L14_top50pct/epoch_20.pt", True),
    ],
)
def test_a_preset_says_where_its_weights_come_from_and_belong(
    name: str, files: str, quick_gelu: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        load_encoder(name)
    line = str(caught.value)
    assert "\n" not in line
    assert str(tmp_path / "weights" / files) in line
    assert "https://" in line
    assert "weights=FILE (--weights FILE)" in line
    preset = find_preset(name)
    assert preset is not None
    assert preset.quick_gelu is quick_gelu


@pytest.mark.parametrize("spelling", ["RemoteCLIP_ViT-B-32", "remoteclip ViT-B/32", " REMOTECLIP-VIT-B-32 "])
def test_spelling_does_not_matter(spelling: str) -> None:
    preset = find_preset(spelling)
    assert preset is not None
    assert preset.name == "remoteclip-vit-b-32"


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ModelError, match=r"did you mean .*georsclip-vit-b-32"):
        load_encoder("geoclip-vit-b32")


def test_files_are_known_by_name() -> None:
    preset = preset_of_file(Path("somewhere") / "RS5M_ViT-H-14.pt")
    assert preset is not None
    assert preset.name == "georsclip-vit-h-14"
    sky = preset_of_file(Path("SkyCLIP_ViT_L14_top50pct") / "epoch_20.pt")
    assert sky is not None
    assert sky.name == "skyclip-vit-l-14"
    assert preset_of_file(Path("weights.pt")) is None
    assert preset_of_file(Path("my-run") / "epoch_20.pt") is None


def test_the_hub_id_of_presets_leads_to_them() -> None:
    with pytest.raises(ModelError, match="name a preset, remoteclip-rn50 or remoteclip-vit-b-32"):
        load_encoder("hf:chendelong/RemoteCLIP")


@pytest.fixture
def small_rn50(monkeypatch: pytest.MonkeyPatch, make_clip: Callable[..., Any]) -> Any:
    """A model of RN50's kind in small, which open_clip then calls RN50."""
    config = open_clip.get_model_config("RN50")
    config["vision_cfg"] |= {"layers": [1, 1, 1, 1], "width": 16, "image_size": 64}
    config["text_cfg"] |= {"width": 64, "heads": 2, "layers": 1}
    config["embed_dim"] = 32
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "RN50", config)
    return make_clip(config)


def test_weights_are_found_in_the_weights_folder_and_in_the_hubs_cache(
    small_rn50: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    repository = cache / "models--chendelong--RemoteCLIP"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40, encoding="utf-8")
    torch.save(small_rn50.state_dict(), snapshot / "RemoteCLIP-RN50.pt")
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(cache))

    cached: Any = load_encoder("remoteclip-rn50", precision="fp32", device="cpu")
    assert cached.revision == "0" * 40
    weights_folder().mkdir()
    torch.save(small_rn50.state_dict(), weights_folder() / "RemoteCLIP-RN50.pt")
    placed: Any = load_encoder("RemoteCLIP-RN50", precision="fp32", device="cpu")
    assert placed.revision.startswith("sha256:")
    assert placed.name == cached.name == "remoteclip-rn50"
    assert placed.info["quick_gelu"] is False
    assert "README" in placed.info["quick_gelu_reason"]
    told: Any = load_encoder("remoteclip-rn50", quick_gelu=True, precision="fp32", device="cpu")
    assert told.info["quick_gelu"] is True
    assert told.info["quick_gelu_reason"] == "the caller"


def test_weights_can_be_given_for_a_preset(small_rn50: Any, tmp_path: Path) -> None:
    torch.save({"state_dict": small_rn50.state_dict()}, tmp_path / "my.pt")
    encoder: Any = load_encoder("remoteclip-rn50", weights=tmp_path / "my.pt", precision="fp32", device="cpu")
    assert encoder.info["weights"] == "my.pt"
