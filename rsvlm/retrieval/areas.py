"""Areas to search in: from shapely, GeoJSON, geopandas and files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from .errors import RetrievalError
from .features import check_degrees, geojson_features, read_features, wrapped

Area = Any
"""A shapely geometry, GeoJSON as a dict, or a GeoSeries or GeoDataFrame of geopandas."""


def geometry_of(area: Area) -> BaseGeometry:
    """Return an area as one geometry in degrees.

    Args:
        area: Shapely geometries and GeoJSON are in degrees; what geopandas has, and GeoJSON that names a CRS, is
            brought there. What lies beyond 180 is taken to the other side.

    Raises:
        RetrievalError: It is something else, or not in degrees.
    """
    found = _geometry_of(area)
    check_degrees(found, "area", "give degrees (WGS84), or a GeoSeries that knows its CRS")
    return found


def _geometry_of(area: Area) -> BaseGeometry:
    if isinstance(area, BaseGeometry):
        return wrapped(area)
    try:
        if isinstance(area, dict):
            return _united([one["geometry"] for one in geojson_features(area)])
        return _united(list(area.geometry if area.crs is None else area.geometry.to_crs(4326)))
    except RetrievalError as error:
        raise RetrievalError(f"area: {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError, shapely.errors.ShapelyError):
        raise RetrievalError(
            f"area is a {type(area).__name__}: give a shapely geometry, GeoJSON as a dict, a GeoSeries or a "
            "GeoDataFrame; rsvlm.retrieval.areas.read_area reads files"
        ) from None


def _united(shapes: Sequence[BaseGeometry | None]) -> BaseGeometry:
    for one in shapes:
        if one is not None and not one.is_valid:
            raise RetrievalError(f"a geometry crosses itself ({shapely.is_valid_reason(one)}); mend it")
    return wrapped(shapely.union_all(shapes))


def read_area(path: Path) -> BaseGeometry:
    """Return all geometries of a file as one, in degrees (WGS84).

    Args:
        path: GeoJSON, GeoParquet, or what pyogrio opens (.gpkg, .fgb, .shp).

    Raises:
        RetrievalError: It cannot be read, holds no geometry or a broken one.
    """
    return shapely.union_all([feature["geometry"] for feature in read_features(path)])
