"""The value that a statement has for a question: a number with its unit, a time, or what a line of data says."""

import re

from rsvlm.rag.questions.reading import singular

from .claims import is_no_value
from .clauses import meant
from .counting import DURATION, spelled
from .numbers import NUMBER, plain, unit_behind, with_unit
from .others import of_another
from .statements import Statement
from .times import DATE, TIME
from .wanted import Wanted
from .words import word_table

_HOW_OLD = re.compile(r"\bhow old\b", re.IGNORECASE)
_AGE = re.compile(r"\b\d[\d,]* years old\b")
_SCALE = re.compile(r"\b(?:thousand|million|billion)\b")
_COUNTS = frozenset({"inhabitants", "people", "%"})
"""What stands behind numbers as units do, and is counted."""
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
    if wanted.took:
        return _span(wanted, text)
    found = _times(wanted, text) if wanted.time else _numbers(wanted, text)
    if not found and wanted.counted and (word := spelled(text, wanted.counted)) is not None:
        found = [word]
    others = of_another(wanted, text, found)
    found = [match for match in found if match not in others]
    if not found:
        return None
    best = found[0] if len(found) == 1 else meant(wanted, text, found)
    if best is None:
        return ""
    return best[0] if wanted.time else with_unit(text, best)


def _span(wanted: Wanted, text: str) -> str | None:
    """The span of time in a text; "" where it has several."""
    spans = list(DURATION.finditer(text))
    others = of_another(wanted, text, spans)
    spans = [match for match in spans if match not in others]
    return spans[0][0] if len(spans) == 1 else "" if spans else None


def _times(wanted: Wanted, text: str) -> list[re.Match[str]]:
    """The times in a text that the question does not name; of "how old" the age, where it is told."""
    if _HOW_OLD.search(wanted.text) and (ages := list(_AGE.finditer(text))):
        return ages
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
        and not is_no_value(wanted.text, text, match, match.end() + len(unit_behind(text, match.end())))
        and not _is_other_measure(wanted, unit_behind(text, match.end()))
        and not any(start < match.end() and match.start() < end for start, end in dates)
        and not _is_year(text, match)
    ]


def _is_other_measure(wanted: Wanted, unit: str) -> bool:
    """Whether a number has a unit, though things are counted: "one runway of 1,799 m" has no 1,799 runways."""
    unit = _SCALE.sub("", unit).strip()
    if not wanted.counted or not unit or unit in _COUNTS:
        return False
    names = next((one.split(", ") for one in word_table()["units"] if unit in one.split(", ")), [unit])
    return not any(singular(name) in wanted.counted for name in names)


def _is_year(text: str, match: re.Match[str]) -> bool:
    if re.fullmatch(r"1[5-9]\d\d|20\d\d", match[0]) is None or unit_behind(text, match.end()):
        return False
    return _STATES.search(text[: match.start()]) is None
