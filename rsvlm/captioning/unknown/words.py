"""Which unknown tags are words at all, and what an encoder is given to read of them."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from rsvlm.vocabularies.osm import TagVocabulary

MOST_WORDS = 3
"""A value of more words is a remark."""

_KEY = re.compile(r"[a-z]+(?:[_:][a-z]+)*")
_VALUE = re.compile(r"[a-z]{2,}(?:[_ -][a-z]+)*")

METADATA = frozenset(
    {
        "addr",
        "address",
        "brand",
        "date",
        "description",
        "email",
        "facebook",
        "fax",
        "fixme",
        "history",
        "hours",
    }
    | {
        "id",
        "inscription",
        "lang",
        "language",
        "name",
        "network",
        "note",
        "operator",
        "owner",
        "phone",
        "ref",
    }
    | {"source", "time", "timetable", "todo", "url", "website", "wikidata", "wikimedia", "wikipedia"}
)
"""Words in keys of what people note about a thing: names, numbers, sources. No sights, whatever the value."""

ABSENT = frozenset(
    {
        "abandoned",
        "closed",
        "construction",
        "demolished",
        "destroyed",
        "disused",
        "former",
        "no",
        "none",
        "not",
    }
    | {"old", "planned", "proposed", "razed", "removed", "unknown", "was"}
)
"""Words in keys and values of what is not there any more, or not yet."""


class TagWords(NamedTuple):
    """What the encoder reads of a tag: all of it, the key alone, the value alone."""

    tag: str
    key: str
    value: str


def tag_words(key: str, value: str) -> TagWords:
    """Put a tag into words: `_` and `:` become blanks, as SkyScript joins key and value."""
    key, value = _spaced(key), _spaced(value)
    return TagWords(f"{key} {value}".strip(), key, value)


def _spaced(text: str) -> str:
    return " ".join(re.sub(r"[_:;-]", " ", text).split())


def is_candidate(key: str, value: str, kinds: Mapping[str, str], vocabulary: TagVocabulary) -> bool:
    """Say whether a tag is worth asking about.

    Names, numbers, identifiers, lists and other scripts are not: key and value must be a few plain lower-case words.
    Nor is a key that the vocabulary knows and has no sight of, nor a tag that the vocabulary knows.

    Args:
        key: The tag's key.
        value: Its value.
        kinds: What the vocabulary's keys tell (`key_kinds`).
        vocabulary: The curated vocabulary.
    """
    if _KEY.fullmatch(key) is None or _VALUE.fullmatch(value) is None or kinds.get(key) == "":
        return False
    words = tag_words(key, value)
    in_key, in_value = words.key.split(), words.value.split()
    if len(in_value) > MOST_WORDS or not METADATA.isdisjoint(in_key):
        return False
    return ABSENT.isdisjoint([*in_key, *in_value]) and vocabulary.entry(key, value) is None


def key_kinds(vocabulary: TagVocabulary) -> dict[str, str]:
    """Return for each key the kind of most of its sights: `object`, `adjective`, `detail`, or "" where it has none."""
    counts: dict[str, Counter[str]] = {}
    for entry in vocabulary.entries:
        of_key = counts.setdefault(entry.key, Counter())
        if entry.max_gsd is not None:
            of_key[entry.kind] += 1
    return {key: max(sorted(kinds), key=kinds.__getitem__, default="") for key, kinds in counts.items()}
