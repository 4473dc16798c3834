"""In which direction one thing lies from another: by the middles of what looks like them."""

import math
import re

from rsvlm.rag.questions import Asked, Relation, Thing
from rsvlm.rag.questions.asked import DIRECTIONS

from .covers import TILES
from .finding import Finding, Scene, told, unknown

_WAYS = ("right", "lower right", "down", "lower left", "left", "upper left", "up", "upper right")
CLEARLY, HARDLY = 0.6, 0.4
"""Cosines of the angles between where a thing lies and where it is said to lie: it does from the one on, and does not
below the other."""
_APART = 0.5
"""Tiles between two middles from which on one thing lies to one side of the other."""
_FROM = re.compile(
    r"\b(?:from|of|relative to|with respect to|compared (?:to|with)|in relation to)\s+"
    r"(?:the |this |that |an? )?$",
    re.IGNORECASE,
)
"""What stands before the thing that a direction is told from."""


def is_direction(relation: Relation | None) -> bool:
    """Whether a relation says in which direction one thing is from another."""
    return relation is not None and relation.name in DIRECTIONS


def lies(asked: Asked, relation: Relation, scene: Scene) -> Finding:
    """Answer whether one thing lies in a direction from another, both of them in the image."""
    first, second = relation.first, relation.second
    known = {one.name for one in asked.things if one.classes}
    if (
        first is None
        or second is None
        or known != {first.name, second.name}
        or len(known) < 2
        or asked.any_of
    ):
        return unknown("I can tell a direction only of two things that I know, one from the other")
    offset = _offset(scene, second, first)
    if offset is None:
        return unknown(
            f"neither the {told(first)} nor the {told(second)} is clearly to one side of the other"
        )
    across, down = DIRECTIONS[relation.name]
    cosine = (offset[0] * across + offset[1] * down) / math.hypot(*offset) / math.hypot(across, down)
    if HARDLY < cosine < CLEARLY:
        return unknown(f"the {told(first)} lies only partly {relation.name} {told(second)}")
    short = "yes" if (cosine >= CLEARLY) != asked.negated else "no"
    text = f"the middle of the {told(first)} is {_said(_way(offset))} that of the {told(second)}"
    return Finding(f"{short.capitalize()}: {text}.", short, 0.6)


def way_from(things: tuple[Thing, Thing], scene: Scene) -> Finding:
    """Answer in which direction the second of two things lies from the first."""
    offset = _offset(scene, *things)
    if offset is None:
        return unknown(
            f"neither the {told(things[0])} nor the {told(things[1])} is clearly to one side of the other"
        )
    way = _way(offset)
    return Finding(
        f"The middle of the {told(things[1])} is {_said(way)} that of the {told(things[0])}.", way, 0.6
    )


def from_and_to(asked: Asked) -> tuple[Thing, Thing] | None:
    """Return the thing that a direction is asked from, and the one that it leads to; None where there are no two."""
    things = [one for one in asked.things if one.classes]
    if len(things) != 2:
        return None
    for place, thing in enumerate(things):
        at = asked.text.find(thing.phrase)
        if at >= 0 and _FROM.search(asked.text, 0, at):
            return thing, things[1 - place]
    return None


def middle(thing: Thing, scene: Scene) -> tuple[float, float]:
    """The centre of gravity of what looks like a thing, in tiles from the upper left."""
    tiles = scene.likelihood.of_tiles(scene.look, thing, scene.look.finest(TILES))
    total, size = float(tiles.sum()), range(len(tiles))
    across = float(sum(tiles[:, column].sum() * column for column in size))
    return across / total, float(sum(tiles[row].sum() * row for row in size)) / total


def _offset(scene: Scene, first: Thing, second: Thing) -> tuple[float, float] | None:
    """How far across and down the second thing lies from the first, in tiles; None where that is hardly anything."""
    (x, y), (to_x, to_y) = middle(first, scene), middle(second, scene)
    found = to_x - x, to_y - y
    return found if math.hypot(*found) >= _APART else None


def _way(offset: tuple[float, float]) -> str:
    return _WAYS[round(math.degrees(math.atan2(offset[1], offset[0])) / 45) % 8]


def _said(way: str) -> str:
    return {"up": "above", "down": "below"}.get(way, f"to the {way} of")
