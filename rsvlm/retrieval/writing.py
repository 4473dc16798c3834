"""Hits and rows as files: for maps, spreadsheets, databases and programs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from rsvlm.files import atomic_write, is_disk_full

from .errors import RetrievalError
from .geopackage import check_writable, write_geopackage
from .geoparquet import write_geoparquet
from .hits import Hits
from .textfiles import features, write_csv, write_geojson

ENDINGS = (".gpkg", ".geojson", ".parquet", ".csv")


def check_output(path: Path) -> None:
    """See to it, before any work, that a file of this name can be written.

    Raises:
        RetrievalError: It ends with none of `ENDINGS`, is a folder or in none, or needs what isn't installed.
    """
    if path.suffix.lower() not in ENDINGS:
        raise RetrievalError(f"{path}: write {', '.join(ENDINGS)}")
    if path.is_dir():
        raise RetrievalError(f"{path}: is a folder: name a file in it")
    if not path.parent.is_dir():
        raise RetrievalError(f"{path}: cannot be written (there is no folder {path.parent})")
    if path.suffix.lower() == ".gpkg":
        check_writable(path)


def write_hits(hits: Hits, path: Path) -> None:
    """Write hits, in the format that the name of the file ends with.

    .gpkg is GeoPackage (a layer `hits`), .parquet GeoParquet: the columns as they are, and the footprints beside them.

    Raises:
        RetrievalError: It ends with none that there is, or cannot be written.
    """
    write_tables([hits.table], hits.table.schema, path, "hits")


def write_tables(tables: Iterable[pa.Table], schema: pa.Schema, path: Path, layer: str) -> None:
    """Write tables one after the other, in the format that the name of the file ends with, whole or not at all.

    Args:
        tables: With the columns of `rows.SCHEMA`; others may stand beside them.
        schema: Of each of them.
        path: The file.
        layer: What they are called in a GeoPackage.

    Raises:
        RetrievalError: The file ends with none that there is, or cannot be written.
    """
    check_output(path)
    ending = path.suffix.lower()
    try:
        with atomic_write(path) as temporary:
            if ending == ".gpkg":
                write_geopackage(tables, schema, temporary, layer)
            elif ending == ".parquet":
                write_geoparquet(tables, schema, temporary)
            elif ending == ".csv":
                write_csv(tables, schema, temporary)
            else:
                write_geojson(tables, temporary)
    except OSError as error:
        reason = "the disk is full" if is_disk_full(error) else error.strerror or error
        raise RetrievalError(f"{path}: cannot be written ({reason})") from None


def feature_collection(hits: Hits) -> dict[str, Any]:
    """Return hits as GeoJSON (RFC 7946): footprints as polygons, points where that is all that is known.

    A footprint across the antimeridian is two polygons; a hit without a place has no geometry.
    """
    return {"type": "FeatureCollection", "features": list(features(hits.table))}
