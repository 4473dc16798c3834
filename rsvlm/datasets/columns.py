"""Which column of a table holds what, whatever its author called it."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DatasetError
from .times import whole

IMAGE = (
    "image",
    "filepath",
    "file_path",
    "image_path",
    "path",
    "file",
    "filename",
    "file_name",
    "image_name",
)
LABEL = ("label", "labels", "class", "label_v1")
CAPTIONS = ("captions", "caption", "title_multi_objects", "title", "text")
LATITUDE, LONGITUDE = ("latitude", "lat"), ("longitude", "lon", "lng")
TIME = ("datetime", "timestamp", "date", "acquired", "acquisition_date", "time", "year")
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""How tables say that there is no number, and no time."""
GROUP = ("group", "scene", "location", "place")
_OF_LISTS = {tokenize.OP, tokenize.NEWLINE, tokenize.ENDMARKER}
"""What a list that Python wrote is made of, beside texts and ends of lines."""


def column_of(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Return the first of the wanted columns that is there, whatever its capitals."""
    found = {name.casefold(): name for name in reversed(names)} | {name: name for name in names}
    return next((found[name] for name in wanted if name in found), None)


def listed(cell: str) -> str | list[str]:
    """Return the texts of a cell that holds a list of them, as JSON or pandas write lists; else the cell itself."""
    if not cell.lstrip().startswith("["):
        return cell
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        found = _python_list(cell)
    is_list = isinstance(found, list) and all(isinstance(text, str) for text in found)
    return found if is_list else cell


def _python_list(cell: str) -> list[Any] | None:
    """The texts of ['a', 'b'], or of an array of NumPy, ['a' 'b'], which read as Python would be one text."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(cell.strip()).readline))
        kinds = {token.type for token in tokens} - {tokenize.STRING, tokenize.NL}
        signs = "".join(token.string for token in tokens if token.type == tokenize.OP)
        if kinds != _OF_LISTS or not cell.rstrip().endswith("]") or not re.fullmatch(r"\[,*\]", signs):
            return None
        return [ast.literal_eval(token.string) for token in tokens if token.type == tokenize.STRING]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None


def optional_columns(columns: Mapping[str, Sequence[Any]], place: str) -> dict[str, Any]:
    """Return what else `EvalSet` takes: captions, places, times, groups, and all columns of numbers as targets.

    Args:
        columns: Values by name, without images and labels.
        place: The file, for messages.

    Raises:
        DatasetError: A latitude or longitude is out of range.
    """
    names = list(columns)
    captions, time, group = (column_of(names, wanted) for wanted in (CAPTIONS, TIME, GROUP))
    return {
        "captions": None if captions is None else tuple(_texts(value) for value in columns[captions]),
        "places": _places(columns, place),
        "times": None if time is None else tuple(_text(value) for value in columns[time]),
        "groups": None if group is None else _groups(columns[group]),
        "targets": {name: found for name in names if (found := _numbers(columns[name])) is not None},
    }


def _groups(values: Sequence[Any]) -> tuple[str, ...]:
    """An item without a group is one by itself."""
    return tuple(
        f"(none) {row}" if value is None or not str(value).strip() else str(value)
        for row, value in enumerate(values)
    )


def _texts(value: Any) -> tuple[str, ...]:
    value = listed(value) if isinstance(value, str) else value
    given = value if isinstance(value, list | tuple) else [value]
    return tuple(str(text) for text in given if text is not None and str(text).strip())


def _text(value: Any) -> str | None:
    if _is_missing(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else whole(value)


def _places(columns: Mapping[str, Sequence[Any]], place: str) -> NDArray[np.float64] | None:
    longitude, latitude = column_of(list(columns), LONGITUDE), column_of(list(columns), LATITUDE)
    if longitude is None or latitude is None:
        return None
    east, north = _numbers(columns[longitude]), _numbers(columns[latitude])
    if east is None or north is None:
        for name in (longitude, latitude):
            for row, value in enumerate(columns[name], 1):
                if not _is_missing(value) and _numbers([value]) is None:
                    raise DatasetError(
                        f"{place}: row {row}: {name} {value!r} is no number of degrees: mend it, or leave it empty"
                    )
        return None
    places = np.stack([east, north], axis=1)
    wrong = np.flatnonzero((np.abs(places) > (360.0, 90.0)).any(axis=1))  # False for NaN
    if len(wrong):
        raise DatasetError(
            f"{place}: row {wrong[0] + 1}: {longitude} {east[wrong[0]]:g} and {latitude} {north[wrong[0]]:g} must be "
            "degrees, at most 360 and 90; are they swapped?"
        )
    return places


def _is_missing(value: Any) -> bool:
    return value is None or str(value).strip().casefold() in _MISSING


def _numbers(values: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return values as numbers, NaN where there is none; None where one is something else, or all are missing."""
    missing = [_is_missing(value) for value in values]
    if all(missing) or any(isinstance(value, list | tuple | dict | bool | bytes) for value in values):
        return None
    try:
        return np.array(
            [np.nan if gone else float(value) for value, gone in zip(values, missing, strict=True)]
        )
    except (TypeError, ValueError):
        return None
