"""Which of several values in a sentence is meant: the parts that each say something of their own."""

import re
from collections.abc import Sequence
from itertools import pairwise

from rsvlm.rag.questions.reading import singular

from .names import hard_words_of, is_named, names_in, raw_words, singular_words
from .numbers import NUMBER, RANGE, unit_behind
from .siblings import siblings_in
from .wanted import TERM, Wanted
from .words import topic_groups

_PARTED = re.compile(
    r"[;()]|,(?=\s)|\s(?:and|while|whereas|but|up from|down from|compared (?:to|with))(?=\s)"
)
_BETWEEN = re.compile(r"\b(?:between|from)(?: \S+){1,3}? (?:and|to) \S+", re.IGNORECASE)
_BARE = re.compile(rf"{NUMBER.pattern}\W*(?:(?:in|at|on|by|of)\b|$)")
"""A number with no noun behind it."""

Spans = Sequence[tuple[int, int]]


def meant(wanted: Wanted, text: str, found: Sequence[re.Match[str]]) -> re.Match[str] | None:
    """Which of several values is meant; None where that is not clear."""
    clauses = clauses_of(text, [match.span() for match in found])
    parts = [text[start:end] for start, end in clauses]
    inside = [[match for match in found if start <= match.start() < end] for start, end in clauses]
    left = [n for n in range(len(parts)) if inside[n] and _fits(wanted, parts, n)]
    if len(left) != 1:
        # what tells them apart is not said: the nearest to the word for what was measured, if there is no more to it
        left = [n for n in range(len(parts)) if inside[n]] if not _tells_apart(wanted, text) else left
    near = [match for n in left for match in inside[n]]
    if len(near) == 1:
        return near[0]
    places = _places(wanted, text)
    if not near or not places:
        return None
    return min(near, key=lambda match: _distance(text, match, places))


def clauses_of(text: str, values: Spans) -> list[tuple[int, int]]:
    """The parts of a sentence that each say something of their own: cut at commas and "and", but not within values."""
    whole = [*values, *(match.span() for match in (*_BETWEEN.finditer(text), *RANGE.finditer(text)))]
    cuts = [
        match.start()
        for match in _PARTED.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in whole)
    ]
    return list(pairwise([0, *cuts, len(text)]))


def _fits(wanted: Wanted, parts: Sequence[str], place: int) -> bool:
    """Whether a clause is of the time, name, thing and measure asked; what it does not say it has from those before."""
    for mentions in (time_of, _name_of, _siblings_of, _term_of, _topic_of):
        said = next(
            (one for part in reversed(parts[: place + 1]) if (one := mentions(wanted, part)) is not None),
            None,
        )
        if said is None:  # nor any before it: from those behind it
            said = next((one for part in parts[place:] if (one := mentions(wanted, part)) is not None), None)
        if said is False:
            return False
    if not wanted.counted or not _is_counted(wanted, " ".join(parts)) or _is_counted(wanted, parts[place]):
        return True
    # "Harlow has 9 mills and Denby has 4": what is counted is said before
    before = next((part for part in reversed(parts[:place]) if NUMBER.search(part)), "")
    return _BARE.search(parts[place]) is not None and _is_counted(wanted, before)


def _tells_apart(wanted: Wanted, text: str) -> bool:
    """Whether a sentence has what tells the one that is asked from another."""
    return any(mentions(wanted, text) is not None for mentions in (time_of, _name_of, _siblings_of, _term_of))


def _is_counted(wanted: Wanted, text: str) -> bool:
    return bool(wanted.counted & singular_words(text))


def time_of(wanted: Wanted, part: str) -> bool | None:
    """Whether a clause is of the year and the month that are asked; None: it names none, or none is asked."""
    hard = hard_words_of(part)
    if wanted.hard.months:
        asked = {month[-2:] for month in wanted.hard.months}
        if hard.months:
            return bool(asked & {month[-2:] for month in hard.months}) and _same_years(wanted, hard.years)
    if not wanted.hard.years or not hard.years:
        return None
    return _same_years(wanted, hard.years)


def _same_years(wanted: Wanted, years: Sequence[int]) -> bool:
    return not wanted.hard.years or not years or bool({*wanted.hard.years} & {*years})


def _name_of(wanted: Wanted, part: str) -> bool | None:
    names = names_in(part)
    if not wanted.hard.names or not names:
        return None
    return any(is_named(name, part, wanted.said) for name in wanted.hard.names)


def _siblings_of(wanted: Wanted, part: str) -> bool | None:
    return siblings_in(wanted.said, raw_words(part))


def _term_of(wanted: Wanted, part: str) -> bool | None:
    """Whether a clause has the single letters and the words with digits that are asked: "tower B"."""
    if not wanted.terms:
        return None
    words = set(TERM.findall(part))
    return bool(words & wanted.terms) if words else None


def _topic_of(wanted: Wanted, part: str) -> bool | None:
    """Whether a clause is of the measure that is asked; None: it names none, or none is asked."""
    words = singular_words(part) | raw_words(part)
    if not wanted.topics or not any(words & group for group in topic_groups()):
        return None
    return any(words & group for group in wanted.topics)


def _places(wanted: Wanted, text: str) -> list[re.Match[str]]:
    """Where in a text the variables stand, what is counted, or words of the topics: those of the question first."""
    topics = [word for group in wanted.topics for word in group]
    for words in (
        wanted.hard.codes,
        [word for word in raw_words(text) if singular(word) in wanted.counted],
        [word for word in topics if word in wanted.said],
        topics,
    ):
        found = [
            match for word in words for match in re.finditer(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
        ]
        if found:
            return found
    return []


def _distance(text: str, value: re.Match[str], places: Sequence[re.Match[str]]) -> float:
    """From a value to the nearest of some places in a text; what is before one is twice as far as what is behind it.

    What is right before one, as in "12 km long", is nearest of all.
    """
    end = value.end() + len(unit_behind(text, value.end()))
    return min(
        value.start() - place.end() if value.start() >= place.end() else 2.0 * max(0, place.start() - end - 1)
        for place in places
    )
