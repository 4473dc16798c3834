"""What kind of problem the check of captions found, and what a caption with such problems is worth.

The check (`rsvlm.captioning.verify`) reads by closed lists: what it does not know it cannot judge, and it asks for a
manner of telling as well as for the truth. So its problems are of three sorts: the caption says what the labels hold
otherwise or not at all; the reader cannot tell what it says; it is told otherwise than the style asks, and not false.
"""

import re
from collections.abc import Sequence

from rsvlm.captioning.verify.words import number

FACTUAL, OFF_FORM, NOT_UNDERSTOOD, CONTRADICTED = "factual", "off form", "not understood", "contradicted"
VERDICTS = (FACTUAL, OFF_FORM, NOT_UNDERSTOOD, CONTRADICTED)
"""From best to worst; a caption has the worst that one of its problems gives it."""

NOT_HELD, WRONG_PLACE, UNKNOWN = "not in the labels", "wrong place", "unknown word"
IN_OTHER_LABELS, IN_GENERAL, UNCLEAR = "in other labels", "in general words", "unclear"

KINDS = {
    NOT_HELD: CONTRADICTED,
    "wrong number": CONTRADICTED,
    WRONG_PLACE: CONTRADICTED,
    "wrong share": CONTRADICTED,
    "wrong attribute": CONTRADICTED,
    UNKNOWN: NOT_UNDERSTOOD,
    "guessing word": NOT_UNDERSTOOD,
    IN_OTHER_LABELS: NOT_UNDERSTOOD,
    IN_GENERAL: NOT_UNDERSTOOD,
    UNCLEAR: NOT_UNDERSTOOD,
    "too long": NOT_UNDERSTOOD,
    "left out": OFF_FORM,
    "out of order": OFF_FORM,
    "no number": OFF_FORM,
    "grammar": OFF_FORM,
}
"""Kinds of problems, and the verdict that each gives a caption."""

_FORMS: tuple[tuple[str, str], ...] = (
    ("too long", r"has \d+ (words|sentences), more than \d+|has an empty sentence|is not one paragraph .*"),
    ("guessing word", r"forbidden word .*"),
    (UNKNOWN, r"unknown word .*"),
    (
        WRONG_PLACE,
        r"the .*: names '.*', which is not there|says '.*' of '.*', which is not so"
        r"|says '.*' of '.*'; most of it is in the .* part",
    ),
    (
        "wrong share",
        r"the .*: says '.*' of '.*'(; the labels hold '.*'|; the first class is '.*'|, which is small)"
        r"|says '.*', and of no single class that is the first of all five regions",
    ),
    ("wrong attribute", r"says '.*', which is not so of .+"),
    ("left out", r"does not name the focus, .*|does not open with .*|names nothing|says nothing of .*"),
    ("out of order", r"the .*: names .*; the order of area is .*|the .*: names '.*' first, not '.*'"),
    ("grammar", r"says '(a|an) \S+'"),
    (
        UNCLEAR,
        r"says '.*' of something that is no image and no part of one|says that one thing '.*' another"
        r"|says how (much or where, and of no class|large in a sentence on where)|says '.*' where it cannot be read"
        r"|says 'throughout the image' (of a part of it|and a part of it)|cannot be read: .*"
        r"|speaks of a part of the image and of the whole in one sentence|says '.*' where it could relate .*"
        r"|(the .*: )?says '.*',? and not of (what|which class)|the .*: says '.*' of several"
        r"|says '.*': which others cannot be told|says '.*' of '.*', which is not counted|says '.*'; north is not up",
    ),
)
_KNOWN = tuple((kind, re.compile(pattern)) for kind, pattern in _FORMS)
_NOT_HELD = re.compile(r"names '(?P<named>.*)', which the labels do not hold")
_PLACE = re.compile(r"says '(?P<place>.*)' of '.*', which is not so")
_NUMBER = re.compile(r"says '(?P<said>.*)'; the labels hold (?P<held>\d+)")
_NOTHING = re.compile(r"the labels hold no (map object that has a name|land cover.*)")

_ONE = frozenset({"a", "an", "another", "single"})
_DEFINITE = frozenset({"the", "this", "its", "these"})
_SEVERAL = frozenset(
    {"some", "several", "multiple", "few", "many", "numerous", "dozens", "hundreds", "more", "other"}
)


def kind_of(problem: str) -> str:
    """Return which of `KINDS` a problem in words is.

    Args:
        problem: As of `verify`, under the style `natural-rewritten` or `chatearthnet-rewritten`.
    """
    if not_held(problem) is not None:
        return NOT_HELD
    counted = _NUMBER.fullmatch(problem)
    if counted is not None:
        return _number_kind(counted["said"], int(counted["held"]))
    return next((kind for kind, form in _KNOWN if form.fullmatch(problem)), UNCLEAR)


def not_held(problem: str) -> str | None:
    """Return what a caption names that the labels do not hold, by the words of the problem; None of other problems."""
    found = _NOT_HELD.fullmatch(problem)
    return None if found is None else found["named"]


def place_said(problem: str) -> str | None:
    """Return the place that a caption gives to a thing that is elsewhere; None of other problems."""
    found = _PLACE.fullmatch(problem)
    return None if found is None else found["place"]


def verdict_of(kinds: Sequence[str]) -> str:
    """Return the verdict over a caption with problems of these kinds."""
    return max((KINDS[kind] for kind in kinds), key=VERDICTS.index, default=FACTUAL)


def holds_nothing(problems: Sequence[str]) -> bool:
    """Whether the labels hold nothing that the reader could hold a caption against."""
    return any(_NOTHING.fullmatch(problem) for problem in problems)


def _number_kind(said: str, held: int) -> str:
    """What is wrong with "two houses" where the labels hold three, or with "houses", which is true of both."""
    first, *more = said.split()
    if first in _DEFINITE or first in _SEVERAL or more[:1] in (["few"], ["pair"]):
        return "wrong number"
    told = 1 if first in _ONE else number(first)
    if told is not None:
        return "grammar" if told == held else "wrong number"
    if held > 1:
        return "no number"
    return "wrong number" if said.endswith("s") else "grammar"
