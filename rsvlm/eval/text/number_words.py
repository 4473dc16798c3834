"""Words of numbers as digits: "one hundred and five" is 105, "1.5 million" 1500000."""

from collections.abc import Sequence
from decimal import Decimal

UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
HUNDRED, AND = "hundred", "and"
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}

_LONGEST = 15
"""Digits before a scale; what is longer is no amount that anybody would say so."""


def join_numbers(tokens: Sequence[str]) -> list[str]:
    """Return tokens in lower case with the words of each number as one token of digits.

    >>> join_numbers(["two", "thousand", "and", "twenty", "one", "houses", "and", "five", "six"])
    ['2021', 'houses', 'and', '5', '6']
    """
    joined, at = [], 0
    while at < len(tokens):
        value, end = _number(tokens, at)
        joined.append(tokens[at] if value is None else format(value.normalize() + 0, "f"))
        at = end if value is not None else at + 1
    return joined


def _number(tokens: Sequence[str], at: int) -> tuple[Decimal | None, int]:
    """The number that begins at a token, and where it ends; None where none does."""
    total, least, end = Decimal(0), 10**12, at
    while True:
        start = end + 1 if end > at and _at(tokens, end) == AND else end
        part, after = _below_thousand(tokens, start)
        scale = SCALES.get(_at(tokens, after), 1)
        if scale >= least or (part is None and (scale == 1 or end > at)):
            break
        total, end = total + (1 if part is None else part) * scale, after + (scale > 1)
        if scale == 1:
            break
        least = scale
    return (total, end) if end > at else (None, at)


def _below_thousand(tokens: Sequence[str], at: int) -> tuple[Decimal | None, int]:
    value, after = _below_hundred(tokens, at)
    if value is None and _is_amount(_at(tokens, at)) and _at(tokens, at + 1) in (HUNDRED, *SCALES):
        value, after = Decimal(tokens[at].replace(",", "")), at + 1
    if _at(tokens, after) != HUNDRED:
        return value, after
    value, after = 100 * (Decimal(1) if value is None else value), after + 1
    rest, end = _below_hundred(tokens, after + (_at(tokens, after) == AND))
    return (value, after) if rest is None else (value + rest, end)


def _below_hundred(tokens: Sequence[str], at: int) -> tuple[Decimal | None, int]:
    word, following = _at(tokens, at), _at(tokens, at + 1)
    if word in TENS:
        tens = Decimal(10 * (TENS.index(word) + 2))
        return (tens + UNITS.index(following), at + 2) if following in UNITS[1:10] else (tens, at + 1)
    return (Decimal(UNITS.index(word)), at + 1) if word in UNITS else (None, at)


def _at(tokens: Sequence[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else ""


def _is_amount(token: str) -> bool:
    return len(token) <= _LONGEST and token.replace(",", "").replace(".", "", 1).isdecimal()
