"""Places as people write them."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.imagery.grid import BBox

from ..errors import RagError
from .nothing import is_empty

LONGITUDE = ("lon", "longitude", "lng", "long")
LATITUDE = ("lat", "latitude")
BOX = ("bbox", "bounds")
SHAPE = ("geometry", "wkt", "geom", "the_geom")
EDGES = ("west", "south", "east", "north")

_LONGEST_WKT = 2**20


def place_of(row: Mapping[str, Any]) -> BBox | None:
    """The place that a row tells, by any of the columns above; None: it tells none.

    Args:
        row: Values by names in lower case.

    Raises:
        RagError: It tells one that there cannot be.
    """
    for name in (*BOX, *SHAPE):
        if not is_empty(value := row.get(name)):
            return box_of(value)
    if all(name in row and not is_empty(row[name]) for name in EDGES):
        return checked([row[name] for name in EDGES])
    lon = next((row[name] for name in LONGITUDE if not is_empty(row.get(name))), None)
    lat = next((row[name] for name in LATITUDE if not is_empty(row.get(name))), None)
    return None if lon is None or lat is None else checked([lon, lat])


def box_of(value: Any) -> BBox | None:
    """A place: [lon, lat], [west, south, east, north], the same as text, WKT, or a geometry of GeoJSON.

    Raises:
        RagError: It is none of these, or not in degrees.
    """
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in "[{":
            try:
                return box_of(json.loads(text))
            except (ValueError, RecursionError):
                raise RagError(f"place {text[:60]!r} is no JSON") from None
        if text[:1].isalpha():
            return _box_of_wkt(text)
        return checked(re.split(r"[\s,;]+", text))
    if isinstance(value, Mapping):
        if "type" in value:
            return _box_of_shape(value)
        return place_of({str(name).lower(): one for name, one in value.items()})
    if isinstance(value, Sequence):
        return checked(value)
    raise RagError(f"place {str(value)[:60]!r} is neither coordinates nor a geometry")


def checked(numbers: Sequence[Any]) -> BBox:
    """Two or four numbers of degrees as a box.

    Raises:
        RagError: They are not that.
    """
    told = ", ".join(str(one) for one in numbers[:6])[:80]
    try:
        found = [float(one) for one in numbers]
    except (TypeError, ValueError, OverflowError):
        raise RagError(f"place {told!r} is no numbers of degrees") from None
    if len(found) == 6:  # with heights, RFC 7946
        found = [found[0], found[1], found[3], found[4]]
    if len(found) == 3:
        found = found[:2]
    if len(found) == 2:
        found = found * 2
    if len(found) != 4 or not all(map(math.isfinite, found)):
        raise RagError(f"place {told!r}: give longitude and latitude, or west, south, east, north")
    west, south, east, north = found
    if abs(west) > 360 or abs(east) > 360 or not -90 <= south <= north <= 90:
        raise RagError(f"place {told!r} is not in degrees, longitude first")
    if east - west >= 360:  # all around the earth: 0 and 360 are the same meridian, and no box between them
        return -180.0, south, 180.0, north
    return _within(west), south, _within(east), north


def around(lons: Sequence[float], lats: Sequence[float]) -> BBox:
    """The box around points; across the antimeridian where that is narrower by far.

    Raises:
        RagError: They are not in degrees.
    """
    west, east = min(lons), max(lons)
    if east - west > 180:
        beyond, before = [lon for lon in lons if lon < 0], [lon for lon in lons if lon >= 0]
        if beyond and before and max(beyond) + 360 - min(before) < 180:
            west, east = min(before), max(beyond)
    return checked([west, min(lats), east, max(lats)])


def _within(lon: float) -> float:
    """A longitude of -360..360 as one of -180..180."""
    return lon - math.copysign(360, lon) if abs(lon) > 180 else lon  # exact, where a remainder is rounded


def _box_of_wkt(text: str) -> BBox | None:
    import shapely

    if len(text) > _LONGEST_WKT:
        raise RagError(f"place of {len(text)} letters is too long to be read")
    try:
        return _bounds(shapely.from_wkt(re.sub(r"(?i)^srid=4326;", "", text)))
    except (shapely.errors.ShapelyError, ValueError, RecursionError):
        raise RagError(f"place {text[:60]!r} is no WKT") from None


def _box_of_shape(value: Mapping[str, Any]) -> BBox | None:
    import shapely
    from shapely.geometry import shape

    if value["type"] == "Feature":
        return None if value.get("geometry") is None else box_of(value["geometry"])
    try:
        return _bounds(shape(value))
    except RagError:
        raise
    except (shapely.errors.ShapelyError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise RagError(f"place of type {str(value['type'])[:40]!r} is no geometry of GeoJSON") from None


def _bounds(geometry: Any) -> BBox | None:
    import shapely

    if geometry is None or geometry.is_empty:
        return None
    points = shapely.get_coordinates(geometry)
    return around(points[:, 0].tolist(), points[:, 1].tolist())
