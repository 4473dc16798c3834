"""What the columns of a row say of its time."""

from collections.abc import Mapping
from typing import Any

from rsvlm.datasets.times import month_number, whole

from .nothing import is_empty

TIME = ("datetime", "date", "time", "timestamp", "year")


def time_of(row: Mapping[str, Any]) -> Any:
    """What a row says of its time, for `moment`: a date, or a year with the month and day in columns beside it.

    Args:
        row: Values by names in lower case.
    """
    told = next((row[name] for name in TIME[:-1] if not is_empty(row.get(name))), None)
    if told is not None or is_empty(row.get("year")):
        return told
    parts = [whole(row["year"])]
    for name in ("month", "day"):
        if is_empty(row.get(name)):
            break
        value = whole(row[name])
        month = month_number(value.lower()[:3]) if name == "month" and value.isalpha() else None
        parts.append(str(month or value).zfill(2))
    return "-".join(parts)
