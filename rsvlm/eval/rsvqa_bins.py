"""RSVQA's intervals of numbers: its authors train and judge on these, so that 37 and 90 buildings are one answer.

Lobry et al., "RSVQA: Visual Question Answering for Remote Sensing Data", IEEE TGRS 2020; VocabEncoder.py of its code:
counts of the low-resolution set and areas of the high-resolution one become 0, (0, 10], (10, 100], (100, 1000] and
above; counts of the high-resolution set stay numbers. All of these are whole; a model may say fractions, which lie in
the same intervals: 10.5 is in (10, 100].
"""

import re
from collections.abc import Iterable

from .text.normalize import normalize_answer

COUNTED = "rural_urban"
"""The type of question that only the low-resolution set has: counts are in intervals there."""

_ENDS = (0, 10, 100, 1000)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_AREA = re.compile(r"(\d+(?:\.\d+)?) (?:m 2|m2|sq m|square met(?:er|re)s?)")
_BETWEEN = re.compile(r"between (\d+)(?: m 2| m2)? and (\d+)(?: m 2| m2)?")
_ABOVE = re.compile(r"(?:more than|over|above) 1000(?: m 2| m2)?")


def counts_in_intervals(types: Iterable[str]) -> bool:
    """Whether the questions are of a set whose counts are in intervals, by the types that occur."""
    return COUNTED in types


def binned(answer: str, kind: str, *, counts: bool) -> str:
    """Return the interval that an answer lies in, or names; other answers as they are.

    >>> binned("37", "count", counts=True), binned("1,200 m2", "area", counts=False)
    ('10-100', '1000-')

    Args:
        answer: A gold or a prediction.
        kind: The type of its question.
        counts: Whether counts are in intervals.
    """
    if kind != "area" and not (kind == "count" and counts):
        return answer
    plain = normalize_answer(answer)
    named = _BETWEEN.fullmatch(plain)
    if named is not None:  # "between 0 and 10", or "between 1 and 10" as others write
        return _interval(int(named[2]))
    if _ABOVE.fullmatch(plain):
        return _interval(_ENDS[-1] + 1)
    number = _NUMBER.fullmatch(plain) or (_AREA.fullmatch(plain) if kind == "area" else None)
    return answer if number is None else _interval(float(number[1]))


def _interval(number: float) -> str:
    low = max((end for end in _ENDS if number > end), default=None)
    if low is None:
        return "0"
    return f"{low}-{'' if low == _ENDS[-1] else _ENDS[_ENDS.index(low) + 1]}"
