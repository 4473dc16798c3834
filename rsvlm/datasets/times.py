"""Times as people write them."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
"""In English, whatever language the system speaks."""

_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/](\d{1,2}))?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/-](\d{4})")
_CLOCK = r"(?:[ T]+(?P<clock>\d\d?:\d\d(?::\d\d)?))?"
_IN_NUMBERS = re.compile(rf"(?P<one>\d\d?)(?P<sign>[/.-])(?P<two>\d\d?)(?P=sign)(?P<year>\d{{4}}){_CLOCK}")
"""31/05/2019, 31.5.2019"""
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<sign>[/.:-])(?P<month>\d\d?)(?P=sign)(?P<day>\d\d?){_CLOCK}")
"""2019/5/31; 2019:05:31 10:20:30, as EXIF has it"""
_IN_WORDS = (
    re.compile(
        rf"(?:(?P<day>\d\d?)(?:st|nd|rd|th)?[ -]+)?(?P<month>[a-z]{{3,9}})\.?[ ,-]+(?P<year>\d{{4}}){_CLOCK}"
    ),
    re.compile(rf"(?P<month>[a-z]{{3,9}})\.? +(?P<day>\d\d?)(?:st|nd|rd|th)?,? +(?P<year>\d{{4}}){_CLOCK}"),
)
"""8 June 2019, Jan 2019; June 8, 2019"""
_COUNTED = {10: 1, 13: 1000}
"""Digits of seconds, and of milliseconds, since 1970."""


def moment(value: Any, day_first: bool | None = None) -> datetime | None:
    """A time in UTC: a datetime, date, year, year and month, a date in numbers or words, ISO 8601, EXIF, Unix time.

    Args:
        value: What a table or a file says.
        day_first: Whether 05/06/2011 is in June; None: nobody knows.

    Returns:
        None where it is none of these, or may be read in two ways.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = " ".join(whole(value).split())
    try:
        if short := _YEAR_MONTH.fullmatch(text):
            return datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
        if short := _MONTH_YEAR.fullmatch(text):
            return datetime(int(short[2]), int(short[1]), 1, tzinfo=UTC)
        if text.isascii() and text.isdigit() and (unit := _COUNTED.get(len(text))):
            return datetime.fromtimestamp(int(text) / unit, UTC)
        found = datetime.fromisoformat(_in_iso(text, day_first) or text.replace("/", "-"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def names_no_day(value: Any) -> bool:
    """Whether a time that a table says is a year, or a year and month, of which `moment` gives the beginning."""
    text = " ".join(whole(value).split())
    words = _IN_WORDS[0].fullmatch(text.lower())
    return bool(
        _YEAR_MONTH.fullmatch(text)
        or _MONTH_YEAR.fullmatch(text)
        or (words and not words["day"] and not words["clock"])
    )


def day_first(values: Iterable[Any]) -> bool | None:
    """Whether dates such as 05/06/2011 have the day first, by those beside them: 31/05/2011 has.

    Returns:
        None where none of them tells, or they contradict each other.
    """
    told = set()
    for value in values:
        found = _IN_NUMBERS.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
        if found is not None and found["sign"] != ".":
            one, two = int(found["one"]), int(found["two"])
            if max(one, two) > 12:
                told.add(one > 12)
    return told.pop() if len(told) == 1 else None


def month_number(name: str) -> int | None:
    """The number of a month by its name, or what that begins with."""
    return next((number for number, full in enumerate(MONTHS, 1) if full.lower().startswith(name)), None)


def whole(value: Any) -> str:
    """A number as tables hold it, 6.0 too, or whatever else is there."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _in_iso(text: str, day_first: bool | None) -> str:
    """A date in numbers or words as ISO 8601 has it; "": it is none, or not clear."""
    if told := _IN_NUMBERS.fullmatch(text):
        day, month = int(told["one"]), int(told["two"])
        if told["sign"] == "." or month == day or day > 12 or (day_first and month <= 12):
            pass  # with points, the day is first
        elif month > 12 or day_first is False:
            day, month = month, day
        else:
            return ""
        return _iso(told, month, day)
    if told := _YEAR_FIRST.fullmatch(text):
        return _iso(told, int(told["month"]), int(told["day"]))
    for form in _IN_WORDS:
        if (told := form.fullmatch(text.lower())) and (number := month_number(told["month"])):
            return _iso(told, number, int(told["day"] or 1))
    return ""


def _iso(told: re.Match[str], month: int, day: int) -> str:
    clock = told["clock"] or "00:00"
    return f"{told['year']}-{month:02}-{day:02}T{clock if clock[2] == ':' else f'0{clock}'}"
