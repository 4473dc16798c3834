"""How a question sets one thing to another, or to an amount."""

import re
from collections.abc import Sequence
from functools import cache

from .asked import Relation
from .measures import measure_in
from .reading import Word, table
from .things import Found

_THAN = re.compile(r"\bthan\b")
_EQUAL = re.compile(
    r"\bequal(?:s| to)?\b|\bas (?:many|much|large|big|long|wide)\b.*?\bas\b|"
    r"\bsame (?:number|amount|share|size)\b.*?\b(?:as|and)\b"
)
_COUNTED = re.compile(r"\b(?:more|less|fewer|number of|amount of|share of)\b")
_LESS = re.compile(r"\b(?:less|fewer|smaller|shorter|narrower|lower|sparser)\b")
IN_IMAGE = re.compile(
    r"\b(?:in|on|of) (?:the|this|that) (?:image|picture|photo|photograph|scene|tile|frame|view)\b"
)
"""What only says where to look, and no relation: "Is the river in the image polluted?"."""
_REACH = 12
"""Characters at most between the words of a relation and the thing that they lead to: articles and a few more."""


@cache
def _spatial() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Relations by the words for them, those of more words first."""
    return tuple((name, re.compile(rf"\b(?:{words})\b")) for name, words in table("relations.yaml").items())


def relation_in(text: str, words: Sequence[Word], things: Sequence[Found]) -> Relation | None:
    """Return what the words of a question say of its things; None where they say nothing of two."""
    if (measure := measure_in(text, words, things)) is not None:
        return measure.relation
    starts, line = _line(words)
    return _compared(line, starts, things) or _placed(line, starts, things)


def _line(words: Sequence[Word]) -> tuple[list[int], str]:
    """The words as one line, and where in it each begins."""
    starts: list[int] = []
    at = 0
    for word in words:
        starts.append(at)
        at += len(word.text) + 1
    return starts, " ".join(word.text for word in words)


def _compared(line: str, starts: Sequence[int], things: Sequence[Found]) -> Relation | None:
    match = _THAN.search(line) or _EQUAL.search(line)
    if match is None:
        return None
    before, after = _around(match.start(), match.end(), starts, things)
    counted = _COUNTED.search(line, 0, match.start())
    if counted is not None:  # of "more roads beside a river than houses" the roads are compared
        before = next((one for one in things if counted.end() <= starts[one.first] < match.start()), before)
    if before is None or after is None:
        return None
    name = "equal" if match.re is _EQUAL else "less" if _LESS.search(line[: match.end()]) else "more"
    return Relation(name, before.thing, after.thing)


def _placed(line: str, starts: Sequence[int], things: Sequence[Found]) -> Relation | None:
    for name, pattern in _spatial():
        for match in pattern.finditer(line):
            if IN_IMAGE.match(line, match.start()):
                continue
            before, after = _around(match.start(), match.end(), starts, things)
            if after is not None and starts[after.first] - match.end() <= _REACH:
                return Relation(name, before.thing if before else None, after.thing)
    return None


def _around(
    start: int, end: int, starts: Sequence[int], things: Sequence[Found]
) -> tuple[Found | None, Found | None]:
    """The last thing that begins before a place in the line, and the first that begins after another."""
    before = [thing for thing in things if starts[thing.first] < start]
    after = [thing for thing in things if starts[thing.first] >= end]
    return (before[-1] if before else None), (after[0] if after else None)
