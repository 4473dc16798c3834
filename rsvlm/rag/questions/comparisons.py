"""Two things set against each other, in whatever words: "Does forest outweigh farmland?", "more roads than lakes?"."""

import re
from dataclasses import replace

from .asked import Asked, Relation
from .negation import is_negated
from .parts import part_of
from .things import Found

_THAN = re.compile(r"\b(?:more|less|fewer|\w{3,}er) (?:\S+ ){0,8}?(than|then)\b")
_LESS = re.compile(r"\b(?:less|fewer|smaller|shorter|narrower|lower|sparser|rarer|weaker)\b")
_BEATS = re.compile(
    r"\b(?:outweighs?|outnumbers?|exceeds?|surpass(?:es)?|(?:pre)?dominates? over|prevails? over)\b"
)
_BEATEN = re.compile(r"\b(?:outweighed|outnumbered|exceeded|surpassed|dominated) by\b")
_BETWEEN = re.compile(r"\b(?:between|of|comparing) (?:the )?\w[^,]* and [^,]*, (?:is|are|does|do|has|have)\b")
_OTHER_KINDS = re.compile(r"\b(?:what|which|where|who|when|why|how|by what)\b|\bcompare\b|\bnumber of\b")


def compared(asked: list[Asked], text: str) -> list[Asked]:
    """Read one question as whether there is more of one thing than of another, if its words say so.

    Args:
        asked: What was read of the text.
        text: All of it.
    """
    if len(asked) != 1 or asked[0].options or asked[0].kind not in ("yes-no", "how-much", "fact"):
        return asked
    one = asked[0]
    part = part_of(text)
    line = " ".join(word.text for word in part.words)
    relation = one.relation
    if _OTHER_KINDS.search(line) or (
        relation is not None
        and (relation.amount is not None or (one.kind == "yes-no" and is_whole(relation)))
    ):
        return asked
    found = _between(line, part.things) or _of_verbs(line, part.things) or _than(line, part.things)
    if found is None:
        return asked
    things = tuple(thing for thing in (found.first, found.second) if thing is not None)
    negated = is_negated("yes-no", part.line, text)
    return [replace(one, kind="yes-no", mode="relation", relation=found, things=things, negated=negated)]


def is_whole(relation: Relation) -> bool:
    """Whether it compares two things that are known."""
    return relation.name in ("more", "less", "equal") and all(
        thing is not None and thing.classes for thing in (relation.first, relation.second)
    )


def _starts(line: str) -> list[int]:
    found, at = [], 0
    for word in line.split(" "):
        found.append(at)
        at += len(word) + 1
    return found


def _around(line: str, begin: int, end: int, things: tuple[Found, ...]) -> tuple[Found, Found] | None:
    """The last thing with a class before a place in the line, and the first one behind another."""
    starts = _starts(line)
    named = [one for one in things if one.thing.classes]
    before = [one for one in named if starts[one.first] < begin]
    after = [one for one in named if starts[one.first] >= end]
    return (before[-1], after[0]) if before and after else None


def _than(line: str, things: tuple[Found, ...]) -> Relation | None:
    match = _THAN.search(line)
    pair = match and _around(line, match.start(1), match.end(1), things)
    if not match or not pair:
        return None
    return Relation("less" if _LESS.search(line[: match.end()]) else "more", pair[0].thing, pair[1].thing)


def _of_verbs(line: str, things: tuple[Found, ...]) -> Relation | None:
    for pattern, name in ((_BEATS, "more"), (_BEATEN, "less")):
        match = pattern.search(line)
        pair = match and _around(line, match.start(), match.end(), things)
        if pair:
            return Relation(name, pair[0].thing, pair[1].thing)
    return None


def _between(line: str, things: tuple[Found, ...]) -> Relation | None:
    """Of "Between forest and farmland, is farmland the larger one?": the one that is asked about, and the other."""
    match = _BETWEEN.search(line)
    if match is None:
        return None
    starts = _starts(line)
    named = [one for one in things if one.thing.classes]
    pair = [one.thing for one in named if starts[one.first] < match.end()]
    asked = [one.thing for one in named if starts[one.first] >= match.end()]
    if len(pair) != 2 or not asked or asked[0].name not in (pair[0].name, pair[1].name):
        return None
    other = pair[1] if asked[0].name == pair[0].name else pair[0]
    return Relation("less" if _LESS.search(line) else "more", asked[0], other)
