"""Tiny models made on the spot: open_clip configurations, and folders of transformers with their tokenizers."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

TINY: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}
"""A vision transformer and a text transformer of open_clip's kind, with CLIP's vocabulary."""

TEXTS = ["a satellite photo of a harbour.", "Annual crop land", "river"]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test here may reach beyond this machine, nor find what lies on it."""

    def refuse(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a connection to {address!r} was tried")
        connect(self, address)

    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path_factory.getbasetemp() / "no-data"))
    monkeypatch.setattr(
        "huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path_factory.getbasetemp() / "no-hub")
    )


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Noise of several shapes: square, wide, tall, smaller than any model's input, a single row."""
    random = np.random.default_rng(7)
    sizes = [(64, 64), (90, 40), (31, 77), (5, 3), (40, 1)]
    return [Image.fromarray(random.integers(0, 256, (h, w, 3), dtype=np.uint8)) for w, h in sizes]


@pytest.fixture(scope="session")
def make_clip() -> Callable[..., Any]:
    """Make an open_clip model of a configuration, randomly initialised by a seed, biases and norms included."""

    def make(config: dict[str, Any], *, seed: int = 0, **options: Any) -> Any:
        torch.manual_seed(seed)
        custom = config.get("custom_text", False)
        arguments = {key: value for key, value in config.items() if key != "custom_text"} | options
        model = (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**arguments)
        with torch.no_grad():
            for weight in model.parameters():
                if weight.ndim == 1:
                    weight.add_(0.1 * torch.randn_like(weight))
        return model.eval()

    return make


@pytest.fixture(scope="session")
def tiny_clip(make_clip: Callable[..., Any]) -> Any:
    """The tiny model, as open_clip builds it."""
    return make_clip(TINY)


@pytest.fixture
def tiny_config(tmp_path: Path) -> Path:
    """The tiny model's configuration, as a bare .json file."""
    file = tmp_path / "tiny-clip.json"
    file.write_text(json.dumps(TINY), encoding="utf-8")
    return file


def open_clip_vectors(model: Any, pictures: list[Image.Image], texts: list[str], **preprocess: Any) -> Any:
    """Image and text vectors by open_clip's own preprocessing, tokenizer and model, in float32."""
    settings = open_clip.transform.PreprocessCfg(size=model.visual.image_size, **preprocess)
    transform = open_clip.transform.image_transform_v2(settings, is_train=False)
    tokens = open_clip.SimpleTokenizer(context_length=model.context_length)(texts)
    with torch.no_grad():
        images = model.encode_image(torch.stack([transform(p) for p in pictures]), normalize=True)
        return images.numpy(), model.encode_text(tokens, normalize=True).numpy()


@pytest.fixture
def vectors() -> Callable[..., Any]:
    """`open_clip_vectors`, as a fixture: test modules do not import one another."""
    return open_clip_vectors
