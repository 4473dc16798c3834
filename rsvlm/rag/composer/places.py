"""Where in an image something is."""

import re

import numpy as np

from rsvlm.rag.questions import Asked, Box, Thing
from rsvlm.retrieval.exact import Floats

from .covers import TILES
from .directions import from_and_to, is_direction, way_from
from .finding import NO_IMAGE, NO_THING, Finding, Scene, told, unknown

_ROWS = ("upper", "middle", "lower")
_COLUMNS = ("left", "centre", "right")
NOWHERE = "nowhere"
_SIDES = (
    ("left", "right", 0),
    ("west", "east", 0),
    ("top", "bottom", 1),
    ("upper", "lower", 1),
    ("north", "south", 1),
)
"""Two sides that a question offers; which axis is summed to tell them."""
_EVERYWHERE = 0.6
"""Share of the tiles from which on a thing is all over the image."""
_DIRECTION = re.compile(
    r"\bdirections?\b|\b(?:relative to|with respect to|in relation to|(?:as )?seen from)\b|"
    r"\bwhere\b.* from (?:the|this|that)\b",
    re.IGNORECASE,
)
"""What asks where one thing is from another."""
_BOX = re.compile(r"\b(?:coordinates|bounding box)\b", re.IGNORECASE)


def where(asked: Asked, scene: Scene) -> Finding:
    """Answer where a thing is: in which of nine parts."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    if not asked.things:
        return unknown(NO_THING)
    if _DIRECTION.search(asked.text) and (things := from_and_to(asked)) is not None:
        absent = next((one for one in things if scene.likelihood.of(scene.look, one).probability < 0.5), None)
        return way_from(things, scene) if absent is None else _nowhere(absent, scene)
    if is_direction(asked.relation):
        return unknown("I can tell a direction only of two things that I know, one from the other")
    thing = next((one for one in asked.things if one.classes), asked.things[0])
    likely = scene.likelihood.of(scene.look, thing)
    boxed = _BOX.search(asked.text) is not None
    if likely.probability < 0.5 and boxed:  # who asks for the box of a thing knows that it is there
        return unknown(f"I see no {told(thing)} in this image", likely.support)
    if likely.probability < 0.5:
        return _nowhere(thing, scene)
    if boxed:
        numbers = ", ".join(f"{side:.2f}" for side in box_of(scene, thing))
        return Finding(
            f"Within {numbers}: left, top, right and bottom as shares of the image's sides.",
            numbers,
            likely.probability,
            likely.support,
        )
    parts = in_nine(scene, thing)
    tiles = scene.likelihood.of_tiles(scene.look, thing, scene.look.finest(TILES))
    if tiles.min() > 0.5 and tiles.mean() > _EVERYWHERE:
        return Finding(
            f"All over the image: most of it looks like {told(thing)}.", "everywhere", likely.probability
        )
    if (side := _side(asked.text, parts)) is not None:
        return Finding(f"On the {side} side of the image.", side, likely.probability, likely.support)
    row, column = np.unravel_index(int(parts.argmax()), parts.shape)
    name = place_name(int(row), int(column))
    rest = np.sort(parts.ravel())
    certainty = float(likely.probability * (0.5 + min(0.45, rest[-1] - rest[-2])))
    return Finding(f"In the {name} of the image.", name, certainty, likely.support)


def _nowhere(thing: Thing, scene: Scene) -> Finding:
    """Say that a thing is not there."""
    likely = scene.likelihood.of(scene.look, thing)
    text = f"I see no {told(thing)} in this image."
    return Finding(text, NOWHERE, 1 - likely.probability, likely.support, fitted=True)


def _side(text: str, parts: Floats) -> str | None:
    """Which of two sides that a question offers looks more like a thing; None where it offers none, or both do."""
    for one, other, axis in _SIDES:
        between = r" or (?:on )?(?:the )?"
        if re.search(rf"\b(?:{one}{between}{other}|{other}{between}{one})\b", text, re.IGNORECASE):
            first, _, last = parts.sum(axis=axis).tolist()
            return None if first == last else one if first > last else other
    return None


def in_nine(scene: Scene, thing: Thing) -> Floats:
    """Return (3, 3) how much each ninth of an image looks like a thing."""
    count = scene.look.finest(TILES)
    if count < TILES:
        return scene.likelihood.of_tiles(scene.look, thing, 3)
    tiles = scene.likelihood.of_tiles(scene.look, thing, TILES)
    ninths: Floats = tiles.reshape(3, TILES // 3, 3, TILES // 3).mean(axis=(1, 3))
    return ninths


def box_of(scene: Scene, thing: Thing) -> Box:
    """Return the smallest box around all tiles that look like a thing; around the likeliest one where none does."""
    tiles = scene.likelihood.of_tiles(scene.look, thing, scene.look.finest(TILES))
    rows, columns = np.nonzero(tiles >= min(0.5, tiles.max()))
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    left, top, right, bottom = (float(end) / len(tiles) for end in ends)
    return left, top, right, bottom


def place_name(row: int, column: int) -> str:
    """Name one of nine parts: "upper left", "centre", "lower right"."""
    if (row, column) == (1, 1):
        return "centre"
    if row == 1:
        return f"{_COLUMNS[column]} part"
    return f"{_ROWS[row]} part" if column == 1 else f"{_ROWS[row]} {_COLUMNS[column]}"
