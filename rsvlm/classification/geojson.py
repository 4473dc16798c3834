"""Predictions as GeoJSON (RFC 7946): WGS84, a feature a chip, rings cut at the antimeridian."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.polygon import orient

from rsvlm.imagery import Grid, ImageryError
from rsvlm.imagery.boxes import split_at_antimeridian

from .cells import finite, map_items

DIGITS = 7
"""Of a degree: a centimetre."""
_STRAIGHT = 1e-7
"""Degrees within which a corner of an outline is left out."""


def write_features(tables: Iterable[pa.Table], path: Path, grids: Mapping[str, Grid]) -> None:
    """Write rows as one FeatureCollection, a feature a line.

    Args:
        tables: Rows with `image`, the window (`x, y, width, height`) and the box (`west, south, east, north`).
        path: The file.
        grids: Pixel grids by `image`; for an image that is none of them, a feature is the row's box.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        border = "\n"
        for table in tables:
            for row in _rows(table):
                feature = {"type": "Feature", "geometry": _geometry(row, grids), "properties": row}
                file.write(border + json.dumps(feature, ensure_ascii=False, allow_nan=False))
                border = ",\n"
        file.write("\n]}\n")


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as JSON holds them: no NaN, and 0.93 rather than 0.9300000071525574."""
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(index, field.name, _decimal(table[index]))
        elif pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type):
            table = table.set_column(index, field.name, map_items(table[index], _decimal))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _decimal(values: pa.Array) -> pa.Array:
    """Numbers as the shortest decimals that mean them."""
    return finite(values).cast(pa.string()).cast(pa.float64())


def _geometry(row: Mapping[str, Any], grids: Mapping[str, Grid]) -> dict[str, Any] | None:
    """The outline of a chip, None where it has no place."""
    west, south, east, north = (row[side] for side in ("west", "south", "east", "north"))
    grid = grids.get(row["image"])
    if grid is not None and grid.crs is not None and row["width"]:
        try:
            outline = grid.window(row["x"], row["y"], row["width"], row["height"]).footprint()
            return _polygons(outline.simplify(_STRAIGHT))
        except ImageryError:  # reaches past what the CRS describes; such a row has no box either
            return None
    if None in (west, south, east, north):
        return None
    return _polygons(_box(west, south, east, north))


def _box(west: float, south: float, east: float, north: float) -> Polygon | MultiPolygon:
    parts = [box(*part) for part in split_at_antimeridian((west, south, east, north))]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _polygons(outline: Polygon | MultiPolygon) -> dict[str, Any]:
    """A geometry whose outer rings run anticlockwise (RFC 7946, 3.1.6)."""
    if isinstance(outline, MultiPolygon):
        # parts that meet, at a pole, would share an edge once they are rounded: this joins them
        outline = shapely.set_precision(outline, 10.0**-DIGITS)
    parts = [_rings(part) for part in getattr(outline, "geoms", [outline])]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _rings(polygon: Polygon) -> list[list[list[float]]]:
    turned = orient(polygon)
    return [
        [[round(lon, DIGITS), round(lat, DIGITS)] for lon, lat in ring.coords]
        for ring in (turned.exterior, *turned.interiors)
    ]
