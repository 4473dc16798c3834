"""Areas to search in, and places that labels belong to: from GeoJSON, and other files that pyogrio opens."""

import json
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from .errors import RetrievalError

_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326")
Feature = dict[str, Any]
"""A "geometry" in degrees (shapely), and "properties"."""
Area = Any
"""A shapely geometry, GeoJSON as a dict, or a GeoSeries or GeoDataFrame of geopandas."""


def geometry_of(area: Area) -> BaseGeometry:
    """Return an area as one geometry in degrees.

    Args:
        area: Shapely geometries and GeoJSON are in degrees; what geopandas has is brought there from its CRS, if it
            has one.

    Raises:
        RetrievalError: It is something else.
    """
    if isinstance(area, BaseGeometry):
        return area
    try:
        if isinstance(area, dict):
            return shapely.union_all([shape(one["geometry"]) for one in _features(area) if one["geometry"]])
        series = area.geometry if area.crs is None else area.geometry.to_crs(4326)
        return shapely.union_all(list(series))
    except (ValueError, TypeError, LookupError, AttributeError, shapely.errors.ShapelyError):
        raise RetrievalError(
            f"area is a {type(area).__name__}: give a shapely geometry, GeoJSON as a dict, a GeoSeries or a "
            "GeoDataFrame; rsvlm.retrieval.areas.read_area reads files"
        ) from None


def read_area(path: Path) -> BaseGeometry:
    """Return all geometries of a file as one, in degrees (WGS84).

    Args:
        path: GeoJSON, or what pyogrio opens (.gpkg, .fgb, .shp).

    Raises:
        RetrievalError: It cannot be read, holds no geometry or a broken one.
    """
    return shapely.union_all([feature["geometry"] for feature in read_features(path)])


def read_features(path: Path) -> list[Feature]:
    """Return the features of a file that have a geometry, in degrees (WGS84).

    Raises:
        RetrievalError: It cannot be read, or holds no geometry or a broken one.
    """
    if path.is_dir():
        raise RetrievalError(f"{path}: is a folder; name a file with polygons")
    in_degrees = path.suffix.casefold() in (".geojson", ".json")
    read = _geojson if in_degrees else _others
    found = [feature for feature in read(path) if not feature["geometry"].is_empty]
    if not found:
        raise RetrievalError(f"{path}: holds no geometry")
    for feature in found:
        geometry = feature["geometry"]
        if not geometry.is_valid:
            raise RetrievalError(
                f"{path}: a geometry crosses itself ({shapely.is_valid_reason(geometry)}); mend it"
            )
        west, south, east, north = geometry.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            why = (
                "GeoJSON is in degrees (WGS84)"
                if in_degrees
                else "the CRS that it names is not its own; set that"
            )
            raise RetrievalError(f"{path}: reaches {west:g},{south:g},{east:g},{north:g} degrees: {why}")
    return found


def _geojson(path: Path) -> list[Feature]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))
        crs = json.dumps(content.get("crs"))
        found = [
            {"geometry": shape(one["geometry"]), "properties": dict(one.get("properties") or {})}
            for one in _features(content)
            if one["geometry"]
        ]
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
    if crs != "null" and not any(name in crs for name in _DEGREES):
        raise RetrievalError(f"{path}: is in {crs[:100]}; write it in longitude and latitude (EPSG:4326)")
    return found


def _features(content: Any) -> list[Any]:
    if content["type"] == "FeatureCollection":
        return list(content["features"])
    return [content if content["type"] == "Feature" else {"geometry": content}]


def _others(path: Path) -> list[Feature]:
    """Features of any vector file with one layer, brought to degrees from where its CRS has them."""
    try:
        import pyogrio
        import pyproj
    except ImportError as error:
        raise RetrievalError(f"reading {path.name} needs pyogrio: pip install 'rsvlm[vector]'") from error
    try:
        layers = [name for name, _ in pyogrio.list_layers(str(path))]
        if len(layers) > 1:
            raise RetrievalError(
                f"{path}: has the layers {', '.join(layers)}; save the one that is meant by itself"
            )
        meta, table = pyogrio.read_arrow(str(path))
        if meta["crs"] is None:
            raise RetrievalError(f"{path}: does not say in which CRS it is")
        geometries = shapely.from_wkb(table[meta["geometry_name"] or "wkb_geometry"].to_pylist())
        to_degrees = pyproj.Transformer.from_crs(meta["crs"], "EPSG:4326", always_xy=True)
    except (OSError, ValueError, RuntimeError, shapely.errors.ShapelyError) as error:
        if isinstance(error, RetrievalError):
            raise
        raise RetrievalError(f"{path}: cannot be read ({error})") from None

    rows = table.drop_columns([meta["geometry_name"] or "wkb_geometry"]).to_pylist()
    return [
        {"geometry": shapely.transform(geometry, to_degrees.transform, interleaved=False), "properties": row}
        for geometry, row in zip(geometries, rows, strict=True)
        if geometry is not None
    ]
