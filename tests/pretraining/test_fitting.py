"""Batches are cut where their graphs would not fit into memory."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rsvlm import memory
from rsvlm.memory import machine_memory
from rsvlm.pretraining.fitting import Fitting


def layers(width: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(part for _ in range(depth) for part in (nn.Linear(width, width), nn.Sigmoid())))


def test_bytes_are_those_that_the_graph_keeps() -> None:
    model = layers(100, 3)
    fitting = Fitting({"images": lambda count: model(torch.ones(count, 100))}, model.parameters(), 10**9)
    # the input of each linear layer, and what each sigmoid gave: the last of the six is no layer's input
    assert fitting.bytes == {"images": 4 * 100 * 4}
    for part in model.parameters():
        part.requires_grad_(False)
    assert Fitting({"images": lambda count: model(torch.ones(count, 100))}, (), 1).bytes == {"images": 0}


@pytest.mark.parametrize(
    ("room", "sizes"),
    [
        (10_000, {"images": 60, "texts": 30}),  # 60 * 100 + 30 * 40 = 7,200
        (7_200, {"images": 60, "texts": 30}),
        (7_199, {"images": 30, "texts": 15}),
        (3_000, {"images": 20, "texts": 10}),
        (1, {"images": 1, "texts": 1}),
    ],
)
def test_sizes(room: int, sizes: dict[str, int]) -> None:
    def encode(numbers: int) -> Any:
        weight = torch.ones(numbers // 4, requires_grad=True)
        return lambda count: (weight * torch.ones(count, numbers // 4)) ** 2

    fitting = Fitting({"images": encode(100), "texts": encode(40)}, (), room)
    scale = fitting.bytes["images"] // 100
    assert fitting.bytes == {"images": 100 * scale, "texts": 40 * scale}
    fitting = Fitting({"images": encode(100), "texts": encode(40)}, (), room * scale)
    assert fitting.sizes({"images": 60, "texts": 30}) == sizes
    assert fitting.sizes({"images": 0}) == {"images": 0}


def test_a_container_has_what_it_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = machine_memory()
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "limit").write_text("1000000\n")
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "max"), str(tmp_path / "none")))
    assert machine_memory() >= whole
    monkeypatch.setattr(memory, "_LIMITS", (str(tmp_path / "max"), str(tmp_path / "limit")))
    assert machine_memory() == 1_000_000
