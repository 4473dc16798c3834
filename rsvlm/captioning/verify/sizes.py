"""How large things are: areas, lengths and shares of the image (sections 1.2 and 1.6 of the caption grammar)."""

import math
from collections import defaultdict

from rsvlm.captioning.verify.things import Group, Thing, Things
from rsvlm.captioning.verify.words import number

AREA_UNITS = {"square metres": 1.0, "hectare": 10_000.0, "hectares": 10_000.0}
LENGTH_UNITS = {"metres": 1.0, "kilometre": 1000.0, "kilometres": 1000.0}

SHARES: dict[str, tuple[float, float]] = {
    "almost all": (0.95, math.inf),
    "almost entirely": (0.95, math.inf),
    "most": (0.60, 0.95),
    "mostly": (0.60, 0.95),
    "more than half": (0.55, 0.72),
    "less than half": (0.36, 0.45),
    "part": (0.02, 0.45),
    "about three quarters": (0.72, 0.78),
    "about two thirds": (0.63, 0.70),
    "about half": (0.45, 0.55),
    "about a third": (0.30, 0.36),
    "about a quarter": (0.22, 0.28),
}
"""Share words, and the lowest and highest share for which they are true."""

_UP_TO = ("most", "mostly", "more than half")
"""These are true only below the highest."""

_LARGEST_SUM = 1.02


def share_is(words: str, share: float) -> bool:
    """Whether share words are true of a share."""
    low, high = SHARES[words]
    return low <= share < high if words in _UP_TO else low <= share <= high


def percent(share: float) -> int:
    """A share as a caption says it in per cent."""
    return math.floor(100 * share + 0.5)


def measure_at(words: list[str], at: int) -> tuple[str, bool, int] | None:
    """A number with its unit at `at`: (text, whether it is an area, index after it)."""
    if at >= len(words) or number(words[at]) is None:
        return None
    for length in (2, 1):
        unit = " ".join(words[at + 1 : at + 1 + length])
        if unit in AREA_UNITS or unit in LENGTH_UNITS:
            return f"{words[at]} {unit}", unit in AREA_UNITS, at + 1 + length
    return None


def size_problem(thing: Thing, said: str, is_area: bool) -> str | None:
    """What is wrong with a size that is said of one object; None where it is right."""
    label, phrase = thing.label, thing.group.phrase
    shape = "area" if is_area else "line"
    value = label["area_m2"] if is_area else label["length_m"]
    if label["shape"] != shape or value is None:
        return f"says {said} of the {phrase}; the labels hold no such size"
    if not label["whole"]:
        return f"says {said} of the {phrase}, which goes on outside of the image"
    true = area_text(value) if is_area else length_text(value)
    if value < 10 or said != true:
        return f"says {said} of the {phrase}; the labels hold {true}"
    return None


def area_text(value: float) -> str:
    """Square metres as a caption says them."""
    if _two_digits(value) < 10_000:
        return f"{_two_digits(value):,} square metres"
    return _large(value / 10_000, "hectare")


def length_text(value: float) -> str:
    """Metres as a caption says them."""
    if _two_digits(value) < 1000:
        return f"{_two_digits(value):,} metres"
    return _large(value / 1000, "kilometre")


def _two_digits(value: float) -> int:
    """Round to two significant digits, half up."""
    step = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return math.floor(value / step + 0.5) * step


def _large(value: float, unit: str) -> str:
    """One decimal below 10 (kilometres: always), whole above."""
    if value >= 10 and unit == "hectare":
        return f"{math.floor(value + 0.5):,} {unit}s"
    tenths = math.floor(10 * value + 0.5)
    text = f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{text} {unit}" + ("" if text == "1" else "s")


def group_share(group: Group, things: Things) -> float | None:
    """The share of a chip that the areas of a group take; None where it cannot be known."""
    if things.gsd is None:
        return None
    areas: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for member in group.members:
        if member.label["shape"] == "area":
            areas[member.key, member.value].append(member.label["area_m2"] or 0.0)
    image = things.width * things.height * things.gsd**2
    return max((_share_of(found, image) for found in areas.values()), default=None)


def _share_of(areas: list[float], image: float) -> float:
    """The share of areas with the same tag; where they overlap, that of the largest alone."""
    share = sum(areas) / image
    return share if share <= _LARGEST_SUM else min(1.0, max(areas) / image)
