"""The sides of a window, moved one after the other until they cut nothing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Sides = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels from any place."""

INSIDE, OUTSIDE = 3.0, 2.0
"""Pixels at least between the window's edge and what is in it, and what is not: outlines are that inexact."""
_GAP, _CLEAR = INSIDE + 1, OUTSIDE + 1
"""The same while sides are moved, for rounding to whole pixels takes of both."""
_ROOM = 8.0
"""Pixels that are left beside a thing that is taken in, where nothing else is in the way."""
_SIDES = (3.5, 10.0)
"""Shortest and longest side of a window, in typical lengths of a thing."""
_LONGER = 1.8
"""Most that one side is longer than the other."""
_STEPS = 16


class Limits(NamedTuple):
    """Lengths of the shortest and the longest side that a window may have."""

    least: float
    most: float

    @classmethod
    def of(cls, typical: float, size: tuple[int, int]) -> "Limits":
        """Return the limits for things of a typical length in an image of a size."""
        most = min(_SIDES[1] * typical, *size)
        return cls(min(_SIDES[0] * typical, most), most)

    def fit(self, sides: Sides) -> bool:
        """Whether a window is neither too small, nor too large, nor too long."""
        short, long = sorted((sides[2] - sides[0], sides[3] - sides[1]))
        return self.least <= short + 1e-6 and long <= self.most and long <= _LONGER * short

    def shaped(self, sides: Sides) -> Sides:
        """Widen a window that is too small or too long."""
        left, top, right, bottom = sides
        wide, high = right - left, bottom - top
        wider = max(self.least, high / _LONGER * 1.01, wide) - wide
        higher = max(self.least, wide / _LONGER * 1.01, high) - high
        return left - wider / 2, top - higher / 2, right + wider / 2, bottom + higher / 2


def around(bounds: npt.NDArray[np.float64], room: npt.NDArray[np.float64]) -> Sides:
    """Return sides that enclose all bounds (n, 4), with room (4,) at each."""
    left, top = bounds[:, :2].min(axis=0) - room[:2]
    right, bottom = bounds[:, 2:].max(axis=0) + room[2:]
    return float(left), float(top), float(right), float(bottom)


def moved(
    sides: Sides, outlines: npt.NDArray[np.object_], certain: npt.NDArray[np.bool_], limits: Limits
) -> Sides | None:
    """Move sides, each time as little as can be, until they cut nothing and nothing doubtful is in.

    Args:
        sides: Where they begin.
        outlines: All that is near, in the same pixels.
        certain: Which of these may be in.
        limits: What a window must keep.

    Returns:
        The sides; None where they keep within no limits, or no end is found.
    """
    bounds = shapely.bounds(outlines)
    for _ in range(_STEPS):
        held = (bounds[:, :2] >= np.add(sides[:2], _GAP)).all(axis=1)
        held &= (bounds[:, 2:] <= np.subtract(sides[2:], _GAP)).all(axis=1)
        near = (bounds[:, :2] < np.add(sides[2:], _CLEAR)).all(axis=1)
        near &= (bounds[:, 2:] > np.subtract(sides[:2], _CLEAR)).all(axis=1)
        frame = shapely.box(*np.subtract(sides[:2], _CLEAR), *np.add(sides[2:], _CLEAR))
        wrong = np.flatnonzero(near & ~(held & certain))
        one = next((place for place in wrong if shapely.intersects(outlines[place], frame)), None)
        if one is None:
            return sides
        ways = _without(sides, shapely.intersection(outlines[one], frame).bounds)
        if certain[one]:
            ways.append(around(np.array([sides, bounds[one] + (-_ROOM, -_ROOM, _ROOM, _ROOM)]), np.zeros(4)))
        fitting = [way for way in ways if limits.fit(way)]
        if not fitting:
            return None
        moves = [float(np.abs(np.subtract(way, sides)).sum()) for way in fitting]
        sides = fitting[int(np.argmin(moves))]
    return None


def _without(sides: Sides, part: Sequence[float]) -> list[Sides]:
    """Windows that leave out the part of a thing that is in them, by moving one side, or the opposite one as well."""
    left, top, right, bottom = sides
    a, b, c, d = part[0] - _CLEAR, part[1] - _CLEAR, part[2] + _CLEAR, part[3] + _CLEAR
    return [
        (c, top, right, bottom), (left, d, right, bottom), (left, top, a, bottom), (left, top, right, b),
        (c, top, right + c - left, bottom), (left, d, right, bottom + d - top),
        (left + a - right, top, a, bottom), (left, top + b - bottom, right, b),
    ]  # fmt: skip
