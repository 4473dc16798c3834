"""Cells that hold nothing, and the ways in which tables say so."""

import re
from typing import Any

_SAYINGS = frozenset(
    ("nan", "NaN", "NAN", "null", "Null", "NULL", "None", "n/a", "N/A", "#N/A", "nodata", "NoData", "NODATA", "no data",
     "-", "--", "\u2013", "\u2014")
)  # fmt: skip
_NUMBERS = (-999, -9999, -99999, -32768)
"""What no sensor measures, and programs write where there is no value."""
_WRITTEN = re.compile(rf"(?:{'|'.join(map(str, _NUMBERS))})(?:\.0+)?")


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing, or says that there is no value."""
    if isinstance(value, str):
        said = value.strip()
        return not said or said in _SAYINGS or _WRITTEN.fullmatch(said) is not None
    if isinstance(value, int | float):
        return value in _NUMBERS or value != value  # NaN
    return value is None
