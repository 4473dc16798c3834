"""The check of a machine runs whole, and tells when a device computes other numbers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest

from rsvlm.models import TorchEncoder
from rsvlm.pretraining import checkup


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checkup, "SECONDS", 0.05)
    return Path(made.small_model(tmp_path / "model"))


def test_the_command(model: Path, rsvlm_command: Callable[..., int], capfd: Any) -> None:
    assert rsvlm_command("doctor", "--check", "--encoder", model, "--device", "cpu", "--json") == 0
    document = json.loads(capfd.readouterr().out)["check"]
    assert [row["what"] for row in document["rows"]][:3] == ["read", "encode images", "encode texts"]
    assert "LoRA step" in {row["what"] for row in document["rows"]}
    assert all(row["rate"] > 0 for row in document["rows"])
    assert document["machine"]["torch"]
    assert rsvlm_command("doctor", "--check", "--encoder", model, "--device", "cpu") == 0
    assert "LoRA step" in capfd.readouterr().out


def test_other_numbers_are_told(
    model: Path, monkeypatch: pytest.MonkeyPatch, rsvlm_command: Callable[..., int], capfd: Any
) -> None:
    monkeypatch.setattr(checkup, "_ways", lambda there: iter([(there, "fp32"), (there, "fp32")]))
    encode = TorchEncoder.encode_images
    calls = []

    def spoilt(self: Any, images: Any, **options: Any) -> Any:
        calls.append(self)
        vectors = encode(self, images, **options)
        return vectors if self is calls[0] else vectors[::-1].copy()

    monkeypatch.setattr(TorchEncoder, "encode_images", spoilt)
    assert rsvlm_command("doctor", "--check", "--encoder", model, "--device", "cpu") == 1
    assert "too much" in capfd.readouterr().out
