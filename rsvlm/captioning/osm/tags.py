"""Sorting tags: which of them are kept, which objects have something to show, what is not known."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from rsvlm.vocabularies.osm import REFINES, TagVocabulary

Tag = tuple[str, str]

LONGEST_VALUE = 255
"""OpenStreetMap's own limit, in characters, on a value; what is longer is cut."""

TOLD = 10_000
"""So many of the tags that the vocabulary does not know are told, the commonest."""

PRESENT = frozenset({"yes", "y", "true", "t", "1", "1.0"})
"""Values, in lower case, that only say that a thing is there: `yes` is OpenStreetMap's, the others are what tables
and programs make of a flag that is set. They count as `yes` for the keys that know `yes`; a road's one lane is none."""

_ROOM = 200_000  # tags remembered at a time: names and house numbers of a country must not fill the memory
_BASES = frozenset(chain.from_iterable(REFINES.values()))


class TagSorter:
    """Sorts the tags of objects; each set of tags that is kept gets a number, its place in `kept`.

    Attributes:
        kept: the distinct sets of kept tags: those that can be seen at some ground sample distance, and those
            that the vocabulary needs beside them to tell what the object is.
        keys: all keys that the vocabulary speaks of.
        object_keys: only objects with one of these keys can have anything to show.
        max_gsd: for each of `kept`, the coarsest ground sample distance class at which its main sight is
            visible.
    """

    def __init__(self, vocabulary: TagVocabulary) -> None:
        self.keys = frozenset(entry.key for entry in vocabulary.entries)
        self.object_keys = vocabulary.object_keys
        self.kept: list[tuple[Tag, ...]] = []
        self.max_gsd: list[float] = []
        self._vocabulary = vocabulary
        self._numbers: dict[tuple[Tag, ...], int] = {}
        self._known: dict[Tag, tuple[Tag, bool | None]] = {}
        self._unknown: Counter[Tag] = Counter()

    def number(self, tags: Iterable[Tag], times: int = 1) -> int:
        """Return the number of the kept ones of tags that so many objects have, -1 where none is seen."""
        found = []
        for tag in tags:
            plain, state = self._known[tag] if tag in self._known else self._sort(tag)
            if state:
                found.append(plain)
            elif state is None:
                self._unknown[tag] += times
        if not found:
            return -1
        key = tuple(found)
        number = self._numbers.get(key)
        return self._admit(key) if number is None else number

    def unknown(self) -> dict[str, int]:
        """Return the `key=value` met that the vocabulary has no line for, and how often; commonest first."""
        ranked = sorted(self._unknown.items(), key=lambda item: (-item[1], item[0]))
        return {f"{key}={value[:LONGEST_VALUE]}": count for (key, value), count in ranked[:TOLD]}

    def _sort(self, tag: Tag) -> tuple[Tag, bool | None]:
        """Return a tag as it is kept, and whether it is (True), is known to be no sight (False), or unknown (None)."""
        key, value = tag
        if value.strip().lower() in PRESENT:
            flag = self._vocabulary.entry(key, "yes")
            value = "yes" if flag is not None and flag.value == "yes" else value
        entry = self._vocabulary.entry(key, value)
        state = None if entry is None else entry.max_gsd is not None or entry.kind == "hides"
        if f"{key}={value}" in _BASES:
            state = True
        if len(self._known) >= _ROOM:
            self._known.clear()
        if len(self._unknown) >= _ROOM:
            # Rare ones give way, as in lossy counting: what is common enough to be told comes again.
            self._unknown = Counter(dict(self._unknown.most_common(_ROOM // 2)))
        self._known[tag] = (key, value), state
        return self._known[tag]

    def _admit(self, key: tuple[Tag, ...]) -> int:
        number = -1
        visible = self._vocabulary.visible(dict(key), None)
        if visible:
            number = len(self.kept)
            self.kept.append(tuple((name, value[:LONGEST_VALUE]) for name, value in key))
            self.max_gsd.append(self._coarsest(visible))
        self._numbers[key] = number
        return number

    def _coarsest(self, visible: dict[str, str]) -> float:
        entries = (self._vocabulary.entry(key, value) for key, value in visible.items())
        return max(
            e.max_gsd for e in entries if e is not None and e.kind == "object" and e.max_gsd is not None
        )
