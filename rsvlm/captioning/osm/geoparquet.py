"""Features from GeoParquet: files with OpenStreetMap-like columns, and those of Overture Maps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.attributes import BAGS, ID_COLUMNS, column_keys, read_ids, read_tags
from rsvlm.captioning.osm.collect import FeatureCollector
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.overture import COLUMNS, SOURCE, overture_tags, overture_type
from rsvlm.captioning.osm.table import ObjectTable
from rsvlm.captioning.osm.tags import Tag, TagSorter

PARQUET = (".parquet", ".geoparquet")

_BATCH = 10_000


class _Geometry(NamedTuple):
    """The column with the geometry, and its CRS."""

    column: str
    crs: str | None


def read_geoparquet(path: Path, extents: Extents, sorter: TagSorter) -> ObjectTable:
    """Read features from a GeoParquet file with WKB geometry (https://geoparquet.org).

    Tags are columns named like OpenStreetMap keys, a `tags` column that holds them all (map, struct or JSON
    text), or, in files of Overture Maps, what `overture_tags` makes of `subtype` and `class`.

    Args:
        path: The file.
        extents: Only features that touch these are kept.
        sorter: Chooses the tags.

    Raises:
        CaptioningError: The file cannot be read, has no geometry that can be used, or holds no feature or no tags.
    """
    collector = FeatureCollector(path, extents, sorter)
    try:
        with pq.ParquetFile(path) as file:
            names = frozenset(file.schema_arrow.names)
            geometry = _geometry(path, file.schema_arrow)
            overture = overture_type(names, None)
            wanted = column_keys(names, sorter.keys).keys() | {geometry.column, *BAGS, *ID_COLUMNS}
            columns = sorted(names & (wanted | COLUMNS if overture else wanted))
            told = sorted(names - {geometry.column})
            is_read = overture or collector.admits(told, file.metadata.num_rows)
            for table in _batches(file, columns) if is_read else ():
                wkb = table[geometry.column].to_pylist()
                tags = _overture(table, wkb, names) if overture else read_tags(table, sorter.keys)
                collector.add(wkb, geometry.crs, tags, read_ids(table))
    except (OSError, pa.ArrowException) as error:
        raise CaptioningError(
            f"{path} cannot be read as GeoParquet ({' '.join(str(error).split())})"
        ) from error
    return collector.finish(dict(SOURCE) if overture else None)


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.Table]:
    for batch in file.iter_batches(_BATCH, columns=columns):
        yield pa.Table.from_batches([batch])


def _geometry(path: Path, schema: pa.Schema) -> _Geometry:
    try:
        told = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        column = told.get("primary_column", "geometry")
        own = told.get("columns", {}).get(column, {})
        encoding = own.get("encoding", "WKB")
        crs = own.get("crs", "OGC:CRS84")  # GeoParquet's default; null says that it is not known
    except (ValueError, AttributeError) as error:
        raise CaptioningError(f"{path}: the GeoParquet metadata cannot be read ({error})") from error
    if column not in schema.names:
        raise CaptioningError(f"{path} has no column {column!r} with geometry: it is no GeoParquet file")
    kind = schema.field(column).type
    if encoding != "WKB" or not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise CaptioningError(f"{path} holds geometry as {encoding} ({kind}): only WKB is read, write it so")
    return _Geometry(column, crs if isinstance(crs, str | None) else json.dumps(crs))


def _overture(table: pa.Table, wkb: list[Any], names: frozenset[str]) -> list[list[Tag]]:
    areal = shapely.get_dimensions(shapely.from_wkb(wkb, on_invalid="ignore")) == 2
    passed_on = read_tags(table.select([name for name in BAGS if name in table.column_names]), ())
    derived = [
        overture_tags(overture_type(names, row.get("type")) or "", row, bool(area))
        for row, area in zip(
            table.select(sorted(COLUMNS & set(table.column_names))).to_pylist(), areal, strict=True
        )
    ]
    return [list({**dict(own), **dict(given)}.items()) for own, given in zip(derived, passed_on, strict=True)]
