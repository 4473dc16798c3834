"""Hits as files: GeoJSON for maps, csv for spreadsheets, parquet for programs."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rsvlm.shards import atomic_write

from .errors import RetrievalError
from .hits import Hits

ENDINGS = (".geojson", ".csv", ".parquet")


def write_hits(hits: Hits, path: Path) -> None:
    """Write hits, in the format that the name of the file ends with.

    Raises:
        RetrievalError: It ends with none that there is, or cannot be written.
    """
    if path.suffix.lower() not in ENDINGS:
        raise RetrievalError(f"{path}: write {', '.join(ENDINGS)}")
    try:
        with atomic_write(path) as temporary:
            if path.suffix.lower() == ".parquet":
                pq.write_table(hits.table, temporary)
            elif path.suffix.lower() == ".csv":
                temporary.write_bytes(_csv(hits).encode("utf-8"))
            else:
                text = json.dumps(feature_collection(hits), ensure_ascii=False, allow_nan=False)
                temporary.write_bytes(text.encode("utf-8") + b"\n")
    except OSError as error:
        raise RetrievalError(f"{path}: cannot be written ({error.strerror or error})") from None


def feature_collection(hits: Hits) -> dict[str, Any]:
    """Return hits as GeoJSON (RFC 7946): footprints as polygons, points where that is all that is known.

    A footprint across the antimeridian is two polygons; a hit without a place has no geometry.
    """
    return {"type": "FeatureCollection", "features": [_feature(row) for row in hits]}


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    edges = [row.pop(name) for name in ("west", "south", "east", "north")]
    geometry = None if None in edges else _geometry(*edges)
    return {"type": "Feature", "geometry": geometry, "properties": _plain(row)}


def _geometry(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    if (west, south) == (east, north):
        return {"type": "Point", "coordinates": [west, south]}
    if west <= east:
        return {"type": "Polygon", "coordinates": [_ring(west, south, east, north)]}
    halves = [[_ring(west, south, 180.0, north)], [_ring(-180.0, south, east, north)]]
    return {"type": "MultiPolygon", "coordinates": halves}


def _ring(west: float, south: float, east: float, north: float) -> list[Sequence[float]]:
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def _csv(hits: Hits) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(hits.table.column_names)
    for row in hits:
        writer.writerow(
            [
                "; ".join(map(str, value)) if isinstance(value, list) else value
                for value in _plain(row).values()
            ]
        )
    return text.getvalue()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {
        name: value.isoformat() if name == "datetime" and value is not None else value
        for name, value in row.items()
    }
