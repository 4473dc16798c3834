"""OpenStreetMap tags that can be seen from above, and down to what ground sample distance.

The vocabulary is `osm_tags.csv` beside this module, one tag a line, `key,value,max_gsd,kind,phrase,plural`,
so that each entry can be reviewed alone:

* `value` is `*` for any value of the key; an exact line goes before it. A `key` that ends in `:*` stands for
  the keys of a family that have no line of their own (`addr:*`).
* `max_gsd` is the coarsest ground sample distance, in metres, at which people can still tell the thing in an
  image: 0.1, 0.2, 0.6, 1 or 10, the classes of SkyScript (Wang et al. 2024, arXiv 2312.12856); 10 stands for
  10 m and coarser. Empty: it cannot be seen from above, and the line says that somebody thought of it.
* `kind` is `object` (phrase: a singular noun phrase without article; plural equal to it for a mass noun),
  `adjective` (goes before the noun), `detail` (goes after it; `{}` takes the value) or `hides`: what carries
  the tag is out of sight (`tunnel=yes`, `location=underground`). A line without max_gsd that hides nothing
  has no kind.

Values that say that there is nothing (`ABSENT`) are never visible, whatever the key; in this file they need
no lines.

`cables`, `voltage` and the output of a power plant are no sight, yet SkyScript's captions tell them of a
thing that is seen: they are details, down to the GSD at which what carries them can be told.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.osm_keys import KEY_PRIORITY, REFINES

__all__ = ["GSD_CLASSES", "KEY_PRIORITY", "REFINES", "TagEntry", "TagVocabulary", "load_tags", "read_tags"]

GSD_CLASSES = (0.1, 0.2, 0.6, 1.0, 10.0)
"""Metres per pixel, from fine to coarse; the last stands for itself and all that is coarser."""

GSD_TOLERANCE = 1.01
"""A raster sold as 0.6 m measures 0.5998 to 0.6006 m on the ground, by the scale of its projection."""

COLUMNS = ("key", "value", "max_gsd", "kind", "phrase", "plural")

ABSENT = frozenset({"", "no", "n", "false", "f", "0", "0.0", "none", "null", "nan", "na", "n/a", "<na>"})
"""Values, in lower case, that deny a thing or say that nobody wrote anything: `no` is OpenStreetMap's, the others
are what tables and programs make of a flag that is not set and of an empty cell."""

VISIBLE_KINDS = ("object", "adjective", "detail")

_BEFORE_NOUN = re.compile(r"\{\} \w")
_SEVERAL = re.compile(r"0*([2-9]|[1-9][0-9]+)(?:\.0*)?")


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One line of the vocabulary; the module's text says what the fields hold."""

    key: str
    value: str
    max_gsd: float | None
    kind: str
    phrase: str
    plural: str

    def visible_at(self, gsd: float | None) -> bool:
        """Say whether an image of this ground sample distance shows it; metres, None = at any."""
        if self.max_gsd is None:
            return False
        return gsd is None or self.max_gsd == GSD_CLASSES[-1] or gsd <= self.max_gsd * GSD_TOLERANCE

    def filling(self, value: str) -> str:
        """Return a value as it may stand for the `{}` of the phrase; "" where it may not.

        Before a noun ("with {} lanes") that is a whole number of two or more, in plain digits: maps hold `2.0`
        too, and `2.5m`, `0` and `.`, which are no count of anything. Elsewhere it is any value.
        """
        if not _BEFORE_NOUN.search(self.phrase):
            return value.replace("_", " ")
        several = _SEVERAL.fullmatch(value)
        return several[1] if several else ""


class TagVocabulary:
    """Which tags can be seen from above, at which ground sample distance, and what people call them.

    Attributes:
        entries: every line, in the file's order.
        digest: SHA-256 of the file, hexadecimal, for the keys of caches.
        keys: keys that have a visible tag of any kind.
        object_keys: keys that have a visible object; an object of the map without any of them is never used.
    """

    def __init__(self, entries: tuple[TagEntry, ...], digest: str = "") -> None:
        self.entries = entries
        self.digest = digest
        self.keys = frozenset(e.key for e in entries if e.max_gsd is not None)
        self.object_keys = frozenset(e.key for e in entries if e.max_gsd is not None and e.kind == "object")
        self._by_key: dict[str, dict[str, _Use]] = {}
        for entry in entries:
            self._by_key.setdefault(entry.key, {})[entry.value] = _Use(entry)

    def entry(self, key: str, value: str) -> TagEntry | None:
        """Return the line for a tag: the exact one, else the key's `*`, else None (not in the vocabulary).

        The values of `ABSENT` are the absence of a thing, whatever the key: of a known key they are never visible.
        """
        use = self._use(key, value)
        return use.entry if use else None

    def _use(self, key: str, value: str) -> "_Use | None":
        values = self._by_key.get(key)
        if values is None:
            values = self._by_key.get(key.partition(":")[0] + ":*") if ":" in key else None
            if values is None:
                return None
        if value.strip().lower() in ABSENT:
            return _Use(TagEntry(key, value, None, "", "", ""))
        return values.get(value) or values.get("*")

    def visible(self, tags: Mapping[str, str], gsd: float | None) -> dict[str, str]:
        """Return the tags of one object that can be told in an image.

        Args:
            tags: all tags of the object.
            gsd: ground sample distance of the image in metres; None = the tags that are visible at any.

        Returns:
            The main tag first (what the thing is called: the visible object tag that comes first in
            `KEY_PRIORITY`), then the others in that order. Empty where the tags name nothing visible, or one
            of them hides it.
        """
        uses = {key: use for key, value in tags.items() if (use := self._use(key, value)) and use.counts}
        for use in [use for use in uses.values() if use.entry.kind == "hides"]:
            if not use.beside:
                return {}
            for key in use.told(tags):
                uses.pop(key, None)
        found = {key for key, use in uses.items() if use.entry.visible_at(gsd)}
        while lost := {key for key in found if uses[key].beside and found.isdisjoint(uses[key].told(tags))}:
            found -= lost
        order = sorted(found, key=lambda key: (uses[key].rank, key))
        main = next((key for key in order if uses[key].entry.kind == "object"), None)
        return {key: tags[key] for key in (main, *order) if key is not None} if main else {}


_PLACES = {name: place for place, name in enumerate(KEY_PRIORITY)}


class _Use:
    """An entry with its place in `KEY_PRIORITY`, and the tags beside which alone it is used."""

    __slots__ = ("beside", "counts", "entry", "rank")

    def __init__(self, entry: TagEntry) -> None:
        tag = f"{entry.key}={entry.value}"
        bases = REFINES.get(tag) or REFINES.get(entry.key) or ()
        self.entry = entry
        self.counts = entry.kind != ""
        self.rank = _PLACES.get(tag, _PLACES.get(entry.key, len(_PLACES)))
        self.beside = tuple((base, value) for base, _, value in (base.partition("=") for base in bases))

    def told(self, tags: Mapping[str, str]) -> list[str]:
        """Return the keys of the tags of which it says more."""
        return [key for key, value in self.beside if (tags.get(key) == value if value else key in tags)]


def read_tags(content: bytes, source: str) -> TagVocabulary:
    """Read a vocabulary from the bytes of a CSV file; `source` is its name in error messages.

    Raises:
        VocabularyError: for a line that does not fit, with its number and the remedy.
    """
    rows = csv.DictReader(io.StringIO(content.decode("utf-8")), strict=True)
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise VocabularyError(
            f"{source}: the first line is {rows.fieldnames}; it should be {','.join(COLUMNS)}"
        )
    entries: dict[tuple[str, str], TagEntry] = {}
    for row in rows:
        entry = _entry(row, f"{source}, line {rows.line_num}")
        if (entry.key, entry.value) in entries:
            raise VocabularyError(
                f"{source}, line {rows.line_num}: {entry.key}={entry.value} is there twice; keep one"
            )
        entries[entry.key, entry.value] = entry
    return TagVocabulary(tuple(entries.values()), hashlib.sha256(content).hexdigest())


_LIMITS = {"": None} | {f"{gsd:g}": gsd for gsd in GSD_CLASSES}


def _entry(row: dict[str, str], where: str) -> TagEntry:
    if None in row or None in row.values() or not (row["key"] and row["value"]):
        raise VocabularyError(
            f"{where}: should have the {len(COLUMNS)} fields {','.join(COLUMNS)}, with key and value"
        )
    if row["max_gsd"] not in _LIMITS:
        raise VocabularyError(
            f"{where}: max_gsd is {row['max_gsd']!r}; use {', '.join(filter(None, _LIMITS))} or nothing"
        )
    entry = TagEntry(
        row["key"], row["value"], _LIMITS[row["max_gsd"]], row["kind"], row["phrase"], row["plural"]
    )
    if entry.max_gsd is None and (entry.kind not in ("", "hides") or entry.phrase or entry.plural):
        raise VocabularyError(
            f"{where}: {entry.phrase!r} has no max_gsd, so no phrase either, and no kind but `hides`"
        )
    if entry.max_gsd and not (entry.kind in VISIBLE_KINDS and entry.phrase and entry.plural):
        raise VocabularyError(
            f"{where}: what is visible has a kind ({', '.join(VISIBLE_KINDS)}), phrase and plural"
        )
    return entry


@cache
def load_tags() -> TagVocabulary:
    """Return the vocabulary that ships with the package."""
    file = files(__package__).joinpath("osm_tags.csv")
    return read_tags(file.read_bytes(), file.name)
