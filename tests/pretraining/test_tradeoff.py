"""How much of what was learned is kept: points that were measured, and what is chosen of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rsvlm.pretraining.best import BestEpoch
from rsvlm.pretraining.heldout import HeldOutScore, best_of
from rsvlm.pretraining.judging import Measure
from rsvlm.pretraining.tradeoff import Point, choose


def point(
    strength: float, recall: float, reciprocal: float, retained: float = 0.9, images: int = 100
) -> Point:
    held = Measure("held-out", "held-out pairs", "recall@1", recall, 0, 1, images, reciprocal)
    return Point(strength, (held, Measure("retain", "old", "accuracy", retained, 0, 1, 500)), None)


@pytest.mark.parametrize(
    ("points", "kept"),
    [
        # 30 % against 50 % of 100 images is more than chance, whatever the ranks are.
        ([point(0, 0.3, 0.6), point(0.5, 0.5, 0.5), point(1, 0.3, 0.6)], 0.5),
        # Of 41 % and 40 % the better ranks.
        ([point(0, 0.3, 0.4), point(0.5, 0.41, 0.5), point(1, 0.4, 0.6)], 1),
        # Of equals the one that is nearest to the base.
        ([point(0, 0.4, 0.5), point(0.5, 0.4, 0.5), point(1, 0.4, 0.5)], 0),
        # What costs a retained set more than a point is out.
        ([point(0, 0.3, 0.4), point(0.5, 0.5, 0.5, 0.891), point(1, 0.9, 0.9, 0.88)], 0.5),
        # A point itself is not more, whatever 0.9 - 0.89 is in binary.
        ([point(0, 0.3, 0.4), point(0.5, 0.5, 0.5, 0.89), point(1, 0.9, 0.9, 0.889)], 0.5),
    ],
)
def test_what_is_kept(points: list[Point], kept: float) -> None:
    assert choose(points).strength == kept


def test_each_retention_set_is_to_be_kept() -> None:
    """What one of them gains does not make up for what another one loses."""
    changes = ((0, 0), (0.05, -0.005), (0.3, -0.02), (-0.02, 0.3))
    points = [
        Point(
            number / 10,
            tuple(
                Measure("retain", name, "accuracy", 0.6 + change, 0, 1, 500)
                for name, change in zip("ab", each, strict=True)
            ),
            None,
        )
        for number, each in enumerate(changes)
    ]
    assert choose(points).strength == 0.1
    assert choose(points, tolerance=0.02).strength == 0.3


def test_without_held_out_pairs() -> None:
    """As much is kept as the retention sets allow."""
    points = [point(0, 0, 0), point(0.5, 0, 0, 0.895), point(1, 0, 0, 0.88)]
    retained = [Point(one.strength, one.measures[1:], None) for one in points]
    assert choose(retained).strength == 0.5
    assert choose(retained, tolerance=0.03).strength == 1
    assert choose(retained, tolerance=0.0).strength == 0
    assert choose([Point(one.strength, (), None) for one in points]).strength == 1


def test_a_tie_is_within_a_standard_error_of_the_best() -> None:
    """Wherever that lies: of 100 images 5 points."""
    for recall in (0.4, 0.42, 0.44, 0.46):
        assert best_of([recall, recall - 0.04], [0.5, 0.6], 100) == 1
        assert best_of([recall, recall - 0.06], [0.5, 0.6], 100) == 0
    assert best_of([0.9, 0.95], [0.6, 0.5], 20) == 0
    assert best_of([0.9, 0.95], [0.6, 0.5], 1000) == 1
    assert best_of([0.9, 0.9], [0.5, 0.5], 1000) == 0


class Scores:
    """Held-out pairs that an epoch is told to score so much on."""

    def __init__(self, *scores: tuple[float, float]) -> None:
        self._scores = iter(scores)

    def score(self, *_: object) -> HeldOutScore:
        recall, reciprocal = next(self._scores)
        return HeldOutScore(1.0, recall, recall, recall, 0, 1, reciprocal, 100)


def test_the_best_epoch_is_there_whatever_comes_after(tmp_path: Path) -> None:
    """An epoch that was no better than the first, which the third leaves beyond chance: the second is then the best."""
    adapted: Any = SimpleNamespace(learning={"weight": torch.nn.Parameter(torch.zeros(1))})
    scores: Any = Scores((0.5, 0.6), (0.54, 0.55), (0.58, 0.5), (0.52, 0.4))
    best = BestEpoch(adapted, scores, 12, tmp_path, tmp_path)
    step: Any = SimpleNamespace(encoder=None)
    chosen = []
    for epoch in range(4):
        adapted.learning["weight"].data.fill_(epoch)
        best(epoch, step)
        chosen.append(best.best)
        best.restore()
        assert adapted.learning["weight"].item() == best.best
    assert chosen == [0, 0, 1, 1]
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == [
        "epoch-0.safetensors", "epoch-1.safetensors", "epoch-2.safetensors",
    ]  # fmt: skip


def test_an_epoch_stays_until_the_one_that_leaves_it_behind_is_in_the_checkpoint(tmp_path: Path) -> None:
    """A run that is killed before that measures its last epoch again, which need not come out as well."""
    adapted: Any = SimpleNamespace(learning={"weight": torch.nn.Parameter(torch.zeros(1))})
    scores: Any = Scores((0.5, 0.6), (0.54, 0.65), (0.2, 0.1), (0.6, 0.7), (0.1, 0.1))
    best = BestEpoch(adapted, scores, 12, tmp_path, tmp_path)
    step: Any = SimpleNamespace(encoder=None)
    chosen = []
    for epoch in (0, 1, 1, 2, 3):
        best(epoch, step)
        chosen.append(best.best)
        best.restore()
    assert chosen == [0, 1, 0, 2, 2]
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["epoch-2.safetensors"]
