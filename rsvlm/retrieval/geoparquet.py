"""Rows as GeoParquet 1.1 (https://geoparquet.org): parquet with footprints, for GIS, databases and programs."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from rsvlm.imagery.boxes import Shapes

from .rows import footprints

GEOMETRY, BOUNDS = "geometry", "bbox"
"""Columns that are added: WKB, and the box around it, by which readers pass over what is far away."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_BOUNDS = pa.struct([(corner, pa.float64()) for corner in _CORNERS])


def write_geoparquet(tables: Iterable[pa.Table], schema: pa.Schema, file: Path) -> None:
    """Write rows with their footprints, a row group a table.

    Args:
        tables: With the columns of `rows.SCHEMA`; others may stand beside them.
        schema: Of each of them.
        file: What is written.
    """
    whole = schema.append(pa.field(GEOMETRY, pa.binary())).append(pa.field(BOUNDS, _BOUNDS))
    kinds: set[str] = set()
    extents = []
    with pq.ParquetWriter(file, whole, compression="zstd") as writer:
        for table in tables:
            shapes = footprints(table)
            placed = shapes[shapely.is_geometry(shapes)]
            if len(placed):
                kinds.update(shape.geom_type for shape in placed)
                extents.append(shapely.total_bounds(placed))
            table = table.append_column(whole.field(GEOMETRY), wkb(shapes))
            writer.write_table(table.append_column(whole.field(BOUNDS), _bounds(shapes)))
        writer.add_key_value_metadata({"geo": json.dumps(_geo(kinds, extents))})


def wkb(shapes: Shapes) -> pa.Array:
    """Shapes as well-known binary, null where there is none."""
    return pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())


def _bounds(shapes: Shapes) -> pa.Array:
    """Boxes around shapes; of one across the antimeridian it spans all longitudes, so that no reader misses it."""
    corners = [pa.array(corner) for corner in shapely.bounds(shapes).reshape(-1, 4).T]
    nowhere = pa.array(~shapely.is_geometry(shapes))
    return pa.StructArray.from_arrays(corners, fields=list(_BOUNDS), mask=nowhere)


def _geo(kinds: set[str], extents: list[Any]) -> dict[str, Any]:
    """What the format wants to be told; without a CRS it means longitude and latitude in WGS84."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(kinds),
        "orientation": "counterclockwise",
        "covering": {"bbox": {corner: [BOUNDS, corner] for corner in _CORNERS}},
    }
    if extents:
        corners = np.array(extents)
        column["bbox"] = [*corners[:, :2].min(axis=0).tolist(), *corners[:, 2:].max(axis=0).tolist()]
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
