"""How much of what was learned is kept: points that were measured, and what is chosen of them."""

import pytest

from rsvlm.pretraining.heldout import beyond_chance
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
    ],
)
def test_what_is_kept(points: list[Point], kept: float) -> None:
    assert choose(points).strength == kept


def test_without_held_out_pairs() -> None:
    """As much is kept as the retention sets allow."""
    points = [point(0, 0, 0), point(0.5, 0, 0, 0.895), point(1, 0, 0, 0.88)]
    retained = [Point(one.strength, one.measures[1:], None) for one in points]
    assert choose(retained).strength == 0.5
    assert choose(retained, tolerance=0.03).strength == 1
    assert choose(retained, tolerance=0.0).strength == 0
    assert choose([Point(one.strength, (), None) for one in points]).strength == 1


def test_a_tie_is_within_a_standard_error() -> None:
    assert beyond_chance(0.9, 20) == beyond_chance(0.95, 20)
    assert beyond_chance(0.9, 1000) < beyond_chance(0.95, 1000)
