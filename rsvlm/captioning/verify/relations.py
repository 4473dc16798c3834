"""How things lie to the focus, and how lines run through the image (sections 1.5 and 2.4 of the caption grammar)."""

import math
from collections.abc import Callable, Sequence

from rsvlm.captioning.verify.places import union
from rsvlm.captioning.verify.things import Box, Thing, Things

SIDES = ("north", "east", "south", "west")
IMAGE_SIDES = {"up": "north", "right": "east", "down": "south", "left": "west"}


def is_apart(thing: Thing, focus: Thing) -> bool:
    """Whether two objects lie side by side, and not one in the other."""
    distance = thing.label["distance_m"]
    if distance is None:
        return not _holds_point(focus.box, thing.cx, thing.cy)
    if distance > 0:
        return True
    smaller = min(thing.area, focus.area)
    return smaller > 0 and _overlap(thing.box, focus.box) <= smaller / 10


def is_within(thing: Thing, focus: Thing, things: Things, share: float) -> bool:
    """Whether an object lies apart from the focus, at a share of the chip's shorter side at most."""
    distance = thing.label["distance_m"]
    if distance is None or things.gsd is None or not is_apart(thing, focus):
        return False
    return distance <= share * things.gsd * min(things.width, things.height)


def direction(thing: Thing, things: Things) -> str:
    """In which of the four directions from the focus an object lies, by the centres of the boxes."""
    dx, dy = things.offset(thing)
    if abs(dx) >= abs(dy):
        return "east" if dx >= 0 else "west"
    return "south" if dy >= 0 else "north"


def is_on_side(thing: Thing, focus: Thing, side: str, things: Things) -> bool:
    """Whether an object lies wholly on one side of the focus."""
    a, b = thing.box, focus.box
    beyond = {
        "north": a[3] <= b[1] + 1,
        "south": a[1] >= b[3] - 1,
        "west": a[2] <= b[0] + 1,
        "east": a[0] >= b[2] - 1,
    }
    return direction(thing, things) == side and beyond[side]


def is_outside(thing: Thing, focus: Thing) -> bool:
    """Whether an object can be one of those around the focus."""
    return is_apart(thing, focus) and not _holds_point(focus.box, thing.cx, thing.cy)


def holds(thing: Thing, focus: Thing) -> bool:
    """Whether the focus lies in an object."""
    label, a, b = thing.label, thing.box, focus.box
    area, inner = label["area_m2"], focus.label["area_m2"]
    if label["shape"] != "area" or thing.key == "building" or label["distance_m"] != 0 or area is None:
        return False
    if not (a[0] <= b[0] + 1 and a[1] <= b[1] + 1 and a[2] >= b[2] - 1 and a[3] >= b[3] - 1):
        return False
    return inner is None or area >= 2 * inner


def fills_its_box(thing: Thing, things: Things) -> bool:
    """Whether an area takes six tenths of its box or more: that it holds the focus is then no accident of the boxes."""
    area = thing.label["area_m2"]
    return area is not None and things.gsd is not None and area >= 0.6 * thing.area * things.gsd**2


def relation_test(relation: str, things: Things) -> Callable[[Thing], bool]:
    """The test of one relation (`beside`, `near`, `around`, `in`, or a side) to the focus."""
    focus = things.focus
    assert focus is not None, "callers ask for the focus first"
    tests: dict[str, Callable[[Thing], bool]] = {
        "beside": lambda t: is_within(t, focus, things, 0.08),
        "near": lambda t: is_within(t, focus, things, 0.33),
        "around": lambda t: is_outside(t, focus),
        "in": lambda t: holds(t, focus) and fills_its_box(t, things),
    }
    return tests.get(relation) or (
        lambda t: is_on_side(t, focus, IMAGE_SIDES.get(relation, relation), things)
    )


def surround(members: Sequence[Thing], things: Things) -> bool:
    """Whether objects lie around the focus: three or more, in three of the four directions, and in every half turn."""
    if len(members) < 3 or len({direction(m, things) for m in members}) < 3:
        return False
    bearings = [math.atan2(*things.offset(m)) for m in members]
    gaps = [min((b - a) % math.tau for b in bearings if b != a) for a in bearings]
    return max(gaps) < math.pi


def is_one_run(members: Sequence[Thing]) -> bool:
    """Whether two to four lines hang together, as a road split by its map does: boxes grown by 3 px overlap."""
    if not 2 <= len(members) <= 4:
        return False
    left = list(members[1:])
    reached = [members[0]]
    while reached and left:
        here = reached.pop()
        touching = [m for m in left if _near(here.box, m.box, 6)]
        reached += touching
        left = [m for m in left if m not in touching]
    return not left


def spans(members: Sequence[Thing], things: Things) -> tuple[bool, bool]:
    """Whether lines go across the image from side to side, and down from top to bottom."""
    box = union([m.box for m in members])
    across = box[0] <= 0.02 * things.width and box[2] >= 0.98 * things.width
    down = box[1] <= 0.02 * things.height and box[3] >= 0.98 * things.height
    return across, down


def _holds_point(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def _near(a: Box, b: Box, gap: float) -> bool:
    return max(a[0] - b[2], b[0] - a[2]) <= gap and max(a[1] - b[3], b[1] - a[3]) <= gap
