"""Features of vector files in degrees: GeoJSON, GeoParquet, and by pyogrio GeoPackage, FlatGeobuf and shapefiles."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from shapely.affinity import translate
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from rsvlm.vectorfiles import name_to_open

from .errors import RetrievalError

Feature = dict[str, Any]
"""A "geometry" in degrees (shapely; None where `read_features` was asked for what has none), and "properties"."""

_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326")
_WRONG = (
    ValueError, TypeError, KeyError, AttributeError, RecursionError, shapely.errors.ShapelyError,
)  # fmt: skip
"""What a file that is not what its name says leads to."""


def read_features(path: Path, *, unplaced: bool = False) -> list[Feature]:
    """Return the features of a file that have a geometry, in degrees (WGS84).

    Args:
        path: The file.
        unplaced: Also those that have none, or an empty one.

    Raises:
        RetrievalError: It cannot be read, or holds no geometry or a broken one.
    """
    if path.is_dir():
        raise RetrievalError(f"{path}: is a folder; name a file with polygons")
    kind = path.suffix.casefold()
    read = {".geojson": _geojson, ".json": _geojson, ".parquet": _parquet}.get(kind, _others)
    features = read(path)
    found = [one for one in features if one["geometry"] is not None and not one["geometry"].is_empty]
    if not found and not unplaced:
        raise RetrievalError(f"{path}: holds no geometry")
    for feature in found:
        if not feature["geometry"].is_valid:
            raise RetrievalError(
                f"{path}: a geometry crosses itself ({shapely.is_valid_reason(feature['geometry'])}); mend it"
            )
        feature["geometry"] = wrapped(feature["geometry"])
        is_json = read is _geojson
        why = "GeoJSON is in degrees (WGS84)" if is_json else "the CRS that it names is not its own; set that"
        check_degrees(feature["geometry"], str(path), why)
    return features if unplaced else found


def check_degrees(geometry: BaseGeometry, what: str, why: str) -> None:
    """Refuse a geometry that reaches beyond the earth, as one in metres does.

    Raises:
        RetrievalError: It does.
    """
    west, south, east, north = geometry.bounds
    if not geometry.is_empty and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise RetrievalError(f"{what}: reaches {west:g},{south:g},{east:g},{north:g} degrees: {why}")


def wrapped(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry in degrees with what lies beyond 180 or -180 where it is on the other side."""
    west, _, east, _ = geometry.bounds
    if geometry.is_empty or not geometry.is_valid or -180 <= west <= east <= 180 or west < -360 or east > 360:
        return geometry
    if geometry.geom_type == "GeometryCollection":  # points, lines and polygons, of which none may be lost
        return shapely.union_all([wrapped(part) for part in shapely.get_parts(geometry)])
    parts = []
    for turn in (-360, 0, 360):
        part = shapely.intersection(geometry, shapely.box(turn - 180, -1000, turn + 180, 1000))
        if shapely.get_dimensions(part) == shapely.get_dimensions(geometry):  # else it only touches the edge
            parts.append(translate(part, -turn))
    return shapely.union_all(parts)


def geojson_features(content: Any) -> list[Feature]:
    """Return the features of GeoJSON that have a geometry, in degrees.

    Files of before 2016 may name a CRS, in which they are.

    Raises:
        RetrievalError: It names a CRS that is not known.
        ValueError, TypeError, KeyError, AttributeError: It is no GeoJSON.
    """
    return [feature for feature in _all_features(content) if feature["geometry"] is not None]


def _all_features(content: Any) -> list[Feature]:
    features = (
        content["features"]
        if content["type"] == "FeatureCollection"
        else [content if content["type"] == "Feature" else {"geometry": content}]
    )
    found = [
        {
            "geometry": shape(one["geometry"]) if one["geometry"] else None,
            "properties": dict(one.get("properties") or {}),
        }
        for one in features
    ]
    crs = content.get("crs")
    told = json.dumps(crs)
    if crs is None or any(name in told for name in _DEGREES):
        return found
    try:
        named = pyproj.CRS.from_user_input(crs["properties"]["name"])
    except (*_WRONG, pyproj.exceptions.CRSError):
        raise RetrievalError(
            f"is in {told[:100]}, which is not known; write it in longitude and latitude (EPSG:4326)"
        ) from None
    shapes = _in_degrees([feature["geometry"] for feature in found], named)
    return [feature | {"geometry": one} for feature, one in zip(found, shapes, strict=True)]


def _geojson(path: Path) -> list[Feature]:
    try:
        return _all_features(json.loads(path.read_text("utf-8-sig")))
    except OSError as error:
        raise RetrievalError(f"{path}: cannot be read ({error.strerror or error})") from None
    except RetrievalError as error:
        raise RetrievalError(f"{path}: {error}") from None
    except _WRONG as error:
        raise RetrievalError(f"{path}: is no GeoJSON with polygons ({error})") from None


def _parquet(path: Path) -> list[Feature]:
    """Features of GeoParquet whose geometries are well-known binary, as all that rsvlm writes."""
    try:
        with pq.ParquetFile(path) as opened:
            table = opened.read()
        told = json.loads((table.schema.metadata or {}).get(b"geo", b"null"))
        if told is None:
            raise RetrievalError(f"{path}: is parquet without places: give GeoParquet")
        name = told["primary_column"]
        column = told["columns"][name]
        if column["encoding"] != "WKB":
            raise RetrievalError(f"{path}: has its places as {column['encoding']}; write them as WKB")
        beside = {corner[0] for corner in column.get("covering", {}).get("bbox", {}).values()}
        return _features(path, table, name, column.get("crs", "OGC:CRS84"), beside)
    except RetrievalError:
        raise
    except (OSError, pa.ArrowException, pyproj.exceptions.CRSError, *_WRONG) as error:
        raise RetrievalError(f"{path}: cannot be read ({error})") from None


def _others(path: Path) -> list[Feature]:
    """Features of another vector file, of which one layer has geometries, brought to degrees by its CRS."""
    try:
        name = name_to_open(path, (".gpkg", ".fgb", ".shp"))
    except ValueError as error:
        raise RetrievalError(f"{path}: {error}") from None
    except OSError as error:
        raise RetrievalError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        import pyogrio
    except ImportError as error:
        raise RetrievalError(f"reading {path.name} needs pyogrio: pip install 'rsvlm[vector]'") from error
    try:
        listed = pyogrio.list_layers(name)
        # QGIS saves how a layer looks as a table beside it, which has no geometry
        layers = [layer for layer, geometry in listed if geometry is not None] or [one[0] for one in listed]
        if len(layers) > 1:
            raise RetrievalError(
                f"{path}: has the layers {', '.join(layers)}; save the one that is meant by itself"
            )
        meta, table = pyogrio.read_arrow(name, layer=layers[0] if layers else None)
        return _features(path, table, meta["geometry_name"] or "wkb_geometry", meta["crs"], set())
    except RetrievalError:
        raise
    except (OSError, RuntimeError, pyproj.exceptions.CRSError, *_WRONG) as error:
        raise RetrievalError(f"{path}: cannot be read ({error})") from None


def _features(path: Path, table: pa.Table, name: str, crs: Any, beside: set[str]) -> list[Feature]:
    """Features of a table: its column of geometries, and the others but for those that belong to it."""
    if crs is None:
        raise RetrievalError(f"{path}: does not say in which CRS it is")
    shapes = _in_degrees(shapely.from_wkb(table[name].to_pylist()), pyproj.CRS.from_user_input(crs))
    rows = table.drop_columns([name, *sorted(beside & {*table.column_names})]).to_pylist()
    return [{"geometry": one, "properties": row} for one, row in zip(shapes, rows, strict=True)]


def _in_degrees(shapes: Sequence[BaseGeometry | None], crs: pyproj.CRS) -> list[BaseGeometry | None]:
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return [
        None if one is None else shapely.transform(one, to_degrees.transform, interleaved=False)
        for one in shapes
    ]
