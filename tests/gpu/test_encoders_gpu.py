"""Encoders on a GPU give the processor's vectors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models import TorchEncoder
from rsvlm.models.loading import load_tower

pytestmark = pytest.mark.gpu

VISION: dict[str, dict[str, Any]] = {
    "vit": {"image_size": 224, "layers": 4, "width": 256, "patch_size": 32, "head_width": 64},
    "resnet": {"image_size": 224, "layers": [1, 1, 1, 1], "width": 64, "patch_size": None},
}
TEXTS = ["a satellite photo of a river.", "annual crop land", "sea"]


@pytest.fixture
def tower(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Make the tower that the test names, twice, with the same random weights."""
    import open_clip

    text = {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 2, "layers": 3}
    config = {"embed_dim": 128, "vision_cfg": VISION[request.param], "text_cfg": text}
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**config).state_dict(), tmp_path / "model.pt")
    (tmp_path / "model.json").write_text(json.dumps(config), encoding="utf-8")
    return lambda: load_tower(tmp_path / "model.json", weights=tmp_path / "model.pt")


def pictures(count: int) -> list[Image.Image]:
    random = np.random.default_rng(3)
    coarse = random.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return [Image.fromarray(picture).resize((64, 64)) for picture in coarse]


@pytest.mark.parametrize("tower", VISION, indirect=True)
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 1e-3), ("fp16", 1e-3)])
def test_a_gpu_gives_the_processors_vectors(tower: Any, precision: str, tolerance: float) -> None:
    images = pictures(33)
    here = TorchEncoder(tower(), device="cpu", precision="fp32")
    there = TorchEncoder(tower(), device="cuda", precision=precision, batch_size=8)
    cosines = (here.encode_images(images) * there.encode_images(images)).sum(axis=1)
    assert np.abs(1 - cosines).max() <= tolerance
    cosines = (here.encode_texts(TEXTS) * there.encode_texts(TEXTS)).sum(axis=1)
    assert np.abs(1 - cosines).max() <= 1e-5


@pytest.mark.parametrize("tower", VISION, indirect=True)
def test_fp32_is_not_tf32(tower: Any) -> None:
    images = pictures(8)
    here = TorchEncoder(tower(), device="cpu", precision="fp32").encode_images(images)
    there = TorchEncoder(tower(), device="cuda", precision="fp32").encode_images(images)
    assert np.abs(here - there).max() <= 1e-5


@pytest.mark.parametrize("tower", ["vit"], indirect=True)
def test_a_batch_that_the_gpu_does_not_hold_is_halved(tower: Any) -> None:
    encoder = TorchEncoder(tower(), device="cuda", precision="fp32", batch_size=64)
    images = pictures(64)
    wanted = encoder.encode_images(images)
    inner = encoder._tower.images

    def greedy(batch: torch.Tensor) -> torch.Tensor:
        if len(batch) > 16:
            torch.empty(1 << 50, dtype=torch.uint8, device="cuda")
        return inner(batch)

    encoder._tower.images = greedy  # type: ignore[method-assign]
    np.testing.assert_allclose(encoder.encode_images(images), wanted, atol=1e-5)
    assert encoder.batch_size == 16


def test_auto_takes_the_gpu_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rsvlm.models.precision import best_precision
    from rsvlm.models.runtime import pick_device

    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path))
    device = pick_device("auto")
    assert device.type == "cuda"
    chosen = best_precision(device)
    assert chosen.name in ("bf16", "fp32")
    assert "times as fast" in chosen.reason
