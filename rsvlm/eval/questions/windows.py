"""Windows that cut no outline and hold none that is doubtful, found by growing them around handfuls of neighbours.

A window taken at random nearly always cuts something where things stand close. So a window starts around a few
neighbours, upright or turned, and then one side after the other is moved to where nothing is cut.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from .drafts import Window
from .sides import INSIDE, OUTSIDE, Limits, Outlines, Sides, around, moved

_STARTS, _BARREN = 20_000, 4000
"""Tries, and those in a row that may find nothing."""
_MOST_FOUND = 900
_MOST_ALIKE, _MOST_EMPTY = 6, 48
"""Windows with the same outlines, and with none."""
_APART, _TURNED_APART, _LARGER = 0.2, 30, 1.4
"""Two such windows differ by this share of their side, by these degrees, or by this ratio of their areas."""
_HANDFUL = 9
"""Neighbours that a window is grown around are fewer than this; others come in as its sides are moved."""


class Uncut(NamedTuple):
    """A window without a cut or doubtful outline.

    Attributes:
        window: Where it lies before it is turned.
        turn: Degrees clockwise by which it is turned about its middle.
        inside: Places of the certain outlines in it.
        shapes: These outlines in pixels of the window.
    """

    window: Window
    turn: int
    inside: tuple[int, ...]
    shapes: tuple[shapely.Polygon, ...]


def ground_of(window: Window, turn: int) -> shapely.Polygon:
    """Return what a turned window covers, in pixels of the image."""
    x, y, width, height = window
    if not turn:
        return shapely.box(x, y, x + width, y + height)
    # as shapely.affinity.rotate turns it, which takes ten times as long, and this is done for every window tried
    cos, sin = math.cos(turn * math.pi / 180), math.sin(turn * math.pi / 180)
    cos, sin = (0.0 if abs(part) < 2.5e-16 else part for part in (cos, sin))
    a, b = x + width / 2, y + height / 2
    right, down = a - a * cos + b * sin, b - a * sin - b * cos
    corners = ((x + width, y), (x + width, y + height), (x, y + height), (x, y))
    return shapely.Polygon([(cos * p - sin * q + right, sin * p + cos * q + down) for p, q in corners])


def into_window(outline: shapely.Polygon, window: Window, turn: int) -> shapely.Polygon:
    """Return an outline of the image in pixels of a turned window."""
    x, y, width, height = window
    back = (
        shapely.affinity.rotate(outline, -turn, origin=(x + width / 2, y + height / 2)) if turn else outline
    )
    return shapely.affinity.translate(back, -x, -y)


class WindowSearch:
    """Finds windows over outlines.

    Args:
        certain: Outlines that can be seen for certain, in pixels of the image; one at least.
        doubtful: All others.
        size: Width and height of the image.
    """

    def __init__(
        self, certain: Sequence[shapely.Polygon], doubtful: Sequence[shapely.Polygon], size: tuple[int, int]
    ) -> None:
        whole = shapely.make_valid(
            np.array(doubtful, dtype=object)
        )  # an outline that crosses itself is doubtful
        self._outlines = np.array([*certain, *whole], dtype=object)
        self._corners = [shapely.get_coordinates(outline) for outline in self._outlines]
        self._sizes = np.array([len(corners) for corners in self._corners], np.intp)
        self._certain = np.arange(len(self._outlines)) < len(certain)
        self._tree = shapely.STRtree(self._outlines)
        self._centres = shapely.get_coordinates(shapely.centroid(self._outlines[self._certain]))
        self._size = size
        self._nearest: dict[int, npt.NDArray[np.intp]] = {}
        self._ways: dict[int, npt.NDArray[np.float64]] = {}
        typical = float(np.median(np.sqrt(shapely.area(self._outlines[self._certain]))))
        self._limits = Limits.of(typical, size)

    def find(self, rng: np.random.Generator) -> Iterator[Uncut]:
        """Windows around nothing, one thing, two and so on, equally often tried; few of the same things, well apart."""
        seen: dict[tuple[int, ...], list[Uncut]] = {}
        found = barren = 0
        for _ in range(_STARTS):
            barren += 1
            start, near = self._handful(rng)
            turn = self._turn(near, rng)
            window = self._grown(start, near, turn, rng)
            inside = None if window is None else self._inside(window, turn)
            if window is None or inside is None:
                continue
            same = seen.setdefault(inside, [])
            # most are like others, so shapes, which take long, are made of the rest alone
            if len(same) < (_MOST_ALIKE if inside else _MOST_EMPTY) and not any(
                _near(window, turn, other) for other in same
            ):
                uncut = self._with_shapes(window, turn, inside)
                if uncut is not None:
                    same.append(uncut)
                    found, barren = found + 1, 0
                    yield uncut
            if found >= _MOST_FOUND or barren >= _BARREN:
                return

    def uncut(self, window: Window, turn: int) -> Uncut | None:
        """Return what a window holds; None where it leaves the image, cuts an outline or holds a doubtful one."""
        inside = self._inside(window, turn)
        return None if inside is None else self._with_shapes(window, turn, inside)

    def _inside(self, window: Window, turn: int) -> tuple[int, ...] | None:
        """Places of what a window has in it or touches; None where it leaves the image or one of them is doubtful."""
        left, top, right, bottom = ground_of(window, turn).bounds
        if left < 0 or top < 0 or right > self._size[0] or bottom > self._size[1]:
            return None
        inside = np.sort(self._tree.query(ground_of(_wider(window), turn), predicate="intersects"))
        return tuple(inside.tolist()) if self._certain[inside].all() else None

    def _with_shapes(self, window: Window, turn: int, inside: tuple[int, ...]) -> Uncut | None:
        """A window and the shapes of what is in it; None where it cuts one of them."""
        shapes = tuple(into_window(self._outlines[place], window, turn) for place in inside)
        inner = shapely.box(INSIDE, INSIDE, window[2] - INSIDE, window[3] - INSIDE)
        return Uncut(window, turn, inside, shapes) if all(inner.contains(one) for one in shapes) else None

    def _handful(self, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
        """A place, and some things that are near it; any place, and nothing, as often as any other number of things."""
        number = int(rng.integers(_HANDFUL))
        if not number:
            return rng.uniform((0, 0), self._size), np.array([], np.intp)
        place = int(rng.integers(len(self._centres)))
        start = self._centres[place]
        if place not in self._nearest:
            order = np.argsort(np.hypot(*(self._centres - start).T), kind="stable")
            self._nearest[place] = order[:_HANDFUL].copy()
        return start, self._nearest[place][:number]

    def _turn(self, near: npt.NDArray[np.intp], rng: np.random.Generator) -> int:
        """How a window is turned: not at all, anyhow, or along the row in which its things stand."""
        way = int(rng.integers(3))
        if not way:
            return 0
        if way == 1 or len(near) < 2:
            return int(rng.integers(1, 360))
        along, down = self._centres[near[-1]] - self._centres[near[0]]
        return round(float(np.degrees(np.arctan2(down, along)))) % 90 + 90 * int(rng.integers(4))

    def _grown(
        self, start: npt.NDArray[np.float64], near: npt.NDArray[np.intp], turn: int, rng: np.random.Generator
    ) -> Window | None:
        """A window around some things, with its sides moved so that they cut nothing; None where none is found."""
        least, most = self._limits
        bounds = self._seen(near, start, turn).bounds if near.size else np.zeros((1, 4))
        tight = np.array(around(bounds, np.full(4, INSIDE + 1)))
        # often small, for close things fit only so; and what is in lies anywhere in it, not in its middle
        wanted = (least + (most - least) * rng.random() ** 2) * rng.uniform(0.6, 1, 2)
        spare = np.maximum(0, wanted - (tight[2:] - tight[:2]))
        before = spare * rng.random(2)
        shaped = self._limits.shaped(around(tight[None], np.concatenate([before, spare - before])))
        if not self._limits.fit(shaped):
            return None
        there = np.sort(self._tree.query(shapely.box(*(start - 2 * most), *(start + 2 * most))))
        found = moved(shaped, self._seen(there, start, turn), self._certain[there], self._limits)
        return None if found is None else _whole(found, start, turn)

    def _seen(self, places: npt.NDArray[np.intp], start: npt.NDArray[np.float64], turn: int) -> Outlines:
        """Outlines in pixels from a place along the sides of a turned window."""
        if turn not in self._ways:
            cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
            self._ways[turn] = np.array([[cos, -sin], [sin, cos]])
        corners = np.concatenate([self._corners[place] for place in places.tolist()] or [np.empty((0, 2))])
        return Outlines.of(self._outlines[places], (corners - start) @ self._ways[turn], self._sizes[places])


def _wider(window: Window) -> Window:
    x, y, width, height = window
    out = int(OUTSIDE)
    return x - out, y - out, width + 2 * out, height + 2 * out


def _whole(sides: Sides, start: npt.NDArray[np.float64], turn: int) -> Window:
    """The window in whole pixels."""
    left, top, right, bottom = np.ceil(sides[0]), np.ceil(sides[1]), np.floor(sides[2]), np.floor(sides[3])
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    along, down = (left + right) / 2, (top + bottom) / 2
    x = start[0] + cos * along - sin * down - (right - left) / 2
    y = start[1] + sin * along + cos * down - (bottom - top) / 2
    return round(float(x)), round(float(y)), int(right - left), int(bottom - top)


def _near(window: Window, turn: int, other: Uncut) -> bool:
    """Whether two windows with the same things look alike."""
    (x, y, width, height), (a, b, wide, high) = window, other.window
    off = max(abs(x + width / 2 - a - wide / 2), abs(y + height / 2 - b - high / 2))
    turned = abs((turn - other.turn + 180) % 360 - 180)
    small, large = sorted((width * height, wide * high))
    return off < _APART * max(width, height) and turned < _TURNED_APART and large < _LARGER * small
