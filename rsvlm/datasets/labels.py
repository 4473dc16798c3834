"""The labels of a column: names, several names, or numbers that stand for names."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rsvlm.vocabularies.class_lists import plain_name

from .errors import DatasetError

NONE = "none of these"
"""The label of an image that shows none of the classes."""

SEVERAL = ";"
"""Between the labels of one image in a csv."""

_WHOLE = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)
"""A number that counts classes; pandas writes 3.0 where another row has none."""


def distinct_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names, sorted; of those that labels are matched by alike (Sea Lake, sea_lake) the first."""
    found: dict[str, str] = {}
    for name in sorted(set(names)):
        found.setdefault(plain_name(name), name)
    return tuple(found.values())


def label_names(
    values: Sequence[Any], classes: Sequence[str] | None, place: str
) -> tuple[tuple[str, ...], ...]:
    """Return the class names of each image.

    Args:
        values: A name, several with ";" between them, a list of names, or, instead of names, numbers from 0; 3.0
            is 3, and None, an empty text and NaN are no label.
        classes: What the numbers stand for, in the data set's own order.
        place: The file, for messages.

    Raises:
        DatasetError: Numbers without `classes`, or beyond them.
    """
    rows = [tuple(part for part in parts_of(value) if part.lower() != "nan") for value in values]
    if not _are_numbers([part for row in rows for part in row]):
        return tuple(rows)
    rows = [tuple(part.partition(".")[0] for part in row) for row in rows]
    if classes and _are_numbers(classes):
        return tuple(rows)
    if classes is None:
        raise DatasetError(
            f"{place}: its labels are numbers, and nothing says what they stand for: put a classnames.txt beside it, "
            "a name a line in the order of the numbers"
        )
    return tuple(tuple(_named(part, classes, place) for part in row) for row in rows)


def parts_of(value: Any) -> tuple[str, ...]:
    """The labels of one image: a list of them, or a text with ";" between them; "none of these" is none."""
    if value is None:
        return ()
    parts = value if isinstance(value, list | tuple) else str(value).split(SEVERAL)
    return tuple(name for part in parts if (name := str(part).strip()) and name.lower() != NONE)


def _are_numbers(parts: Sequence[str]) -> bool:
    return bool(parts) and all(_WHOLE.fullmatch(part) for part in parts)


def _named(part: str, classes: Sequence[str], place: str) -> str:
    if int(part) >= len(classes):
        raise DatasetError(
            f"{place}: has the label {part}, but only {len(classes)} class names (0 to {len(classes) - 1})"
        )
    return classes[int(part)]
