"""The part of the image that a question is about."""

import re
from collections.abc import Callable

from .asked import Box
from .reading import stop_words

_HALVES: dict[str, tuple[float, float]] = {"low": (0.0, 0.5), "high": (0.5, 1.0)}
_CENTRE = (0.25, 0.75)
_EDGE = 0.15
"""Share of the side that an edge takes."""

_ROWS = {"top": "low", "upper": "low", "north": "low", "northern": "low",
         "bottom": "high", "lower": "high", "south": "high", "southern": "high"}  # fmt: skip
_COLUMNS = {"left": "low", "west": "low", "western": "low", "lefthand": "low",
            "right": "high", "east": "high", "eastern": "high", "righthand": "high"}  # fmt: skip
_ROW, _COLUMN, _MIDDLE = "|".join(_ROWS), "|".join(_COLUMNS), "middle|center|central"
_PART = (
    "half|halves|side|part|third|quarter|quadrant|corner|edge|edges|border|margin|region|area|section|end|portion|cell|"
    "hand side|hand"
)
_IMAGE = "image|picture|photo|photograph|scene|tile|frame|view|shot|map|area|land|region"

_GRID = re.compile(rf"\b({_ROW}|{_MIDDLE}) ?({_COLUMN}|{_MIDDLE})(?: ({_PART}))?\b")
_SWAPPED = re.compile(rf"\b({_COLUMN}) ({_ROW}|{_MIDDLE})(?: ({_PART}))?\b")
_SIDE = re.compile(
    r"\b(?:(?:in|on|at|to|along|near|of|by|towards) (?:the |its )?(?:far |very |extreme )?"
    rf"({_ROW}|{_COLUMN})(?: ({_PART}))?|({_ROW}|{_COLUMN}) ({_PART}))\b"
)
_CENTRED = re.compile(
    r"\b(?:in|at|near|around|of) (?:the )?(?:very )?(?:middle|center)\b|"
    rf"\b(?:central|middle|center) (?:{_PART})\b|^(?:the )?(?:center|middle)\b"
)
_WAY = re.compile(r"\bfrom (?:the )?\w+ to (?:the )?\w+\b")
_OF_ELSE = re.compile(rf" (?:of|from|to) (?!(?:the |this |that |our )?(?:{_IMAGE})\b)")


def region_in(line: str) -> Box | None:
    """Return the part of the image that the words of a question name; None where they name none, or two.

    Sides are halves, "the upper left" is a quarter and a corner a ninth, edges are strips, and the centre takes half of
    each side. "North of the river" is no part of the image.

    >>> region_in("what is in the upper left corner"), region_in("is there a lake in the north")
    ((0.0, 0.0, 0.3333, 0.3333), (0.0, 0.0, 1.0, 0.5))

    Args:
        line: Words of the question, lower case.
    """
    boxes = [box for box, _ in _found(line)]
    return boxes[0] if len(set(boxes)) == 1 else None


def without_region(line: str) -> str:
    """Cut the words for the part that `region_in` returns; nothing where it returns none."""
    found = _found(line)
    if len({box for box, _ in found}) == 1:
        line = _WAY.sub(" ", line)
        for _, match in reversed(found):
            line = f"{line[: match.start()]} {line[match.end() :]}"
    return line


def _found(line: str) -> list[tuple[Box, re.Match[str]]]:
    """The parts that a line names, in the most telling of four ways, with their words."""
    line = _WAY.sub(" ", line)
    for pattern, box in _WAYS_TO_SAY:
        matches = [m for m in pattern.finditer(line) if _of_image(line, m)]
        if pattern is _SIDE:
            matches = [m for m in matches if not _names_thing(line, m)]
        if matches:
            return [(box(m), m) for m in matches]
    return []


def _names_thing(line: str, match: re.Match[str]) -> bool:
    """Whether the side only tells which thing is meant: "in the north lot"."""
    following = line[match.end() :].split(maxsplit=1)
    return not (match[2] or match[4]) and bool(following) and following[0] not in stop_words()


def _of_image(line: str, match: re.Match[str]) -> bool:
    """Whether the part is one of the image, and not of the thing that is named after it."""
    return not _OF_ELSE.match(line, match.end())


def _cell(row: str, column: str, part: str | None) -> Box:
    ninth = part in ("corner", "cell") or row not in _ROWS or column not in _COLUMNS
    top, bottom = _span(_ROWS.get(row), ninth)
    left, right = _span(_COLUMNS.get(column), ninth)
    return left, top, right, bottom


def _span(end: str | None, ninth: bool) -> tuple[float, float]:
    if not ninth and end:
        return _HALVES[end]
    return {"low": (0.0, 0.3333), None: (0.3333, 0.6667), "high": (0.6667, 1.0)}[end]


def _strip(side: str, part: str | None) -> Box:
    end = _ROWS.get(side) or _COLUMNS[side]
    if part in ("edge", "edges", "border", "margin"):
        span = (0.0, _EDGE) if end == "low" else (1 - _EDGE, 1.0)
    else:
        span = _span(end, part == "third")
    return (0.0, span[0], 1.0, span[1]) if side in _ROWS else (span[0], 0.0, span[1], 1.0)


_WAYS_TO_SAY: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Box]], ...] = (
    (_GRID, lambda m: _cell(m[1], m[2], m[3])),
    (_SWAPPED, lambda m: _cell(m[2], m[1], m[3])),
    (_SIDE, lambda m: _strip(m[1] or m[3], m[2] or m[4])),
    (_CENTRED, lambda _: (_CENTRE[0], _CENTRE[0], _CENTRE[1], _CENTRE[1])),
)
"""How people say a part of an image, the most telling way first."""
