"""A LoRA step on a GPU gives the processor's loss and gradients, and what it learned is written at any strength."""

import json
from pathlib import Path

import pytest
import torch

from rsvlm.models.loading import load_tower
from rsvlm.models.writing import base_of
from rsvlm.pretraining.data import Batch
from rsvlm.pretraining.layers import LoraSettings
from rsvlm.pretraining.lora import Adapted
from rsvlm.pretraining.processes import Processes
from rsvlm.pretraining.settings import TrainingSettings
from rsvlm.pretraining.step import Step

pytestmark = pytest.mark.gpu

CAPTIONS = tuple(f"a satellite photo of field {number % 5}" for number in range(12))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    import open_clip

    config = {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 64, "layers": 4, "width": 128, "patch_size": 16, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 4},
    }
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**config).state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    content = json.dumps({"model_cfg": config, "preprocess_cfg": {}})
    (tmp_path / "open_clip_config.json").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("loss", ["soft", "clip", "sigmoid"])
@pytest.mark.parametrize("chunk", [None, 5])
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-3), ("bf16", 2e-2)])
def test_a_lora_step(model: Path, loss: str, chunk: int | None, precision: str, tolerance: float) -> None:
    found = {}
    for device, numbers in (("cpu", "fp32"), ("cuda", precision)):
        tower = load_tower(model)
        torch.manual_seed(0)
        adapted = Adapted(tower, LoraSettings(rank=8, whole=("norms",)), base_of(model, None, tower))
        settings = TrainingSettings.model_validate({"loss": loss, "chunk": chunk, "precision": numbers})
        generator = torch.Generator().manual_seed(1)
        images = torch.randint(0, 256, (12, 64, 64, 3), dtype=torch.uint8, generator=generator)
        batch = Batch(
            epoch=0, step=0, images=images, tokens=tower.tokenize(CAPTIONS)[0], captions=CAPTIONS, keys=CAPTIONS,
            sources=(0,) * 12, replay=torch.zeros(12, dtype=torch.bool), cut=0,
        )  # fmt: skip
        step = Step(adapted, settings, Processes(0, 1, torch.device(device)), ("a road", "a wood"))
        value = step(batch)
        gradients = torch.cat([w.grad.flatten().cpu() for w in adapted.parameters() if w.grad is not None])
        found[device] = value, gradients
    assert found["cuda"][0] == pytest.approx(found["cpu"][0], rel=tolerance)
    cosine = torch.nn.functional.cosine_similarity(found["cpu"][1], found["cuda"][1], dim=0)
    assert cosine > 1 - tolerance * 10


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_what_learned_whole_is_written(model: Path, strength: float, tmp_path: Path) -> None:
    tower = load_tower(model)
    adapted = Adapted(tower, LoraSettings(rank=4, whole=("norms",)), base_of(model, None, tower))
    Step(adapted, TrainingSettings(), Processes(0, 1, torch.device("cuda")))  # moves the model
    with torch.no_grad():
        for weight in adapted.parameters():
            weight.add_(0.1)
    adapted.save(tmp_path / "adapter", strength)
    name = adapted.trained[0]
    found = load_tower(tmp_path / "adapter").module.state_dict()[name]
    assert torch.allclose(found, load_tower(model).module.state_dict()[name] + 0.1 * strength, atol=1e-6)
