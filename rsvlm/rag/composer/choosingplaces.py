"""Which of the parts, boxes or directions that a question offers it is."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rsvlm.rag.questions import Asked, Option, Thing

from .directions import HARDLY, from_and_to, middle
from .finding import Finding, Scene, chosen, unknown
from .places import box_of, in_nine

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ROWS = (
    ("upper", "top", "north", "above"),
    ("middle", "centre", "center", "central"),
    ("lower", "bottom", "south", "below"),
)
_COLUMNS = (("left", "west"), ("middle", "centre", "center", "central"), ("right", "east"))
_DIRECTION = re.compile(r"\b(?:direction|spatial relationship|relative to)\b", re.IGNORECASE)


def is_place(option: Option) -> bool:
    """Whether an option names a part of an image, a direction in it, or a box."""
    rows, columns = _part(option.text)
    return bool(rows or columns) or _is_box(_numbers(option))


def which_place(asked: Asked, things: Sequence[Thing], scene: Scene) -> Finding:
    """Answer which of the options is where a thing is, or in which direction one thing is from another.

    Args:
        asked: The question; all its options are places.
        things: What it is about.
        scene: What is seen.
    """
    options = asked.options
    if _DIRECTION.search(asked.text):
        if len(things) < 2:
            return unknown("I would need two things that I can see to tell a direction")
        first, second = from_and_to(replace(asked, things=tuple(things))) or (things[0], things[1])
        return _direction(options, first, second, scene)
    boxes = [_numbers(one) for one in options]
    if all(map(_is_box, boxes)):
        found = box_of(scene, things[0])
        return chosen(options, int(np.argmax([_overlap(found, box) for box in boxes])), 0.5)
    parts = in_nine(scene, things[0])
    scores = []
    for one in options:
        rows, columns = _part(one.text)
        scores.append(float(parts[np.ix_(rows or [0, 1, 2], columns or [0, 1, 2])].mean()))
    return chosen(options, int(np.argmax(scores)), 0.5)


def which_direction(asked: Asked, scene: Scene) -> Finding:
    """Answer in which of some directions one thing is from another: "Is the house above or below the road?"."""
    things = {one.name: one for one in asked.things if one.classes}
    first = asked.relation.first if asked.relation is not None else None
    second = asked.relation.second if asked.relation is not None else None
    if first is None or second is None or set(things) != {first.name, second.name}:
        return unknown("I would need two things that I can see to tell a direction")
    return _direction(asked.options, second, first, scene)


def _direction(options: Sequence[Option], first: Thing, second: Thing, scene: Scene) -> Finding:
    """The direction from the middle of one thing to the middle of the other."""
    (x, y), (to_x, to_y) = middle(first, scene), middle(second, scene)
    angle = math.atan2(to_y - y, to_x - x)
    scores = []
    for one in options:
        rows, columns = _part(one.text)
        right, down = (sum(part) / len(part) - 1 if part else 0.0 for part in (columns, rows))
        length = math.hypot(right, down)
        scores.append((right * math.cos(angle) + down * math.sin(angle)) / length if length else -1.0)
    if (to_x, to_y) == (x, y) or max(scores) < HARDLY:
        return unknown("it lies in none of these directions")
    return chosen(options, int(np.argmax(scores)), 0.5)


def _part(text: str) -> tuple[list[int], list[int]]:
    """Which of three rows and columns a text names: "Middle left" the second row and the first column."""
    words = re.findall(r"[a-z]+", re.sub("(north|south)", r"\1 ", text.lower()))
    found = []
    for side in (_ROWS, _COLUMNS):
        places = [place for place, names in enumerate(side) if any(one.startswith(names) for one in words)]
        found.append([place for place in places if place != 1] or places)
    return found[0], found[1]


def _numbers(option: Option) -> list[float]:
    return [float(number) for number in _NUMBER.findall(option.text)]


def _is_box(numbers: Sequence[float]) -> bool:
    return len(numbers) == 4 and max(numbers) <= 1


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """The area that two boxes share by the area that they cover together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    covered = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / covered if covered > 0 else 0.0
