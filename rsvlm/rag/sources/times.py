"""Times as people write them."""

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from .nothing import is_empty

TIME = ("datetime", "date", "time", "timestamp", "year")

_MONTHS = [name.lower() for name in calendar.month_name]
_YEAR_MONTH = re.compile(r"(\d{4})(?:[-/](\d{1,2}))?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/-](\d{4})")
_CLOCK = r"(?:[ T]+(?P<clock>\d\d?:\d\d(?::\d\d)?))?"
_IN_NUMBERS = re.compile(rf"(?P<one>\d\d?)(?P<sign>[/.-])(?P<two>\d\d?)(?P=sign)(?P<year>\d{{4}}){_CLOCK}")
"""31/05/2019, 31.5.2019"""
_IN_WORDS = (
    re.compile(
        rf"(?:(?P<day>\d\d?)(?:st|nd|rd|th)?[ -]+)?(?P<month>[a-z]{{3,9}})\.?[ ,-]+(?P<year>\d{{4}}){_CLOCK}"
    ),
    re.compile(rf"(?P<month>[a-z]{{3,9}})\.? +(?P<day>\d\d?)(?:st|nd|rd|th)?,? +(?P<year>\d{{4}}){_CLOCK}"),
)
"""8 June 2019, Jan 2019; June 8, 2019"""


def time_of(row: Mapping[str, Any]) -> Any:
    """What a row says of its time, for `moment`: a date, or a year with the month and day in columns beside it.

    Args:
        row: Values by names in lower case.
    """
    told = next((row[name] for name in TIME[:-1] if not is_empty(row.get(name))), None)
    if told is not None or is_empty(row.get("year")):
        return told
    parts = [_whole(row["year"])]
    for name in ("month", "day"):
        if is_empty(row.get(name)):
            break
        value = _whole(row[name])
        month = _month(value.lower()[:3]) if name == "month" and value.isalpha() else None
        parts.append(str(month or value).zfill(2))
    return "-".join(parts)


def moment(value: Any) -> datetime | None:
    """A time: a datetime, date, year, year and month, a date in numbers or words, or ISO 8601; in UTC.

    None: it is none of these, or may be read in two ways: 05/06/2011 is in May or in June.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = " ".join(_whole(value).split())
    try:
        if short := _YEAR_MONTH.fullmatch(text):
            return datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
        if short := _MONTH_YEAR.fullmatch(text):
            return datetime(int(short[2]), int(short[1]), 1, tzinfo=UTC)
        found = datetime.fromisoformat(_in_iso(text) or text.replace("/", "-"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _in_iso(text: str) -> str:
    """A date in numbers or words as ISO 8601 has it; "": it is none, or not clear."""
    if told := _IN_NUMBERS.fullmatch(text):
        day, month = int(told["one"]), int(told["two"])
        if told["sign"] == "." or month == day or day > 12:
            pass  # with points, the day is first
        elif month > 12:
            day, month = month, day
        else:
            return ""
        return _iso(told, month, day)
    for form in _IN_WORDS:
        if (told := form.fullmatch(text.lower())) and (number := _month(told["month"])):
            return _iso(told, number, int(told["day"] or 1))
    return ""


def _iso(told: re.Match[str], month: int, day: int) -> str:
    return f"{told['year']}-{month:02}-{day:02}T{(told['clock'] or '00:00').zfill(5)}"


def _month(name: str) -> int | None:
    """The number of a month by its name, or what that begins with."""
    return next((number for number, whole in enumerate(_MONTHS) if number and whole.startswith(name)), None)


def _whole(value: Any) -> str:
    """A number as tables hold it, 6.0 too, or whatever else is there."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
