"""The value that a statement has for a question: a number with its unit, a time, or what a line of data says."""

import re

from .clauses import meant
from .numbers import NUMBER, plain, unit_behind, with_unit
from .statements import Statement
from .times import DATE, TIME
from .wanted import Wanted

_STATES = re.compile(r"\b(?:is|are|was|were|has|have|had|of|about|some|:|=)\s*$", re.IGNORECASE)


def value_of(wanted: Wanted, statement: Statement) -> str | None:
    """Return what a statement says of what is asked.

    Returns:
        The value of a line of data, or of a sentence the number or the time that is meant; "" where it has several of
        them and does not say clearly which; None where it has none, though one is asked for.
    """
    asks = wanted.number or wanted.time
    if statement.value:
        says = TIME.search(statement.value) if wanted.time else NUMBER.search(statement.value)
        return statement.value if not asks or says else None
    if not asks:
        return ""
    text = statement.text
    found = _times(wanted, text) if wanted.time else _numbers(wanted, text)
    if not found:
        return None
    best = found[0] if len(found) == 1 else meant(wanted, text, found)
    if best is None:
        return ""
    return best[0] if wanted.time else with_unit(text, best)


def _times(wanted: Wanted, text: str) -> list[re.Match[str]]:
    """The times in a text that the question does not name."""
    years = {str(year) for year in wanted.hard.years}
    return [
        match
        for match in TIME.finditer(text)
        if match[0] not in years and not (match[0].isdigit() and unit_behind(text, match.end()))
    ]


def _numbers(wanted: Wanted, text: str) -> list[re.Match[str]]:
    """The numbers in a text that are no times, and that the question does not name."""
    known = {*map(plain, wanted.hard.numbers), *map(str, wanted.hard.years)}
    known |= {plain(number) for name in wanted.hard.names for number in NUMBER.findall(name)}
    known |= {digits for term in wanted.terms for digits in re.findall(r"\d+", term)}
    dates = [match.span() for match in DATE.finditer(text)]
    return [
        match
        for match in NUMBER.finditer(text)
        if plain(match[0]) not in known
        and not any(start < match.end() and match.start() < end for start, end in dates)
        and not _is_year(text, match)
    ]


def _is_year(text: str, match: re.Match[str]) -> bool:
    if re.fullmatch(r"1[5-9]\d\d|20\d\d", match[0]) is None or unit_behind(text, match.end()):
        return False
    return _STATES.search(text[: match.start()]) is None
