"""Which things are worth telling first: what is rare or large goes before what is everywhere.

Labels know nothing of how rare a thing is elsewhere, so the order comes from the kind of thing: a person
who describes an aerial image names a stadium or a river before a footpath.
"""

import math
from collections.abc import Iterable
from functools import lru_cache

from rsvlm.captioning.natural.facts import GROUND_KEYS, Facts, Group, Thing
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

SCRAP_LENGTH = 0.3
"""Share of the chip's side below which what is cut off shows too little to be named early."""
SCRAP_WIDTH = 0.12
"""Likewise, for the width of an area."""
SCRAP_SHARE = 0.03
"""Likewise, share of the chip's area."""
STAR = 6.5
"""Prominence from which a thing must not be left out of a short caption."""

LEAST_STAR = 5.0
"""Interest of such a thing by its kind alone: many trees or tracks are no star."""

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


@lru_cache(maxsize=1024)
def prominence(facts: Facts, group: Group) -> float:
    """Return how soon a person would name a group: by its kind, how many there are, and how much is seen.

    What is built shows more than the ground that it stands on; what is cut to a scrap at the edge shows
    little; what land cover has told is not news.
    """
    share = group_share(facts, group) or 0.0
    score = interest(group.first)
    if group.kind == "count":
        score += 0.5 * math.log2(len(group.things))
    score += 2.5 * share if is_ground(group) and group.first.key in GROUND_KEYS else 5.0 * math.sqrt(share)
    if _is_scrap(facts, group, share):
        score -= 2.5
    return score - 4.0 if group.phrase in facts.said else score


def _is_scrap(facts: Facts, group: Group, share: float) -> bool:
    """Say whether all that is seen of a group is cut off and small: a corner of a school, an end of a road."""
    if any(t.label["whole"] or t.label["shape"] == "point" for t in group.things):
        return False
    side = min(facts.width, facts.height)
    sides = [sorted((t.box[2] - t.box[0], t.box[3] - t.box[1])) for t in group.things]
    if max(longer for _, longer in sides) < SCRAP_LENGTH * side:
        return True
    if group.kind == "line":
        return False
    thin = max(shorter for shorter, _ in sides) < SCRAP_WIDTH * side
    return thin or (facts.pixel_area is not None and share < SCRAP_SHARE)


@lru_cache(maxsize=8)
def ranked(facts: Facts) -> tuple[Group, ...]:
    """Return the groups of a chip, the most prominent first."""
    return tuple(sorted(facts.groups.values(), key=lambda g: (-prominence(facts, g), g.phrase)))


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


def star(facts: Facts) -> Group | None:
    """Return the most prominent group beside the focus's, if a person would miss it."""
    others = [g for g in ranked(facts) if g is not facts.focus_group and interest(g.first) >= LEAST_STAR]
    return others[0] if others and prominence(facts, others[0]) >= STAR else None


def leads(facts: Facts) -> bool:
    """Say whether the focus is a thing of its own, to be told alone and first."""
    focus = facts.focus
    if focus is None:
        return False
    group = facts.groups[focus.phrase]
    few = len(group.things) < (STANDS_ALONE if group.kind == "count" else 2)
    large = is_ground(group) and (group_share(facts, group) or 0.0) >= MOST
    return group.kind != "mass" and few and interest(focus) >= 3.0 and not large
