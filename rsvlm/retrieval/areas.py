"""Areas to search in, from GeoJSON."""

import json
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from .errors import RetrievalError


def read_area(path: Path) -> BaseGeometry:
    """Return all geometries of a GeoJSON file as one, in degrees as the format has them (RFC 7946).

    Raises:
        RetrievalError: It cannot be read, is no GeoJSON, or holds no geometry or a broken one.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        found = [shape(geometry) for geometry in _geometries(content)]
    except OSError as error:
        raise RetrievalError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        shapely.errors.ShapelyError,
    ) as error:
        raise RetrievalError(f"{path}: is no GeoJSON with polygons ({error})") from None
    if not found:
        raise RetrievalError(f"{path}: holds no geometry")
    if broken := [one for one in found if not one.is_valid]:
        raise RetrievalError(
            f"{path}: a geometry crosses itself ({shapely.is_valid_reason(broken[0])}); mend it"
        )
    west, south, east, north = shapely.union_all(found).bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise RetrievalError(
            f"{path}: reaches {west:g},{south:g},{east:g},{north:g}: GeoJSON is in degrees (WGS84)"
        )
    return shapely.union_all(found)


def _geometries(content: Any) -> list[Any]:
    if content["type"] == "FeatureCollection":
        return [geometry for feature in content["features"] for geometry in _geometries(feature)]
    if content["type"] == "Feature":
        return [content["geometry"]] if content["geometry"] else []
    return [content]
