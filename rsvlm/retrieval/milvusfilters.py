"""Filters as expressions of Milvus."""

import math
from collections.abc import Iterable, Iterator

from rsvlm.imagery.grid import BBox

from .errors import RetrievalError
from .filters import Filter
from .milvusrows import lower, microseconds

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


def expression_of(filter: Filter | None) -> str:
    """Return what Milvus shall filter by; empty: nothing. Of an area only its bounding box is in it.

    Raises:
        RetrievalError: A number is none.
    """
    return " and ".join(f"({one})" for one in _conditions(filter or Filter()))


def _conditions(filter: Filter) -> Iterator[str]:
    if filter.bbox is not None:
        yield " or ".join(map(_touching, filter.boxes))
    if filter.area is not None:
        yield _touching(filter.area.bounds)
    start, end = (None if moment is None else microseconds(moment) for moment in filter.moments)
    yield from _between("time", start, end)
    if filter.gsd is not None:
        yield "gsd is not null"
        yield from _between("gsd", *filter.resolutions)
    if filter.labels:
        yield f"array_contains_any(labels, {_any_of(lower(filter.labels))})"
    if filter.licences:
        yield f"licence in {_any_of(lower(filter.licences))}"


def _touching(box: BBox) -> str:
    west, south, east, north = map(_number, box)
    return (
        f"south <= {north} and north >= {south} and ((west <= {east} and east >= {west})"
        f" or (crosses == true and (west <= {east} or east >= {west})))"
    )


def _between(field: str, low: float | None, high: float | None) -> Iterator[str]:
    if low is not None:
        yield f"{field} >= {_number(low)}"
    if high is not None:
        yield f"{field} <= {_number(high)}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise RetrievalError(f"{value:g}: give a number, or leave it out")
    return repr(value if isinstance(value, int) else float(value))


def ids_in(ids: Iterable[str], field: str = "id") -> str:
    """Rows by their primary keys, or by the ids of their images."""
    return f"{field} in {_any_of(ids)}"


def _any_of(texts: Iterable[str]) -> str:
    # Milvus has templates for this (filter_params), which Milvus Lite does not know
    return "[" + ", ".join(f'"{text.translate(_ESCAPED)}"' for text in texts) + "]"
