"""What the labels of a chip say, sorted for speaking: things, groups of equal things, the focus."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rsvlm.captioning.english import number_word
from rsvlm.captioning.labels import Labels, ObjectLabel
from rsvlm.captioning.natural.classes import covers
from rsvlm.vocabularies.osm import TagEntry, load_tags

Box = tuple[float, float, float, float]
Kind = Literal["count", "line", "mass"]

GROUND_KEYS = frozenset({"landuse", "landcover", "natural"})
"""Main keys of grounds: told without a number (maps cut one meadow into several) and without a surface."""

SMALL_AREA = 4.0
"""Pixels; a cut-off area narrower than this cannot be told in the image, and is not spoken of."""
SMALL_LINE = 8.0
"""Pixels; likewise for a cut-off line that is shorter."""

UNSEEN = {
    "voltage",
    "cables",
    "wires",
    "circuits",
    "plant:output:electricity",
    "generator:output:electricity",
}
"""Keys that tell more of a thing than an image shows: maps know them, readers of an image do not."""

_SAID_BY = (
    ("forest wood trees", ("tree", "forest", "wood")),
    ("grass meadow grassland pasture", ("grass", "meadow", "pasture")),
    ("farmland farm field", ("crop", "farm", "arable", "agricultur")),
    ("scrub shrubs heath", ("shrub", "scrub", "heath")),
)
"""Grounds, and parts of the words for land-cover classes that say the same."""
LEAST_SAID = 0.1
"""Share of a class from which the land-cover sentence has said what the ground is."""

_SAYABLE = re.compile(r"[A-Za-z0-9 .]{1,20}")
"""Values that may be said: no other scripts, symbols or long texts."""


@dataclass(frozen=True, eq=False)
class Thing:
    """One map object with the words for it; `key` and `value` are its main tag, `centre` is its box's."""

    label: ObjectLabel
    key: str
    value: str
    phrase: str
    plural: str
    adjectives: tuple[str, ...]
    details: tuple[str, ...]
    box: Box
    centre: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Group:
    """All things of a chip that are called the same."""

    phrase: str
    plural: str
    kind: Kind
    things: tuple[Thing, ...]

    @property
    def first(self) -> Thing:
        """The thing that the labels name first."""
        return self.things[0]


@dataclass(frozen=True, eq=False)
class Facts:
    """Things of a chip by group, in the labels' order; `side` is the shorter side in metres, if known.

    `said` are the phrases of grounds that land cover has told already: forest, where tree cover was. `stretch` is how
    much wider than high a pixel is on the ground.
    """

    width: int
    height: int
    side: float | None
    pixel_area: float | None
    north_up: bool
    focus: Thing | None
    groups: dict[str, Group]
    said: frozenset[str] = frozenset()
    stretch: float = 1.0

    @property
    def focus_group(self) -> Group | None:
        """The group of the focus."""
        return self.groups[self.focus.phrase] if self.focus else None


@cache
def _entry(key: str, value: str) -> TagEntry | None:
    return load_tags().entry(key, value)


def read_facts(labels: Labels) -> Facts:
    """Sort the objects of a chip into groups; things without a noun and cut-off slivers are left out."""
    gsd = labels["gsd"]
    things = [t for t in map(_thing, labels["objects"]) if t is not None]
    focus = next((t for t in things if t.label["role"] == "focus"), None)
    by_phrase: dict[str, list[Thing]] = {}
    for thing in things:
        by_phrase.setdefault(thing.phrase, []).append(thing)
    by_cover = _said_by_cover(labels)
    return Facts(
        width=labels["width"],
        height=labels["height"],
        side=gsd * min(labels["width"], labels["height"]) if gsd else None,
        pixel_area=gsd * gsd if gsd else None,
        north_up=labels["north_up"],
        focus=focus,
        groups={phrase: _group(members) for phrase, members in by_phrase.items()},
        stretch=labels.get("stretch", 1.0),
        said=frozenset(p for p, (first, *_) in by_phrase.items() if first.value in by_cover),
    )


def _said_by_cover(labels: Labels) -> set[str]:
    """Return the values of grounds that the two largest land-cover classes tell."""
    words = [c.words for c in covers(labels["landcover"])[:2] if c.share >= LEAST_SAID]
    return {
        value
        for values, parts in _SAID_BY
        for value in values.split()
        if any(part in class_words for class_words in words for part in parts)
    }


def _thing(label: ObjectLabel) -> Thing | None:
    (key, value), *others = label["tags"].items() or [("", "")]
    entry = _entry(key, value)
    if entry is None or entry.kind != "object" or _is_sliver(label):
        return None
    unsaid = UNSEEN | {"surface"} if key in GROUND_KEYS else UNSEEN
    described = [(_entry(k, v), v) for k, v in others if k not in unsaid]
    x0, y0, x1, y1 = label["box"]
    return Thing(
        label=label,
        key=key,
        value=value,
        phrase=entry.phrase,
        plural=entry.plural,
        adjectives=tuple(_unique(e.phrase for e, _ in described if e and e.kind == "adjective")),
        details=tuple(
            said for e, v in described if e and e.kind == "detail" and (said := _said(e, v)) is not None
        ),
        box=(x0, y0, x1, y1),
        centre=((x0 + x1) / 2, (y0 + y1) / 2),
    )


def _is_sliver(label: ObjectLabel) -> bool:
    if label["role"] == "focus" or label["whole"]:
        return False
    x0, y0, x1, y1 = label["box"]
    if label["shape"] == "area":
        return min(x1 - x0, y1 - y0) < SMALL_AREA
    return label["shape"] == "line" and max(x1 - x0, y1 - y0) < SMALL_LINE


def _said(entry: TagEntry, value: str) -> str | None:
    """A detail with its value; None where that may not be said."""
    plain = entry.filling(value)
    if plain == "1" or plain.count(".") > 1 or not _SAYABLE.fullmatch(plain):
        return None
    is_small = plain.isdecimal() and int(plain) <= 10
    return entry.phrase.replace("{}", number_word(int(plain)) if is_small else plain)


def _group(members: list[Thing]) -> Group:
    first = members[0]
    kind: Kind = "count"
    if first.phrase == first.plural:
        kind = "mass"
    elif any(t.label["shape"] == "line" for t in members):
        kind = "line"
    return Group(first.phrase, first.plural, kind, tuple(members))


def _unique(words: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(words)
