"""Which things are worth telling first: what is rare or large goes before what is everywhere.

Labels know nothing of how rare a thing is elsewhere, so the order comes from the kind of thing: a person who describes
an aerial image names a stadium or a river before a footpath.
"""

import math

from rsvlm.captioning.natural.facts import Facts, Group, Thing
from rsvlm.captioning.natural.shares import MOST, group_share

_BY_KEY = {
    "aeroway": 9.0, "historic": 8.0, "tourism": 8.0, "leisure": 7.5, "sport": 7.5, "amenity": 7.5, "man_made": 7.0,
    "military": 7.0, "railway": 7.0, "waterway": 7.0, "aerialway": 7.0, "power": 6.0, "water": 7.0, "golf": 6.0,
    "building": 5.5, "landuse": 5.0, "natural": 5.0, "highway": 2.0, "barrier": 1.0, "place": 5.0,
}  # fmt: skip
_BY_TAG = {
    ("building", "yes"): 5.0, ("building", "garage"): 3.5, ("building", "garages"): 3.5, ("building", "shed"): 3.5,
    ("building", "roof"): 3.0, ("building", "church"): 8.0, ("building", "chapel"): 8.0, ("building", "hut"): 4.5,
    ("natural", "water"): 7.5, ("natural", "tree"): 3.5, ("natural", "tree_row"): 4.0, ("natural", "beach"): 8.0,
    ("landuse", "grass"): 3.0, ("landuse", "residential"): 5.5, ("amenity", "parking_space"): 2.5,
    ("leisure", "garden"): 4.0, ("waterway", "ditch"): 4.0, ("waterway", "drain"): 4.0, ("amenity", "parking"): 6.0,
    ("highway", "motorway"): 7.5, ("highway", "trunk"): 7.0, ("highway", "primary"): 6.5,
    ("highway", "secondary"): 6.0, ("highway", "tertiary"): 5.0, ("highway", "residential"): 4.5,
    ("highway", "unclassified"): 4.5, ("highway", "living_street"): 4.0, ("highway", "track"): 3.5,
    ("highway", "pedestrian"): 3.5, ("highway", "cycleway"): 3.0, ("highway", "service"): 2.5,
    ("highway", "path"): 2.5, ("highway", "footway"): 2.0, ("highway", "steps"): 1.0,
}  # fmt: skip

STANDS_ALONE = 3
"""Of so many like things the focus is told among them: "12 houses", not "a house" and "11 other houses"."""

_DISTRICTS = {
    ("landuse", v)
    for v in "residential industrial commercial retail farmyard cemetery allotments quarry education religious".split()
} | {("leisure", v) for v in ("park", "golf_course", "sports_centre", "garden")}


def interest(thing: Thing) -> float:
    """Return how much a thing is worth telling, about 1 (fence) to 9 (runway)."""
    return _BY_TAG.get((thing.key, thing.value), _BY_KEY.get(thing.key, 4.0))


def ranked(facts: Facts) -> list[Group]:
    """Return the groups of a chip, the most interesting first: by kind, number and share of the chip."""

    def score(group: Group) -> float:
        share = group_share(facts, group) or 0.0
        number = 0.4 * math.log2(len(group.things)) if group.kind == "count" else 0.0
        return interest(group.first) + 2.5 * min(share, 1.0) + number

    return sorted(facts.groups.values(), key=lambda g: (-score(g), g.phrase))


def is_ground(group: Group) -> bool:
    """Say whether a group is ground that other things stand on: no building, no road."""
    return group.first.key not in ("building", "highway", "barrier")


def ground(facts: Facts, groups: list[Group]) -> Group | None:
    """Return the ground that covers most of the chip, None where none is known to cover 45 % of it."""
    shares = [(group_share(facts, g) or 0.0, g) for g in groups if is_ground(g)]
    share, group = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return group if share >= 0.45 else None


def is_district(facts: Facts, group: Group) -> bool:
    """Say whether people would call the whole chip by this group ("a residential area with ...")."""
    first = group.first
    return (first.key, first.value) in _DISTRICTS and (group_share(facts, group) or 0.0) >= MOST


def leads(facts: Facts) -> bool:
    """Say whether the focus is a thing of its own, to be told alone and first."""
    focus = facts.focus
    if focus is None:
        return False
    group = facts.groups[focus.phrase]
    few = len(group.things) < (STANDS_ALONE if group.kind == "count" else 2)
    large = is_ground(group) and (group_share(facts, group) or 0.0) >= MOST
    return group.kind != "mass" and few and interest(focus) >= 3.0 and not large
