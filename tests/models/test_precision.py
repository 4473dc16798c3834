"""Precision is measured once a machine, kept, and never in the way."""

import contextlib
import json
from pathlib import Path

import pytest
import torch

from rsvlm.models import precision
from rsvlm.models.precision import (
    Precision,
    best_precision,
    measure_speedup,
    pick_precision,
    whole_float32,
)

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "precision"


def speedup_of(monkeypatch: pytest.MonkeyPatch, value: float) -> list[torch.device]:
    calls: list[torch.device] = []

    def measure(device: torch.device) -> float:
        calls.append(device)
        return value

    monkeypatch.setattr(precision, "measure_speedup", measure)
    return calls


@pytest.mark.parametrize(("value", "name"), [(6.8, "bf16"), (1.5, "bf16"), (1.4, "fp32"), (0.0, "fp32")])
def test_bf16_where_it_pays(monkeypatch: pytest.MonkeyPatch, value: float, name: str) -> None:
    speedup_of(monkeypatch, value)
    chosen = best_precision(CPU)
    assert chosen.name == name
    assert f"{value} times" in chosen.reason


def test_measured_once_and_kept(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    calls = speedup_of(monkeypatch, 3.0)
    first = best_precision(CPU)
    assert best_precision(CPU) == first
    assert len(calls) == 1
    (file,) = cache.iterdir()
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["speedup"] == 3.0
    assert told["torch"] == torch.__version__


def test_another_torch_measures_again(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    calls = speedup_of(monkeypatch, 3.0)
    best_precision(CPU)
    monkeypatch.setattr(torch, "__version__", "0.0")
    best_precision(CPU)
    assert len(calls) == 2
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"speedup": null}', '{"speedup": "fast"}', "\x00"])
def test_a_damaged_record_is_measured_again(
    monkeypatch: pytest.MonkeyPatch, cache: Path, content: str
) -> None:
    calls = speedup_of(monkeypatch, 3.0)
    best_precision(CPU)
    (file,) = cache.iterdir()
    file.write_text(content, encoding="utf-8")
    assert best_precision(CPU).name == "bf16"
    assert len(calls) == 2
    assert json.loads(file.read_text(encoding="utf-8"))["speedup"] == 3.0


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "file"))
    calls = speedup_of(monkeypatch, 3.0)
    assert best_precision(CPU).name == best_precision(CPU).name == "bf16"
    assert len(calls) == 2


def test_a_real_measurement() -> None:
    assert 0 < measure_speedup(CPU, size=64) < 1000


def test_what_a_user_asks_for_is_not_measured(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    calls = speedup_of(monkeypatch, 3.0)
    assert pick_precision("bf16", CPU) == Precision("bf16", "asked for")
    assert pick_precision("fp32", CPU) == Precision("fp32", "asked for")
    assert not calls
    assert not cache.exists()


def test_devices_that_are_not_measured_take_fp32() -> None:
    assert best_precision(torch.device("meta")).name == "fp32"


def test_tf32_is_off_within_the_block_and_as_before_after_it() -> None:
    before = torch.backends.cudnn.allow_tf32
    with contextlib.suppress(KeyError), whole_float32():
        assert not torch.backends.cudnn.allow_tf32
        raise KeyError
    assert torch.backends.cudnn.allow_tf32 == before


def test_who_uses_the_newer_switches_has_decided() -> None:
    cudnn = torch.backends.cudnn
    if not hasattr(cudnn, "conv"):
        pytest.skip("this torch has no switches for each operation")
    before = cudnn.conv.fp32_precision
    cudnn.conv.fp32_precision = "ieee"
    try:
        with whole_float32():
            assert cudnn.conv.fp32_precision == "ieee"
    finally:
        cudnn.conv.fp32_precision = before
