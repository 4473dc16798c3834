"""JSON, GeoJSON and what else is written as JSON, as rows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from ..errors import RagError
from .rowwords import Row
from .source import Note
from .text import decoded, read_whole

LARGEST_JSON = 2**28
"""Bytes of a JSON file, which has to be held whole."""

_CRS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
_DEGREES = 4326
_LINKS = "links"
"""Where STAC and others say where else to look: no records, and no words."""


class Items(NamedTuple):
    """What a JSON file holds.

    Attributes:
        records: Its rows.
        beside: What an object says beside the lists of its records.
    """

    records: list[Any]
    beside: dict[str, Any]


def read_json(path: Path) -> Items:
    """The items of a JSON file: of a list, of the features of GeoJSON, or of an object.

    Raises:
        RagError: It is too large, no JSON, or none of these.
    """
    content = read_whole(path, LARGEST_JSON)
    try:
        found = json.loads(decoded(content)[0].removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise RagError(f"is no JSON ({error})") from None
    if isinstance(found, dict):
        return _items(found)
    if not isinstance(found, list):
        raise RagError("is no list of objects")
    return Items(found, {})


def json_rows(path: Path, note: Note) -> Iterator[Row]:
    """The rows of a JSON file; the last is what is said beside all of them.

    Raises:
        RagError: It cannot be read.
    """
    records, beside = read_json(path)
    for number, item in enumerate(records, 1):
        yield from row_of(item, number, note)
    if beside:
        yield beside


def row_of(item: Any, number: int, note: Note) -> Iterator[Row]:
    """An object as a row, with the properties of a feature beside its place; an empty one for what is none."""
    if not isinstance(item, dict):
        note(f"row {number}", "is no object")
        yield {}
    elif item.get("type") == "Feature":
        known = {"id": item["id"]} if "id" in item else {}
        properties = item.get("properties")
        place = {"geometry": item["geometry"]} if item.get("geometry") else {}
        yield {**known, **(properties if isinstance(properties, dict) else {}), **place}
    else:
        yield {name: value for name, value in item.items() if name != _LINKS or not _are_objects(value)}


def _items(found: dict[str, Any]) -> Items:
    """What an object holds: features, a table, lists of objects, objects by name, or groups of these, or itself."""
    if found.get("type") == "FeatureCollection":
        crs = json.dumps(found.get("crs"))
        if found.get("crs") and not any(name in crs for name in _CRS84):
            raise RagError(f"has places in {crs[:100]}; write it in longitude and latitude (EPSG:4326)")
        if not isinstance(found.get("features"), list):
            raise RagError("is no list of objects")
        return Items(found["features"], {})
    if found.get("type") == "Feature":
        return Items([found], {})
    features = found.get("features")
    if _are_objects(features) and all(isinstance(one.get("attributes"), dict) for one in features):
        return Items(list(_features_of_esri(found)), {})
    if (table := _table(found)) is not None:
        return Items(table, {})
    lists = {name for name, value in found.items() if name != _LINKS and _are_objects(value)}
    if lists:
        beside = {name: value for name, value in found.items() if name not in {*lists, _LINKS}}
        return Items([item for name in found if name in lists for item in found[name]], beside)
    groups = {name: value for name, value in found.items() if _are_named(value)}
    inner = [name for group in groups.values() for name in group]
    if groups and len(set(inner)) == len(inner):  # else the outer names tell them apart: years of one place
        beside = {name: value for name, value in found.items() if name not in groups}
        return Items(
            [{"id": name, **one} for group in groups.values() for name, one in group.items()], beside
        )
    if found and all(isinstance(value, dict) for value in found.values()):
        return Items([{"id": name, **value} for name, value in found.items()], {})
    return Items([found], {})


def _are_objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _are_named(value: Any) -> bool:
    """Whether it has several objects of one kind, each under its name: {"Elm Park": {"area": 14}, ...}."""
    if (
        not isinstance(value, dict)
        or len(value) < 2
        or not all(isinstance(one, dict) for one in value.values())
    ):
        return False
    return bool(set.intersection(*(set(one) for one in value.values())))


def _table(found: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of lists of values below a list of columns, as pandas splits a table; None: it is none."""
    names, rows = found.get("columns"), found.get("data")
    if not (isinstance(names, list) and isinstance(rows, list) and rows):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _features_of_esri(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The attributes of features as ArcGIS writes them, with their places where these are in degrees."""
    told = found.get("spatialReference")
    is_in_degrees = isinstance(told, dict) and told.get("wkid") == _DEGREES
    for feature in found["features"]:
        box = _box_of_esri(feature.get("geometry")) if is_in_degrees else None
        yield {**feature["attributes"], **({"geometry": box} if box else {})}


def _box_of_esri(shape: Any) -> list[float] | None:
    """The edges of a point, lines or polygons; whoever reads the row says whether there is such a place."""
    try:
        lines = [*(shape.get("paths") or []), *(shape.get("rings") or []), shape.get("points") or []]
        points = [point for line in lines for point in line] or [[shape["x"], shape["y"]]]
        lons, lats = [float(point[0]) for point in points], [float(point[1]) for point in points]
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return [min(lons), min(lats), max(lons), max(lats)]
