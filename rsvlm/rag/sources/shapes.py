"""Rows with geometries: GeoPackage, FlatGeobuf, shapefiles and GeoParquet, their places brought to degrees."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsvlm.vectorfiles import name_to_open

from ..errors import RagError
from .places import BOX, SHAPE, around
from .rowwords import Row
from .source import Note

if TYPE_CHECKING:
    import pyarrow as pa
    from pyproj import Transformer

SHAPES = (".gpkg", ".fgb", ".shp")
BESIDE = (".dbf", ".prj", ".cpg", ".shx")
"""Endings of the files that a shapefile consists of, beside its own."""


def shape_rows(path: Path, note: Note) -> Iterator[Row]:
    """The rows of all layers of a vector file, with the places of their geometries.

    Raises:
        RagError: It cannot be read, or pyogrio (extra `vector`) is not installed.
    """
    try:
        name = name_to_open(path, SHAPES)
    except ValueError as error:
        raise RagError(str(error)) from None
    try:
        import pyogrio
        import shapely
    except ImportError:
        raise RagError("needs pyogrio: pip install 'rsvlm[vector]'") from None
    try:
        for layer, _ in pyogrio.list_layers(name):
            with pyogrio.open_arrow(name, layer=layer, use_pyarrow=True) as (meta, batches):
                to_degrees = _to_degrees(meta["crs"], note, f"layer {layer}")
                geometry = meta["geometry_name"] or "wkb_geometry"
                for batch in batches:
                    yield from placed(batch, geometry, to_degrees)
    except (OSError, ValueError, RuntimeError, shapely.errors.ShapelyError) as error:
        raise RagError(f"cannot be read ({error})") from None


def geometry_of(schema: "pa.Schema", note: Note) -> tuple[str, "Transformer | None"] | None:
    """The column of GeoParquet that holds geometries, and what brings it to degrees; None: there is none in WKB."""
    try:
        told = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        name = told.get("primary_column", "")
        column = told.get("columns", {}).get(name, {})
        if column.get("encoding") != "WKB" or name not in schema.names:
            return None
        return name, _to_degrees(column.get("crs", "OGC:CRS84"), note, "")
    except (ValueError, AttributeError, TypeError):
        note("", "says of its geometries what cannot be read; it is taken without places")
        return None


def placed(batch: "pa.RecordBatch", geometry: str, to_degrees: "Transformer | None") -> Iterator[Row]:
    """The rows of a batch, with a box in degrees in place of a column of geometries in WKB."""
    import shapely

    names = [one.name for one in batch.schema if one.name != geometry and not is_binary(one.type)]
    rows = _in_full(batch.select(names)).to_pylist()
    if to_degrees is None or geometry not in batch.schema.names:
        yield from rows
        return
    found = shapely.from_wkb(batch.column(geometry).to_pylist(), on_invalid="ignore")
    for row, shape in zip(rows, found, strict=True):
        # what a row says itself of where it is may be in metres
        yield {name: value for name, value in row.items() if name.lower() not in (*BOX, *SHAPE)} | _place(
            shape, to_degrees
        )


def _in_full(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """A batch whose numbers of 32 bits are as they were written: 0.1, and not 0.10000000149011612."""
    import pyarrow as pa

    columns = [
        column.cast(pa.string()).cast(pa.float64()) if pa.types.is_float32(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def is_binary(kind: "pa.DataType") -> bool:
    """Whether values of a type are bytes, which say nothing to a reader."""
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _place(shape: Any, to_degrees: "Transformer") -> dict[str, Any]:
    import shapely

    if shape is None or shape.is_empty:
        return {}
    points = shapely.get_coordinates(shape)
    lons, lats = (one.tolist() for one in to_degrees.transform(points[:, 0], points[:, 1]))
    try:
        return {"geometry": around(lons, lats)}
    except RagError:  # whoever reads the row says so of it
        return {"geometry": [min(lons), min(lats), max(lons), max(lats)]}


def _to_degrees(crs: Any, note: Note, where: str) -> "Transformer | None":
    """What brings places of a CRS to degrees, as text or PROJ's JSON; None, and a note: it is not said, or none."""
    import pyproj

    if crs is None:
        note(where, "does not say in which CRS it is; it is taken without places")
        return None
    try:
        return pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError:
        note(where, "is in a CRS that is not known; it is taken without places")
        return None
