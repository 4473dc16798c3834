"""Which rows a search may find: by place, time, resolution, label and licence."""

import math
import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rsvlm.imagery.boxes import box_shapes, split_at_antimeridian
from rsvlm.imagery.grid import BBox

from .areas import Area, geometry_of
from .errors import RetrievalError
from .exact import Mask
from .rows import EDGES
from .snapshot import Snapshot

NOMINAL = 0.005
"""Share by which a ground sample distance may be off what was asked: a pixel of 10 m measures 9.99 to 10.004 m, by
where it lies in its UTM zone."""
BETWEEN = "; "
"""Between the licences of one row."""
_MOMENT = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](.+))?)?)?")


@dataclass(frozen=True, eq=False)
class Filter:
    """What all hits must be. A row that does not know what is asked of it is not found.

    Attributes:
        bbox: West, south, east, north in degrees (WGS84): footprints that touch it; west > east crosses the
            antimeridian.
        area: Footprints that touch it: a shapely geometry in degrees, one of GeoJSON as a dict, or a GeoSeries or
            GeoDataFrame of geopandas; kept as a shapely geometry.
        start: ISO 8601, as much of it as matters: "2023", "2023-09", "2023-09-14T02:11:00Z". Not before.
        end: Not after; "2023" lasts to the end of the year.
        gsd: Least and largest ground sample distance in metres, each with half a percent to spare.
        labels: Rows that have one of these, whatever their case.
        licences: Rows with one of these, whatever their case; of a row with several licences one is enough (in a
            folder: Milvus finds it by all of them together).

    Raises:
        RetrievalError: A place, time or number that there cannot be.
    """

    bbox: BBox | None = None
    area: Area | None = None
    start: str | datetime | None = None
    end: str | datetime | None = None
    gsd: tuple[float | None, float | None] | None = None
    labels: Sequence[str] = ()
    licences: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("labels", "licences"):
            given = getattr(self, name)
            if not isinstance(given, Iterable):
                raise RetrievalError(f"{name} {given!r}: give texts")
            # kept as they are: of a generator nothing is left after the check
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
            if wrong := [one for one in getattr(self, name) if not isinstance(one, str)]:
                raise RetrievalError(f"{name} {wrong[0]!r}: give texts")
        if self.bbox is not None:
            _check_bbox(self.bbox)
        if self.area is not None:
            object.__setattr__(self, "area", geometry_of(self.area))
        if self.area is not None and (self.area.is_empty or not self.area.is_valid):
            raise RetrievalError(f"area: is empty or crosses itself ({shapely.is_valid_reason(self.area)})")
        first, last = self.moments
        if first and last and first > last:
            raise RetrievalError(f"start {self.start} is after end {self.end}")
        if self.gsd is not None and not (isinstance(self.gsd, tuple | list) and len(self.gsd) == 2):
            raise RetrievalError(f"gsd {self.gsd!r}: give the least and the largest: (5, 10), or (None, 10)")
        low, high = self.gsd or (None, None)
        if any(
            end is not None and not (isinstance(end, Real) and not math.isnan(end)) for end in (low, high)
        ):
            raise RetrievalError(f"gsd {low} to {high}: give numbers, or leave an end out")
        if low is not None and high is not None and low > high:
            raise RetrievalError(f"gsd {low:g} to {high:g}: give the least first")

    @property
    def boxes(self) -> list[BBox]:
        """The bbox as boxes that do not cross the antimeridian: none, one or two."""
        return [] if self.bbox is None else split_at_antimeridian(self.bbox)

    @property
    def resolutions(self) -> tuple[float | None, float | None]:
        """The least and the largest ground sample distance, with room for what is nominally at an end."""
        low, high = self.gsd or (None, None)
        return None if low is None else low * (1 - NOMINAL), None if high is None else high * (1 + NOMINAL)

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last moment, in UTC."""
        return _moment(self.start, last=False), _moment(self.end, last=True)

    @property
    def told(self) -> str:
        """What is asked for, in words; empty where nothing is."""
        low, high = self.gsd or (None, None)
        parts = [
            self.bbox is not None and f"a place in {','.join(f'{edge:g}' for edge in self.bbox)}",
            self.area is not None and "a place in the area",
            self.start is not None and f"a time from {self.start}",
            self.end is not None and f"a time to {self.end}",
            low is not None and f"{low:g} m a pixel or more",
            high is not None and f"{high:g} m a pixel or less",
            bool(self.labels) and f"the label {' or '.join(self.labels)}",
            bool(self.licences) and f"the licence {' or '.join(self.licences)}",
        ]
        return ", ".join(part for part in parts if part)

    def mask(self, snapshot: Snapshot) -> Mask | None:
        """Return (size,) which rows may be found; None where all may."""
        found: list[Mask] = []
        if self.bbox is not None:
            found.append(touches(_edges(snapshot), [shapely.box(*box) for box in self.boxes]))
        if self.area is not None:
            found.append(touches(_edges(snapshot), [self.area]))
        if self.start is not None or self.end is not None:
            found.append(_within(snapshot, *self.moments))
        if self.gsd is not None:
            found.append(_between(snapshot, self.resolutions))
        if self.labels:
            found.append(_labelled(snapshot, self.labels))
        if self.licences:
            found.append(_licensed(snapshot, self.licences))
        return np.logical_and.reduce(found) if found else None


def mask_of(filter: Filter | None, snapshot: Snapshot) -> Mask | None:
    """Return (size,) which rows a filter lets through; None where all may be found.

    Raises:
        RetrievalError: It is something else.
    """
    if filter is None:
        return None
    if not isinstance(filter, Filter):
        raise RetrievalError(f"filter is a {type(filter).__name__}: give a rsvlm.retrieval.Filter")
    return filter.mask(snapshot)


def _check_bbox(bbox: BBox) -> None:
    if not isinstance(bbox, Iterable) or len(bbox) != 4 or not all(isinstance(edge, Real) for edge in bbox):
        raise RetrievalError(f"bbox {bbox}: give west, south, east, north in degrees")
    west, south, east, north = bbox
    if not np.isfinite(bbox).all() or not (-90 <= south <= north <= 90):
        raise RetrievalError(f"bbox {bbox}: give west, south, east, north in degrees, south first")
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise RetrievalError(
            f"bbox {bbox}: longitudes lie in -180..180; west > east crosses the antimeridian"
        )


def touches(edges: Sequence[NDArray[np.float64]], shapes: Sequence[BaseGeometry]) -> Mask:
    """Return (n,) which footprints have a point in common with one of the shapes, as `ST_Intersects` of PostGIS has it.

    Args:
        edges: West, south, east and north of each, NaN where it is not known.
        shapes: In degrees.
    """
    west, south, east, north = edges
    found = np.zeros(len(west), bool)
    for shape in shapes:
        shapely.prepare(shape)
        left, low, right, high = shape.bounds
        # most rows are far away: compare numbers before making polygons
        beside = np.where(west <= east, (west <= right) & (east >= left), (west <= right) | (east >= left))
        near = np.flatnonzero(beside & (south <= high) & (north >= low))
        footprints = box_shapes(west[near], south[near], east[near], north[near])
        found[near[shapely.intersects(shape, footprints)]] = True
    return found


def _edges(snapshot: Snapshot) -> list[NDArray[np.float64]]:
    return [_floats(snapshot.column(name)) for name in EDGES]


def _within(snapshot: Snapshot, start: datetime | None, end: datetime | None) -> Mask:
    times = snapshot.column("datetime")
    found = _mask(pc.is_valid(times))
    if start is not None:
        found &= _mask(pc.greater_equal(times, pa.scalar(start, pa.timestamp("us", "UTC"))))
    if end is not None:
        found &= _mask(pc.less_equal(times, pa.scalar(end, pa.timestamp("us", "UTC"))))
    return found


def _between(snapshot: Snapshot, ends: tuple[float | None, float | None]) -> Mask:
    low, high = ends
    gsd = _floats(snapshot.column("gsd"))
    with np.errstate(invalid="ignore"):
        found = np.isfinite(gsd)
        if low is not None:
            found &= gsd >= low
        if high is not None:
            found &= gsd <= high
    return found


def _labelled(snapshot: Snapshot, labels: Sequence[str]) -> Mask:
    wanted = pc.utf8_lower(pa.array(labels, pa.string()))  # Python has another small letter for some
    found = [_has_one_of(chunk, wanted) for chunk in snapshot.column("labels").chunks]
    return np.concatenate([np.zeros(0, bool), *found])


def _has_one_of(column: pa.Array, wanted: pa.Array) -> Mask:
    """Which lists of labels have one of these."""
    found = np.zeros(len(column), bool)
    hits = _mask(pc.is_in(pc.utf8_lower(pc.list_flatten(column)), value_set=wanted))
    found[pc.list_parent_indices(column).to_numpy(zero_copy_only=False)[hits]] = True
    return found


def _licensed(snapshot: Snapshot, licences: Sequence[str]) -> Mask:
    wanted = {name.lower() for name in licences}
    found = []
    for chunk in snapshot.column("licence").chunks:  # all in one array might be more than that can hold
        texts = chunk.dictionary_encode()
        known = [text.lower() for text in texts.dictionary.to_pylist()]
        fitting = [place for place, text in enumerate(known) if wanted & {text, *text.split(BETWEEN)}]
        found.append(_mask(pc.is_in(texts.indices, value_set=pa.array(fitting, texts.indices.type))))
    return np.concatenate([np.zeros(0, bool), *found])


def _moment(given: str | datetime | None, *, last: bool) -> datetime | None:
    """A moment in UTC; of a year, month, day, hour or minute the first or the last one."""
    if given is None:
        return None
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    match = _MOMENT.fullmatch(str(given).strip())
    try:
        if match is None:
            raise ValueError
        year, month, day, time = match.groups()
        if time:
            found = datetime.fromisoformat(str(given).strip())
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            return found + _rest(time) if last else found
        first = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        if not last:
            return first
        last_month = int(month or 12)
        last_day = int(day or monthrange(first.year, last_month)[1])
        return datetime(first.year, last_month, last_day, 23, 59, 59, 999_999, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise RetrievalError(
            f"time {given!r}: give 2023, 2023-09, 2023-09-14 or 2023-09-14T02:11:00Z"
        ) from None


def _rest(time: str) -> timedelta:
    """What lies between the first and the last moment of an hour or a minute; a second is a moment."""
    clock = re.split(r"[Zz+-]", time)[0].replace(":", "")
    step = {2: timedelta(hours=1), 4: timedelta(minutes=1)}.get(len(clock))
    return timedelta() if step is None else step - timedelta(microseconds=1)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return cast(NDArray[np.float64], column.cast(pa.float64()).to_numpy(zero_copy_only=False))


def _mask(column: Any) -> Mask:
    """A column of booleans; null is false."""
    return cast(Mask, pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(bool))
