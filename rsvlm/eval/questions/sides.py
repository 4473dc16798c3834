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


class Outlines(NamedTuple):
    """Outlines, moved and turned; hundreds are looked at for each that is needed whole, so that one is made last.

    Attributes:
        untouched: As they were.
        corners: (n, 2) corners of all, moved and turned.
        ends: Where those of each outline end.
        bounds: (n, 4) bounds.
    """

    untouched: npt.NDArray[np.object_]
    corners: npt.NDArray[np.float64]
    ends: npt.NDArray[np.intp]
    bounds: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls,
        untouched: npt.NDArray[np.object_],
        corners: npt.NDArray[np.float64],
        sizes: npt.NDArray[np.intp],
    ) -> "Outlines":
        """Return outlines, given the corners of all as they are moved and turned, and how many each has."""
        ends = sizes.cumsum()
        if not len(ends):
            return cls(untouched, corners, ends, np.empty((0, 4)))
        bounds = np.empty((len(ends), 4))
        np.minimum.reduceat(corners, ends - sizes, axis=0, out=bounds[:, :2])
        np.maximum.reduceat(corners, ends - sizes, axis=0, out=bounds[:, 2:])
        return cls(untouched, corners, ends, bounds)

    def whole(self, place: int) -> shapely.Geometry:
        """Return one of them."""
        start = self.ends[place - 1] if place else 0
        one = self.untouched[place : place + 1].copy()
        return shapely.set_coordinates(one, self.corners[start : self.ends[place]])[0]


def moved(sides: Sides, outlines: Outlines, certain: npt.NDArray[np.bool_], limits: Limits) -> Sides | None:
    """Move sides, each time as little as can be, until they cut nothing and nothing doubtful is in.

    Args:
        sides: Where they begin.
        outlines: All that is near, in the same pixels.
        certain: Which of these may be in.
        limits: What a window must keep.

    Returns:
        The sides; None where they keep within no limits, or no end is found.
    """
    lefts, tops, rights, bottoms = np.ascontiguousarray(outlines.bounds.T)
    for _ in range(_STEPS):
        left, top, right, bottom = sides
        held = (
            (lefts >= left + _GAP)
            & (tops >= top + _GAP)
            & (rights <= right - _GAP)
            & (bottoms <= bottom - _GAP)
        )
        edges = left - _CLEAR, top - _CLEAR, right + _CLEAR, bottom + _CLEAR
        near = (lefts < edges[2]) & (tops < edges[3]) & (rights > edges[0]) & (bottoms > edges[1])
        wrong = np.flatnonzero(near & ~(held & certain)).tolist()
        frame = shapely.box(*edges) if wrong else None
        one = next(
            ((place, whole) for place in wrong if (whole := outlines.whole(place)).intersects(frame)), None
        )
        if one is None:
            return sides
        place, whole = one
        ways = _without(sides, whole.intersection(frame).bounds)
        if certain[place]:
            a, b, c, d = outlines.bounds[place].tolist()
            taken = min(left, a - _ROOM), min(top, b - _ROOM), max(right, c + _ROOM), max(bottom, d + _ROOM)
            ways.append(taken)
        fitting = [way for way in ways if limits.fit(way)]
        if not fitting:
            return None
        sides = min(fitting, key=lambda way: _length(sides, way))
    return None


def _length(sides: Sides, way: Sides) -> float:
    """How far sides are moved, together."""
    return abs(way[0] - sides[0]) + abs(way[1] - sides[1]) + abs(way[2] - sides[2]) + abs(way[3] - sides[3])


def _without(sides: Sides, part: Sequence[float]) -> list[Sides]:
    """Windows that leave out the part of a thing that is in them, by moving one side, or the opposite one as well."""
    left, top, right, bottom = sides
    a, b, c, d = part[0] - _CLEAR, part[1] - _CLEAR, part[2] + _CLEAR, part[3] + _CLEAR
    return [
        (c, top, right, bottom), (left, d, right, bottom), (left, top, a, bottom), (left, top, right, b),
        (c, top, right + c - left, bottom), (left, d, right, bottom + d - top),
        (left + a - right, top, a, bottom), (left, top + b - bottom, right, b),
    ]  # fmt: skip
