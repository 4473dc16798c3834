"""Where things lie: cells, quarters and halves of the chip, and how things lie to the focus.

The definitions, with their limits, are in section 1.3 and 1.5 of docs/caption-grammar.md.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from rsvlm.captioning.natural.facts import Box, Facts, Thing

SLACK = 0.02
"""Share of the chip's side by which a thing may reach over the middle and still lie in one half."""
BESIDE = 0.08
NEAR = 0.33
"""Distances to the focus as shares of the chip's shorter side."""

HALF_TURN = 179.99
"""Degrees, a whiff below 180; where no thing lies in so much of the horizon, they stand in a row or a heap, and not
around."""

COMPASS_CELLS = (
    "in the north-west", "in the north", "in the north-east",
    "in the west", "in the centre", "in the east",
    "in the south-west", "in the south", "in the south-east",
)  # fmt: skip
IMAGE_CELLS = (
    "at the upper left", "at the top", "at the upper right",
    "on the left", "in the middle", "on the right",
    "at the lower left", "at the bottom", "at the lower right",
)  # fmt: skip
CORNERS = (0, 2, 6, 8)
COMPASS_HALVES = {"n": "northern", "s": "southern", "w": "western", "e": "eastern"}
IMAGE_HALVES = {"n": "upper", "s": "lower", "w": "left", "e": "right"}
COMPASS_QUARTERS = {
    "nw": "north-western",
    "ne": "north-eastern",
    "sw": "south-western",
    "se": "south-eastern",
}
IMAGE_QUARTERS = {"nw": "upper left", "ne": "upper right", "sw": "lower left", "se": "lower right"}
COMPASS_SIDES = {
    "n": "to the north of it",
    "s": "to the south of it",
    "w": "to the west of it",
    "e": "to the east of it",
}
IMAGE_SIDES = {"n": "above it", "s": "below it", "w": "to the left of it", "e": "to the right of it"}


class Place(NamedTuple):
    """A part of the chip: `kind` is cell (0-8), quarter ("nw") or half ("n")."""

    kind: str
    value: int | str


def cell_of(facts: Facts, centre: tuple[float, float]) -> int:
    """Return the cell 0 to 8 of a 3 x 3 grid, row by row."""
    column = min(2, max(0, int(3 * centre[0] / facts.width)))
    row = min(2, max(0, int(3 * centre[1] / facts.height)))
    return 3 * row + column


def place_of(facts: Facts, things: Sequence[Thing]) -> Place | None:
    """Return the smallest part of the chip that holds all things together, None if there is none."""
    cells = {cell_of(facts, t.centre) for t in things}
    small = all(
        t.box[2] - t.box[0] <= facts.width / 2 and t.box[3] - t.box[1] <= facts.height / 2 for t in things
    )
    if small and len(cells) == 1:
        return Place("cell", cells.pop())
    x0, y0, x1, y1 = around(t.box for t in things)
    halves = _half(y0, y1, facts.height, "ns") + _half(x0, x1, facts.width, "we")
    if not halves:
        return None
    return Place("quarter" if len(halves) == 2 else "half", halves)


def _half(low: float, high: float, size: float, names: str) -> str:
    first, second = high <= (0.5 + SLACK) * size, low >= (0.5 - SLACK) * size
    return "" if first == second else names[0 if first else 1]


def is_scattered(facts: Facts, things: Sequence[Thing]) -> bool:
    """Say whether at least five things lie in at least five of the nine cells."""
    return len(things) >= 5 and len({cell_of(facts, t.centre) for t in things}) >= 5


def around(boxes: Iterable[Box]) -> Box:
    """Return the box around boxes."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def place_words(place: Place, compass: bool, corner: bool) -> str:
    """Say a place, by compass or position in the image; `corner` asks for "in the ... corner"."""
    kind, value = place
    if kind == "cell" and isinstance(value, int):
        words = (COMPASS_CELLS if compass else IMAGE_CELLS)[value]
        return f"in the {words.split(' the ')[1]} corner" if corner and value in CORNERS else words
    names = (
        (COMPASS_QUARTERS if compass else IMAGE_QUARTERS)
        if kind == "quarter"
        else (COMPASS_HALVES if compass else IMAGE_HALVES)
    )
    return f"in the {names[str(value)]} {kind}"


# How a thing lies to the focus --------------------------------------------------------------------


def overlap(a: Box, b: Box) -> float:
    """Return the share of the smaller box that both cover; 1 where the smaller has no area."""
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    if smaller <= 0:
        return 1.0
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0) / smaller


def is_apart(thing: Thing, focus: Thing) -> bool:
    """Say whether neither of both holds the other, as far as distance and boxes tell."""
    distance = thing.label["distance_m"]
    if distance is None:
        (x, y), (x0, y0, x1, y1) = thing.centre, focus.box
        return not (x0 <= x <= x1 and y0 <= y <= y1)
    return distance > 0 or overlap(thing.box, focus.box) <= 0.1


def is_within(facts: Facts, thing: Thing, focus: Thing, share: float) -> bool:
    """Say whether a thing lies apart from the focus, at most a share of the chip's side away."""
    distance = thing.label["distance_m"]
    return (
        facts.side is not None
        and distance is not None
        and distance <= share * facts.side
        and is_apart(thing, focus)
    )


def _offset(facts: Facts, thing: Thing, focus: Thing) -> tuple[float, float]:
    """From the centre of the focus's box to that of a thing's, in pixels as high as wide on the ground."""
    return (thing.centre[0] - focus.centre[0]) * facts.stretch, thing.centre[1] - focus.centre[1]


def direction(facts: Facts, thing: Thing, focus: Thing) -> str:
    """Return n, s, w or e, as the boxes' centres lie to each other on the ground."""
    dx, dy = _offset(facts, thing, focus)
    if abs(dx) >= abs(dy):
        return "e" if dx > 0 else "w"
    return "s" if dy > 0 else "n"


def side_of(facts: Facts, thing: Thing, focus: Thing) -> str | None:
    """Return the side of the focus (n, s, w, e) on which the whole thing lies, None where it lies on none."""
    side = direction(facts, thing, focus)
    x0, y0, x1, y1 = thing.box
    fx0, fy0, fx1, fy1 = focus.box
    clear = {"n": y1 <= fy0 + 1, "s": y0 >= fy1 - 1, "w": x1 <= fx0 + 1, "e": x0 >= fx1 - 1}
    return side if clear[side] else None


def holds(facts: Facts, thing: Thing, focus: Thing) -> bool:
    """Say whether an area (no building) can be said to hold the focus."""
    label = thing.label
    x0, y0, x1, y1 = thing.box
    fx0, fy0, fx1, fy1 = focus.box
    area, focus_area = label["area_m2"], focus.label["area_m2"]
    return (
        label["shape"] == "area"
        and thing.key != "building"
        and label["distance_m"] == 0
        and area is not None
        and facts.pixel_area is not None
        and fx0 >= x0 - 1 and fy0 >= y0 - 1 and fx1 <= x1 + 1 and fy1 <= y1 + 1
        and area >= 2 * (focus_area or 0)
        and area >= 0.6 * (x1 - x0) * (y1 - y0) * facts.pixel_area
    )  # fmt: skip


def is_inside(thing: Thing, focus: Thing) -> bool:
    """Say whether a thing lies in the focus, an area larger than the thing: its centre does, and it touches."""
    (x, y), (x0, y0, x1, y1) = thing.centre, focus.box
    area, focus_area = thing.label["area_m2"] or 0.0, focus.label["area_m2"] or 0.0
    inside = x0 <= x <= x1 and y0 <= y <= y1 and thing.label["distance_m"] == 0
    return (
        thing is not focus and inside and focus.label["shape"] == "area" and area < focus_area
        and not is_apart(thing, focus)
    )  # fmt: skip


def surround(facts: Facts, things: Sequence[Thing], focus: Thing) -> bool:
    """Say whether things lie around the focus: at least three, in three of four directions, and no half is empty."""
    fx0, fy0, fx1, fy1 = focus.box
    outside = all(
        is_apart(t, focus) and not (fx0 <= t.centre[0] <= fx1 and fy0 <= t.centre[1] <= fy1) for t in things
    )
    if not outside or len(things) < 3 or len({direction(facts, t, focus) for t in things}) < 3:
        return False
    turns = sorted(math.degrees(math.atan2(dy, dx)) for dx, dy in (_offset(facts, t, focus) for t in things))
    return all(after - before < HALF_TURN for before, after in pairwise([*turns, turns[0] + 360.0]))
