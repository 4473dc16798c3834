"""What a question says of how much or how many there is of a thing: "at least 80 % is forest", "mostly water"."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .amounts import Amount, amounts_in, line_of
from .asked import Relation, Thing
from .reading import Word
from .things import Found

_IMAGE = (
    r"(?:image|picture|photo|photograph|scene|tile|frame|view|area|land|surface|ground|half|third|quarter|part|"
    r"corner)"
)
_COVERS = re.compile(
    r"\b(?:covers?|occup(?:y|ies)|fills?|takes? up|makes? up|accounts? for|constitutes?|amounts? to|comprises?)\b"
)
_SHARE_OF = re.compile(
    r"\b(?:share|percentage|proportion|fraction|portion|area|size|extent|number|count) of\b"
)
_MOST = re.compile(
    rf"\b(?:mostly|mainly|largely|predominantly|primarily|chiefly|for the most part|(?:(?:the )?most|"
    rf"(?:the|a) majority|the (?:greater|larger|bigger) part|the bulk) of (?:it\b|(?:(?:the|this|"
    rf"that) )?(?:\w+ ){{0,2}}?{_IMAGE}\b))"
)
_ALL = re.compile(
    rf"(?<!\bin )(?<!\bon )(?<!\bwithin )(?<!\bacross )(?<!\bover )"
    rf"\b(?:(?:the |this )?(?:whole|entire) (?:\w+ ){{0,1}}?{_IMAGE}|all (?:of )?(?:the |this )(?:\w+ )?{_IMAGE}|"
    r"all of it|entirely|completely|fully|wholly|totally|exclusively|solely|purely|nothing but|everything)\b"
)
_ONLY = re.compile(
    r"\bonly (?:(?:shows?|contains?|has|have|see|covered (?:by|with)|made (?:up )?of|consists? of) )?(?:an? |some )?$"
)
_BEHIND = re.compile(
    r"\W*(?:(?:of|or so)\b(?: the| these| those)?|(?:separate|different|distinct|individual)\b)?\W*"
)
"""Between a number and what it counts."""
_OF_THINGS = re.compile(r" of (?:the|this|that|these|those|all|our|my) $")
_COUNTED = re.compile(r"\b(?:number|count|total) of (?:\w+ ){1,4}?(?:is|are|be)?\W*$")


class Measure(NamedTuple):
    """A relation of a thing and an amount, and where in the line of the question it stands."""

    relation: Relation
    start: int
    end: int


def measure_in(text: str, words: Sequence[Word], things: Sequence[Found]) -> Measure | None:
    """Return the first amount that a question says something to have; None where it has none that can be read."""
    line, starts = line_of(text, words)
    for amount in amounts_in(line):
        before, after = _around(amount.start, starts, things)
        thing = _measured(line, amount, before, after, starts)
        if thing is not None:
            most = amount.high if amount.name == "between" else None
            relation = Relation(amount.name, thing, None, amount.low, amount.is_share, amount.is_area, most)
            return Measure(relation, amount.start, amount.end)
    return _quantified(line, starts, things)


def _measured(
    line: str, amount: Amount, before: Sequence[Found], after: Sequence[Found], starts: Sequence[int]
) -> Thing | None:
    """The thing that has an amount."""
    if not amount.is_share and not amount.is_area:
        if after and _BEHIND.fullmatch(line, amount.end, starts[after[0].first]):
            return after[0].thing
        if after and amount.end > starts[after[0].first]:  # "500 trees or more"
            return after[0].thing
        return before[-1].thing if before and _COUNTED.search(line, 0, amount.start) else None
    before, after = [[one for one in side if one.thing.classes] or list(side) for side in (before, after)]
    if after and _OF_THINGS.search(line, amount.end, starts[after[0].first]):
        return None  # "half of the lake" is no share of the image
    said = before and (_COVERS.search(line, starts[before[-1].first], amount.start) or _SHARE_OF.search(line))
    if said or not after:
        return before[-1].thing if before else None
    return after[0].thing if not before or not amount.is_area else before[-1].thing


def _quantified(line: str, starts: Sequence[int], things: Sequence[Found]) -> Measure | None:
    """Of "The image is mostly water", "Does forest cover all of it?", "Is there only forest?"."""
    known = [one for one in things if one.thing.classes]
    if len(known) != 1:
        return None
    thing, at = known[0].thing, starts[known[0].first]
    for pattern, name, amount in ((_MOST, "more than", 0.5), (_ALL, "at least", 1.0)):
        match = pattern.search(line)
        if match is not None and (match.end() <= at or _COVERS.search(line, at)):
            return Measure(Relation(name, thing, None, amount, True), match.start(), match.end())
    match = _ONLY.search(line, 0, at)
    if match is not None:
        return Measure(Relation("at least", thing, None, 1.0, True), match.start(), match.end())
    return None


def _around(at: int, starts: Sequence[int], things: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """The things that begin before a place in the line, and those behind it."""
    before = [one for one in things if starts[one.first] < at]
    return before, list(things[len(before) :])
