"""Between the base and what was learned: how much of it is kept, chosen on validation data (WiSE-FT).

Weights on the line from the base to an adapted model often keep most of what each of them can do (Wortsman et al.
2022, arXiv:2109.01903). The held-out pairs say what is gained along it, the retention sets what is lost.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from rsvlm.models.adapters import mixed
from rsvlm.models.runtime import TorchEncoder
from rsvlm.models.tower import Tower

from .heldout import best_of
from .judging import Judge, Measure

STRENGTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
TOLERANCE = 0.01
"""What a retention set may lose: one point."""


class Point(NamedTuple):
    """A strength, and what an encoder that has so much of what was learned is measured to do.

    Attributes:
        strength: 0: the base, 1: all that was learned.
        measures: Of the same sets in the same order at every strength.
        changed: Share of the held-out images whose likeliest RESISC45 class is another than the base's; None where
            there is none.
    """

    strength: float
    measures: tuple[Measure, ...]
    changed: float | None


class Encoders:
    """Encoders on the line from a base to what was learned from it; one at a time.

    Args:
        tower: The base; it is taken over.
        learned: The weights of the adapted model, with the names of the base's.
        device: Where to compute.
    """

    def __init__(self, tower: Tower, learned: dict[str, torch.Tensor], device: torch.device) -> None:
        self._module, self._learned = tower.module, learned
        self._base = {name: value.detach().clone() for name, value in tower.module.state_dict().items()}
        self._encoder = measuring_encoder(tower, device)

    def at(self, strength: float) -> TorchEncoder:
        """Return the encoder of a strength; those that were returned before become the same."""
        self._module.load_state_dict(mixed(self._base, self._learned, strength))
        return self._encoder


def measuring_encoder(tower: Tower, device: torch.device) -> TorchEncoder:
    """Return an encoder of a model whose weights change: nothing of it is ever kept or taken from a cache."""
    encoder = TorchEncoder(tower, device=str(device), precision="fp32")
    encoder.revision = ""
    return encoder


def measure_base(encoder: Any, judge: Judge, tell: Callable[[str], None] | None = None) -> Point:
    """Return the first point: what the base does."""
    measures = judge.measure(encoder, tell)
    judge.remember(encoder)
    return Point(0.0, tuple(measures), judge.changed(encoder))


def trace(
    encoders: Encoders,
    judge: Judge,
    base: Point,
    strengths: Sequence[float] = STRENGTHS,
    tell: Callable[[str], None] | None = None,
) -> list[Point]:
    """Measure encoders along the line.

    Args:
        encoders: The line.
        judge: What they are measured on, and the base was.
        base: What came out of that.
        strengths: Where else; above 0.
        tell: Told what is being measured.
    """
    points = [base]
    for strength in strengths:
        encoder = encoders.at(strength)
        points.append(Point(strength, tuple(judge.measure(encoder, tell)), judge.changed(encoder)))
    return points


def choose(points: Sequence[Point], tolerance: float = TOLERANCE) -> Point:
    """Return the point to be kept: the best on held-out pairs among those that keep what is to be retained.

    No retention set may fall by more than `tolerance` below the base. Of those whose recall is within chance of the
    highest the one with the highest mean reciprocal rank is taken, and of equals the one nearest to the base. Without
    held-out pairs as much of what was learned is kept as can be.

    Args:
        points: Of `trace`, by strength: the first is the base.
        tolerance: What each retention set may lose, of 1.
    """
    base = points[0]
    kept = [point for point in points if keeps(base, point, tolerance)]
    held = [measure for point in kept for measure in point.measures if measure.role == "held-out"]
    if not held:
        return max(kept, key=lambda point: point.strength)
    ranks = [round(measure.reciprocal or 0.0, 9) for measure in held]
    return kept[best_of([measure.value for measure in held], ranks, held[0].n)]


def keeps(base: Point, point: Point, tolerance: float) -> bool:
    """Whether no retention set has fallen by more than `tolerance` below the base."""
    return _lost(base, point) <= tolerance + 1e-9


def _lost(base: Point, point: Point) -> float:
    return max(
        (a.value - b.value for a, b in zip(base.measures, point.measures, strict=True) if a.role == "retain"),
        default=0.0,
    )
