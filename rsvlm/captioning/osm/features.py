"""Features with OpenStreetMap-like columns from GeoJSON, GeoPackage and FlatGeobuf, by pyogrio."""

from pathlib import Path
from typing import Any

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.attributes import BAGS, ID_COLUMNS, column_keys, read_ids, read_tags
from rsvlm.captioning.osm.collect import FeatureCollector
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.table import ObjectTable
from rsvlm.captioning.osm.tags import TagSorter
from rsvlm.vectorfiles import name_to_open

VECTOR = (".geojson", ".gpkg", ".fgb")

_BATCH = 10_000


def read_features(path: Path, extents: Extents, sorter: TagSorter) -> ObjectTable:
    """Read features in any CRS, of all layers that have geometry and a column that can hold tags.

    Args:
        path: A file with one of the endings of `VECTOR`.
        extents: Only features that touch these are kept.
        sorter: Chooses the tags.

    Raises:
        CaptioningError: pyogrio is not installed, or the file cannot be read or holds no feature or no tags.
    """
    try:
        import pyogrio
        from pyogrio.errors import DataLayerError, DataSourceError
    except ImportError as error:
        raise CaptioningError(f"reading {path.name} needs pyogrio: pip install 'rsvlm[vector]'") from error
    try:
        name = name_to_open(path, VECTOR)
    except ValueError as error:
        raise CaptioningError(f"{path} {error}") from None
    collector = FeatureCollector(path, extents, sorter)
    try:
        for layer, geometry in pyogrio.list_layers(name).tolist():
            if geometry is not None:
                _read_layer(pyogrio, name, layer, collector, sorter)
    except (DataSourceError, DataLayerError, RuntimeError, ValueError) as error:
        if isinstance(error, CaptioningError):
            raise
        raise CaptioningError(
            f"{path} cannot be read as features ({' '.join(str(error).split())})"
        ) from error
    return collector.finish()


def _read_layer(pyogrio: Any, name: str, layer: str, collector: FeatureCollector, sorter: TagSorter) -> None:
    info = pyogrio.read_info(name, layer=layer)
    fields = list(info["fields"])
    if not collector.admits(fields, max(info["features"], 0)):
        return
    wanted = column_keys(fields, sorter.keys).keys() | {*BAGS, *ID_COLUMNS}
    columns = [field for field in fields if field in wanted]
    options = {"layer": layer, "columns": columns, "batch_size": _BATCH, "use_pyarrow": True}
    with pyogrio.raw.open_arrow(name, **options) as (meta, batches):
        geometry = meta["geometry_name"] or "wkb_geometry"
        for batch in batches:
            table = _table(batch)
            tags, ids = read_tags(table, sorter.keys), read_ids(table)
            collector.add(table[geometry].to_pylist(), meta["crs"], tags, ids, layer)


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])
