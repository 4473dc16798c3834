"""How roads, rivers and rails run through a chip (docs/caption-grammar.md, section 2.4)."""

from collections.abc import Sequence

from rsvlm.captioning.natural.facts import Box, Facts, Group, Thing
from rsvlm.captioning.natural.places import (
    BESIDE,
    around,
    direction,
    is_within,
    place_of,
    place_words,
)
from rsvlm.captioning.natural.story import Item, Story, is_run

REACH = 0.02
"""Share of the chip's side within which a line that goes on outside counts as reaching the edge."""

_COMPASS_PARTS = (("northern", "central", "southern"), ("western", "central", "eastern"))
_IMAGE_PARTS = (("upper", "middle", "lower"), ("left", "middle", "right"))
_COMPASS_WAYS = ("from west to east", "from north to south")
_IMAGE_WAYS = ("from left to right", "from top to bottom")
_COMPASS_SIDES = {"n": "northern", "s": "southern", "w": "western", "e": "eastern"}
_IMAGE_SIDES = {"n": "upper", "s": "lower", "w": "left", "e": "right"}


def course(story: Story, group: Group) -> str:
    """Return how the lines of a group run ("crosses the image from west to east"); "" if not told."""
    things = story.left(group)
    if group.kind != "line" or not (len(things) == 1 or is_run(things)) or story.tells(group):
        return ""
    if any(t.label["shape"] != "line" for t in things):
        return ""
    return _along_focus(story, things) or _across(story, things) or _along_edge(story, things)


def through(story: Story, things: Sequence[Thing]) -> str:
    """Return "through the north-east", "" where lines lie in no one part of the image."""
    place = place_of(story.facts, things)
    if place is None:
        return ""
    part = place_words(place, story.compass, corner=False).split(" ", 1)[1]
    return f"through {part}" + (" of the image" if story.chance(0.3) else "")


def line_clause(story: Story, group: Group) -> tuple[Item, str] | None:
    """Name the line of a group and how it runs: an item and a predicate, None if there is nothing to tell."""
    words = course(story, group)
    return (story.item(group), words) if words else None


def _across(story: Story, things: list[Thing]) -> str:
    facts, box = story.facts, around(t.box for t in things)
    spans = _spans(facts, box)
    if not any(spans):
        return ""
    verb = story.pick("crosses", "crosses", "runs across")
    if all(spans):
        return f"{verb} the image"
    down = spans[1]
    straight = (box[2] - box[0] <= facts.width / 2) if down else (box[3] - box[1] <= facts.height / 2)
    way = (_COMPASS_WAYS if story.compass else _IMAGE_WAYS)[down] if straight and story.chance(0.75) else ""
    part = _part(story, box, down)
    where = f"the {part} part of the image" if part and story.chance(0.5) else "the image"
    return f"{verb} {where} {way}".strip()


def _spans(facts: Facts, box: Box) -> tuple[bool, bool]:
    across = box[0] <= REACH * facts.width and box[2] >= (1 - REACH) * facts.width
    down = box[1] <= REACH * facts.height and box[3] >= (1 - REACH) * facts.height
    return across, down


def _part(story: Story, box: Box, down: bool) -> str:
    facts = story.facts
    low, high, size = (box[0], box[2], facts.width) if down else (box[1], box[3], facts.height)
    for third in range(3):
        if low >= third * size / 3 and high <= (third + 1) * size / 3:
            return (_COMPASS_PARTS if story.compass else _IMAGE_PARTS)[down][third]
    return ""


def _along_edge(story: Story, things: list[Thing]) -> str:
    facts = story.facts
    x0, y0, x1, y1 = around(t.box for t in things)
    width, height = facts.width, facts.height
    wide, high = x1 - x0 >= 0.6 * width, y1 - y0 >= 0.6 * height
    edges = {
        "n": wide and y1 <= 0.2 * height,
        "s": wide and y0 >= 0.8 * height,
        "w": high and x1 <= 0.2 * width,
        "e": high and x0 >= 0.8 * width,
    }
    names = _COMPASS_SIDES if story.compass else _IMAGE_SIDES
    return next(
        (f"runs along the {names[edge]} edge of the image" for edge, near in edges.items() if near), ""
    )


def _along_focus(story: Story, things: list[Thing]) -> str:
    facts, focus = story.facts, story.facts.focus
    if focus is None or not story.alone or focus in things:
        return ""
    box = around(t.box for t in things)
    side = side_along(box, focus)
    if side and all(
        is_within(facts, t, focus, BESIDE) and direction(facts, t, focus) == side for t in things
    ):
        return f"runs along its {(_COMPASS_SIDES if story.compass else _IMAGE_SIDES)[side]} side"
    return ""


def side_along(box: Box, focus: Thing) -> str:
    """Return the side of the focus (n, s, w, e) along the whole of which a box reaches, "" for none."""
    x0, y0, x1, y1 = box
    fx0, fy0, fx1, fy1 = focus.box
    if min(fx1 - fx0, fy1 - fy0) < 8:
        return ""  # things so small have no sides
    along_x, along_y = x0 <= fx0 + 2 and x1 >= fx1 - 2, y0 <= fy0 + 2 and y1 >= fy1 - 2
    sides = {
        "n": along_x and y1 <= fy0 + 1,
        "s": along_x and y0 >= fy1 - 1,
        "w": along_y and x1 <= fx0 + 1,
        "e": along_y and x0 >= fx1 - 1,
    }
    return next((side for side, clear in sides.items() if clear), "")
