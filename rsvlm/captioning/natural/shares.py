"""How much of a chip something covers, and the words for it (docs/caption-grammar.md, section 1.6)."""

import math
from collections import defaultdict
from functools import lru_cache

from rsvlm.captioning.natural.facts import Facts, Group

FRACTIONS = (
    ("about three quarters", 0.72, 0.78),
    ("about two thirds", 0.63, 0.70),
    ("about half", 0.45, 0.55),
    ("about a third", 0.30, 0.36),
    ("about a quarter", 0.22, 0.28),
    ("more than half", 0.55, 0.72),
    ("less than half", 0.36, 0.45),
    ("part", 0.02, 0.45),
)
"""Words for a share, with the least and the largest that they stand for."""

LARGEST_SUM = 1.02
"""Above this the areas of one tag must overlap."""
ALMOST_ALL = 0.95
MOST = 0.60


@lru_cache(maxsize=1024)
def group_share(facts: Facts, group: Group) -> float | None:
    """Return the share of the chip that a group's areas cover, 0 to 1; None where it cannot be known.

    Areas with the same tag do not overlap in a sound map, areas with the same name may (a wood within a
    forest): so the largest sum over one tag is taken, and where even that is more than the chip, the
    largest area.
    """
    if facts.pixel_area is None:
        return None
    chip = facts.width * facts.height * facts.pixel_area
    by_tag: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for thing in group.things:
        if thing.label["shape"] == "area":
            by_tag[thing.key, thing.value].append((thing.label["area_m2"] or 0.0) / chip)
    sums = (sum(areas) if sum(areas) <= LARGEST_SUM else max(areas) for areas in by_tag.values())
    return min(1.0, max(sums, default=0.0))


def fraction(share: float) -> str:
    """Return the narrowest words for a share ("about half", "most", "part"); "" where none fit."""
    if share >= ALMOST_ALL:
        return "almost all"
    if share >= 0.8:
        return "most"
    return next(
        (words for words, low, high in FRACTIONS if low <= share <= high), "most" if share >= MOST else ""
    )


def percent(share: float) -> int:
    """Return a share in whole percent, halves up."""
    return math.floor(100 * share + 0.5)
