"""Hits and rows as text: GeoJSON for maps, csv for spreadsheets."""

import csv
import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from shapely.geometry import mapping

from .rows import EDGES, footprints

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_geojson(tables: Iterable[pa.Table], file: Path) -> None:
    """Write rows as one FeatureCollection (RFC 7946), a feature a line."""
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        opened.write('{"type": "FeatureCollection", "features": [')
        border = "\n"
        for table in tables:
            for feature in features(table):
                opened.write(border + _JSON.encode(feature))
                border = ",\n"
        opened.write("\n]}\n")


def features(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as features of GeoJSON; one without a place has no geometry."""
    columns = [name for name in table.column_names if name not in EDGES]
    for row, shape in zip(table.select(columns).to_pylist(), footprints(table), strict=True):
        geometry = None if shape is None else mapping(shape)
        yield {"type": "Feature", "geometry": geometry, "properties": _plain(row)}


def write_csv(tables: Iterable[pa.Table], schema: pa.Schema, file: Path) -> None:
    """Write rows as UTF-8 text, a line each; the items of a list are joined by `; `."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(schema.names)
        for table in tables:
            for row in table.to_pylist():
                writer.writerow(map(_cell, _plain(row).values()))


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as text can hold it."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    """Times as ISO 8601, and nothing in the place of NaN."""
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
