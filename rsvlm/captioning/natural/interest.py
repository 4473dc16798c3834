"""Which things are worth telling first: what is rare or large goes before what is everywhere.

Labels know nothing of how rare a thing is elsewhere, so the order comes from the kind of thing: a person
who describes an aerial image names a stadium or a river before a footpath.
"""

import math
from collections.abc import Iterable
from functools import lru_cache

from rsvlm.captioning.natural.facts import Facts, Group, Thing
from rsvlm.captioning.natural.shares import MOST, group_share

_BY_KEY = {
    key: score
    for score, keys in (
        (9.0, "aeroway"),
        (8.0, "historic tourism"),
        (7.5, "leisure sport amenity"),
        (7.0, "man_made military railway waterway aerialway water"),
        (6.0, "power golf"),
        (5.5, "building"),
        (5.0, "landuse natural place"),
        (2.0, "highway"),
        (1.0, "barrier"),
    )
    for key in keys.split()
}
_BY_TAG = {
    tag: score
    for score, tags in (
        (8.0, "building=church building=chapel natural=beach"),
        (7.5, "natural=water highway=motorway"),
        (7.0, "highway=trunk"),
        (6.5, "highway=primary"),
        (6.0, "highway=secondary amenity=parking"),
        (5.5, "landuse=residential"),
        (5.0, "building=yes highway=tertiary"),
        (4.5, "building=hut highway=residential highway=unclassified"),
        (4.0, "natural=tree_row leisure=garden waterway=ditch waterway=drain highway=living_street"),
        (3.5, "building=garage building=garages building=shed natural=tree highway=track highway=pedestrian"),
        (3.0, "building=roof landuse=grass highway=cycleway"),
        (2.5, "amenity=parking_space highway=service highway=path"),
        (1.0, "highway=steps"),
    )
    for tag in tags.split()
}

STANDS_ALONE = 3
"""Of so many like things the focus is told among them: "12 houses", not "a house" and "11 other houses"."""

_DISTRICTS = frozenset(
    f"landuse={value}"
    for value in (
        "residential", "industrial", "commercial", "retail", "farmyard", "cemetery", "allotments", "quarry",
        "education", "religious",
    )
) | {"leisure=park", "leisure=golf_course", "leisure=sports_centre", "leisure=garden"}  # fmt: skip


def interest(thing: Thing) -> float:
    """Return how much a thing is worth telling, about 1 (fence) to 9 (runway)."""
    return _BY_TAG.get(f"{thing.key}={thing.value}", _BY_KEY.get(thing.key, 4.0))


@lru_cache(maxsize=8)
def ranked(facts: Facts) -> tuple[Group, ...]:
    """Return the groups of a chip, the most interesting first: by kind, number and share of the chip."""

    def score(group: Group) -> float:
        share = group_share(facts, group) or 0.0
        number = 0.4 * math.log2(len(group.things)) if group.kind == "count" else 0.0
        return interest(group.first) + 2.5 * min(share, 1.0) + number

    return tuple(sorted(facts.groups.values(), key=lambda g: (-score(g), g.phrase)))


def is_ground(group: Group) -> bool:
    """Say whether a group is ground that other things stand on: no building, no road."""
    return group.first.key not in ("building", "highway", "barrier")


def ground(facts: Facts, groups: Iterable[Group]) -> Group | None:
    """Return the ground that covers most of the chip, None where none is known to cover 45 % of it."""
    shares = [(group_share(facts, g) or 0.0, g) for g in groups if is_ground(g)]
    share, group = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return group if share >= 0.45 else None


def is_district(facts: Facts, group: Group) -> bool:
    """Say whether people would call the whole chip by this group ("a residential area with ...")."""
    first = group.first
    return f"{first.key}={first.value}" in _DISTRICTS and (group_share(facts, group) or 0.0) >= MOST


def leads(facts: Facts) -> bool:
    """Say whether the focus is a thing of its own, to be told alone and first."""
    focus = facts.focus
    if focus is None:
        return False
    group = facts.groups[focus.phrase]
    few = len(group.things) < (STANDS_ALONE if group.kind == "count" else 2)
    large = is_ground(group) and (group_share(facts, group) or 0.0) >= MOST
    return group.kind != "mass" and few and interest(focus) >= 3.0 and not large
