"""Which words can name something: nouns and adjectives of the tag vocabulary, class words of the legends."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from rsvlm.captioning.labels import LandCover
from rsvlm.captioning.verify.words import is_forbidden, tokens
from rsvlm.vocabularies import LegendClass, VocabularyError, legend_names, load_legend, load_tags

T = TypeVar("T")


class Phrases(Generic[T]):
    """Phrases of one or several words, each with a value; found in a list of tokens, the longest first."""

    def __init__(self, phrases: dict[str, T]) -> None:
        self._phrases = phrases
        self._root: dict[str, Any] = {}
        for phrase, value in phrases.items():
            node = self._root
            for word in tokens(phrase):
                node = node.setdefault(word, {})
            node[""] = value  # no token is empty, so "" can mark an end

    def extended(self, phrases: dict[str, T]) -> "Phrases[T]":
        """These phrases and some more; itself where it has them all."""
        return self if phrases.keys() <= self._phrases.keys() else Phrases(self._phrases | phrases)

    def texts(self) -> list[str]:
        """The phrases themselves."""
        return list(self._phrases)

    def words(self) -> frozenset[str]:
        """All words of all phrases."""
        return frozenset(word for phrase in self._phrases for word in tokens(phrase))

    def matches(self, words: list[str], at: int) -> list[tuple[T, int]]:
        """Every phrase that stands at `at`, as (value, index after it), longest first."""
        found: list[tuple[T, int]] = []
        node = self._root
        while at < len(words) and (below := node.get(words[at])) is not None:
            node, at = below, at + 1
            if "" in node:
                found.append((node[""], at))
        found.reverse()
        return found

    def longest(self, words: list[str], at: int) -> tuple[T, int] | None:
        """The longest phrase that stands at `at`, as (value, index after it)."""
        found = self.matches(words, at)
        return found[0] if found else None


class Noun:
    """A noun as captions say it.

    Attributes:
        text: the words.
        singular: the phrase (`TagEntry.phrase`) of which this is the singular, or None; both of a mass noun.
        plural: the phrase of which this is the plural, or None; "trees" is a mass noun, and the plural of "tree" too.
    """

    __slots__ = ("plural", "singular", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.singular: str | None = None
        self.plural: str | None = None


@cache
def nouns() -> Phrases[Noun]:
    """All nouns of the tag vocabulary, singular and plural."""
    found: dict[str, Noun] = {}
    for entry in load_tags().entries:
        if entry.kind == "object":
            found.setdefault(entry.phrase, Noun(entry.phrase)).singular = entry.phrase
            plural = found.setdefault(entry.plural, Noun(entry.plural))
            if plural.plural is None or entry.phrase != entry.plural:
                plural.plural = entry.phrase
    return Phrases(found)


@cache
def adjectives() -> Phrases[str]:
    """All adjectives of the tag vocabulary."""
    return Phrases({e.phrase: e.phrase for e in load_tags().entries if e.kind == "adjective"})


@cache
def detail_openings() -> frozenset[str]:
    """The first words of details: "with" of "with {} lanes"."""
    details = (tokens(e.phrase) for e in load_tags().entries if e.kind == "detail")
    return frozenset(words[0] for words in details if words)


@lru_cache(maxsize=4096)
def legend_class(legend: str, name: str) -> LegendClass | None:
    """The class of a name, None where the legend does not know it or is not among those that can be read here."""
    try:
        return load_legend(legend).by_name(name)
    except VocabularyError:
        return None


def plain(name: str) -> str:
    """Words for a name that no legend knows: lower case, `_` as blank."""
    return name.lower().replace("_", " ")


def cover_word(landcover: LandCover, name: str) -> str:
    """What style `natural` calls a land-cover class."""
    if own := [words["natural"] for words in landcover.get("words", ()) if words["name"] == name]:
        return own[0]
    known = legend_class(landcover["legend"], name)
    return known.phrase if known else plain(name)


def chatearthnet_word(landcover: LandCover, name: str) -> str:
    """What style `chatearthnet` calls a land-cover class."""
    if own := [words["chatearthnet"] for words in landcover.get("words", ()) if words["name"] == name]:
        return own[0]
    known = legend_class(landcover["legend"], name)
    return (known.chatearthnet or known.phrase) if known else plain(name)


def scene_word(name: str) -> str:
    """What a caption calls a name of a whole image."""
    known = legend_class("corine", name)
    return known.phrase if known else name.lower()


def unknown_word(word: str) -> str:
    """What is wrong with a word that no form knows."""
    return f"{'forbidden' if is_forbidden(word) else 'unknown'} word '{word}'"


def not_held(phrase: str) -> str:
    """What is wrong with a noun or class that the labels do not hold."""
    return f"names '{phrase}', which the labels do not hold"


@cache
def class_words() -> Phrases[str]:
    """All words for classes of all legends that ship: what a caption can name that its labels may not hold."""
    return Phrases({word: word for word in _class_words()})


def _class_words() -> Iterator[str]:
    for legend in legend_names():
        for item in load_legend(legend).classes:
            if not item.background:
                yield item.phrase
                yield item.chatearthnet or item.phrase
