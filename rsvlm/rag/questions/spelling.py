"""Slips of the keyboard mended: a word that nobody knows, one or two strokes from one that questions are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from .classes import classes
from .reading import Word, singular, stop_words, table, word_set, words_of

_WHOLE = re.compile(r"(?<![\])?a-z\\])[a-z]{5,}(?![a-z(?\[*+\\])")
ONE_FROM, TWO_FROM, LONGEST = 5, 8, 24
"""Letters from which a word may have one slip, and two; longer words than the last are left alone."""


def distance(first: str, second: str) -> int:
    """Return the Damerau-Levenshtein distance (optimal string alignment): insert, leave out, replace, swap neighbours.

    >>> distance("forrest", "forest"), distance("theer", "there")
    (1, 1)
    """
    before: list[int] = []
    above = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        row = [i]
        for j, other in enumerate(second, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and other == first[i - 2]:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, above = above, row
    return above[-1]


class Speller:
    """Finds the word that was meant.

    Words at most two strokes apart share what is left of both after at most two letters are left out: these rests
    are looked up, so that a word costs the same however many words are known.
    """

    def __init__(self, targets: Iterable[str], real: Iterable[str]) -> None:
        self.targets = frozenset(word for word in targets if word.isalpha() and len(word) > 3)
        self.real = self.targets | frozenset(real)
        self._rests: dict[str, list[str]] = {}
        for word in sorted(self.targets):
            for rest in _rests(word):
                self._rests.setdefault(rest, []).append(word)

    def meant(self, word: str) -> str:
        """Return the word that was meant: itself where it is known, or nothing is near enough."""
        if not ONE_FROM <= len(word) <= LONGEST or word in self.real or singular(word) in self.real:
            return word
        near = {target for rest in _rests(word) for target in self._rests.get(rest, ())}
        ranked = sorted((distance(word, target), word[0] != target[0], target) for target in near)
        for slips, begins_otherwise, target in ranked[:1]:
            if slips == 1 or (slips == 2 and len(word) >= TWO_FROM and not begins_otherwise):
                return target
        return word


def _rests(word: str) -> Iterator[str]:
    yield word
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    yield from once
    if len(word) >= TWO_FROM - 1:
        yield from {one[:i] + one[i + 1 :] for one in once for i in range(len(one))} - once


@cache
def _speller() -> Speller:
    real = files(__package__).joinpath("real_words.txt").read_text(encoding="utf-8").split("\n", 1)[1].split()
    keywords = {*stop_words(), *table("words.yaml")["spelling"], *word_set("keywords")}
    return Speller({*keywords, *_rule_words(), *classes().words}, real)


def _rule_words() -> Iterator[str]:
    """Whole words of the patterns of rules."""
    data = table("rules.yaml")
    for pattern in [*data["lists"].values(), *data["lead"], *(rule["pattern"] for rule in data["rules"])]:
        yield from _WHOLE.findall(pattern)


@cache
def _slips() -> Mapping[str, str]:
    """Slips in the words that questions are made of, also in those too short for the speller."""
    slips: dict[str, str] = {}
    for word in sorted(word_set("short_words")):
        for slip in _near(word):
            if len(slip) > 2:
                slips.setdefault(slip, word)
    for word in (*word_set("real"), *word_set("short_words"), *classes().words, *stop_words()):
        slips.pop(word, None)
    return slips


def _near(word: str) -> Iterator[str]:
    """All words with two neighbours swapped, a letter left out or written twice."""
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[: i + 1] + word[i:]
        yield word[:i] + word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :]


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """Return a word without its slip: from 5 letters one stroke, from 8 two; known words stay as they are."""
    meant = _slips().get(word) or _speller().meant(word)
    return str(table("words.yaml")["spelling"].get(meant, meant))


def _is_name(text: str, start: int) -> bool:
    """Whether a word is written large within a sentence, as names are."""
    before = text[max(0, start - 3) : start].rstrip()
    return text[start].isupper() and before[-1:].isalnum()


def read(text: str) -> list[Word]:
    """Return the words of a text, mended, without those that ask nothing."""
    read: list[Word] = []
    found = words_of(text)
    titled = 2 * sum(text[word.start].isupper() for word in found) > len(found)
    for word in found:
        meant = mended(word.text)
        if meant != word.text and not titled and _is_name(text, word.start) and meant not in classes().words:
            meant = word.text
        if meant not in word_set("noise"):
            read.append(word._replace(text=meant))
    return read
