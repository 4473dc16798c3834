"""Times in texts: dates, months, years, spans of years, centuries."""

import re
from datetime import date

from rsvlm.datasets.times import MONTHS, moment

_MONTH = (
    rf"(?:{'|'.join(MONTHS).lower()}"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:1\d{3}|20\d\d)"
_WHOLE = (
    rf"{_DAY} (?:of )?{_MONTH},? {_YEAR}", rf"{_MONTH} {_DAY},? {_YEAR}",
    rf"{_YEAR}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?", r"\d{1,2}[./]\d{1,2}[./]\d{4}",
)  # fmt: skip
_DATED = (
    *_WHOLE, rf"{_MONTH},? (?:of )?{_YEAR}", rf"{_DAY} (?:of )?{_MONTH}", rf"{_MONTH} {_DAY}\b(?! ?\d)",
    r"\d{1,2}(?:st|nd|rd|th)[- ]centur(?:y|ies)(?: (?:BCE?|AD|CE))?",
    r"AD \d{1,4}", r"\d{1,4} (?:BCE?|AD|CE)",
)  # fmt: skip
_YEARS = rf"{_YEAR}(?:s\b|\s?[-\u2013/]\s?{_YEAR}\b)?"
TIME = re.compile(rf"(?<![\w.,/-])(?:{'|'.join(_DATED)}|{_YEARS})(?![\w%]|[.,/]\d)", re.IGNORECASE)
"""A time. A number of four digits may be a year."""
DATE = re.compile(rf"(?<![\w.,/-])(?:{'|'.join(_DATED)})(?!\w|[.,/]\d)", re.IGNORECASE)
"""A time that is no mere year."""
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({_MONTH})|\b({_MONTH}) (\d{{1,2}})\b(?! ?\d)", re.IGNORECASE
)
_ENTRY = re.compile(rf"(?:{'|'.join(_DATED)})[.:]?", re.IGNORECASE)
_DAYS = re.compile(rf"(?<![\w.,/-])(?:{'|'.join(_WHOLE)})(?!\w|[.,/]\d)", re.IGNORECASE)


def days_in(text: str) -> frozenset[date]:
    """The whole dates in a text; one that may be read in two ways is none."""
    told = (moment(re.sub(r"\bof ", "", match[0])) for match in _DAYS.finditer(text))
    return frozenset(one.date() for one in told if one is not None)


def day_months(text: str) -> frozenset[tuple[str, str]]:
    """The days of months in a text, whatever the year: ("16", "jun") of "on 16 June"."""
    found = _DAY_MONTH.finditer(text)
    return frozenset(((one[1] or one[4]).lstrip("0"), (one[2] or one[3])[:3].lower()) for one in found)


def is_date(sentence: str) -> bool:
    """Whether a sentence is a mere date, as entries of a diary begin: "19 May 2021."."""
    return _ENTRY.fullmatch(sentence) is not None
