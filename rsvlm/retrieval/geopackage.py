"""Rows as GeoPackage: one file that QGIS and databases open, with an index by place."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from .errors import RetrievalError
from .geoparquet import GEOMETRY, wkb
from .rows import footprints

_JSON = json.JSONEncoder(ensure_ascii=False)
_VERSION = "1.2"
"""Of GeoPackage: what GDAL before 3.7 reads without a warning, too."""
_ROOM = 2**20
"""Bytes without which nothing can be written."""


def check_writable(path: Path) -> None:
    """See whether what writes GeoPackage is there.

    Raises:
        RetrievalError: It is not.
    """
    try:
        import pyogrio  # noqa: F401
    except ImportError as error:
        raise RetrievalError(f"writing {path.name} needs pyogrio: pip install 'rsvlm[vector]'") from error


def write_geopackage(tables: Iterable[pa.Table], schema: pa.Schema, file: Path, layer: str) -> None:
    """Write rows as one layer in EPSG:4326, handed on table by table; lists become JSON text.

    Args:
        tables: With the columns of `rows.SCHEMA`; others may stand beside them.
        schema: Of each of them.
        file: What is written, whatever its name ends with.
        layer: What the layer is called.

    Raises:
        OSError: It cannot be written.
    """
    import pyogrio

    failed: list[BaseException] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for table in tables:
                yield from _encoded(table).to_batches()
        except BaseException as error:  # the stream would tell that there was one, and not which
            failed.append(error)
            raise

    whole = _encoded(schema.empty_table()).schema
    # GDAL wants the name to end with .gpkg, and SQLite puts files of its own beside it
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f"{file.name}.") as folder:
        made = Path(folder) / f"{layer}.gpkg"
        try:
            pyogrio.write_arrow(
                pa.RecordBatchReader.from_batches(whole, batches()), str(made), layer=layer, driver="GPKG",
                geometry_name=GEOMETRY, geometry_type="Unknown", crs="EPSG:4326", dataset_options={"VERSION": _VERSION},
            )  # fmt: skip
        except RuntimeError as error:  # all errors of pyogrio are
            if failed:
                raise failed[0] from None
            if shutil.disk_usage(folder).free < _ROOM:  # the last word of SQLite is about a transaction
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise OSError(str(error)) from error
        made.replace(file)


def _encoded(table: pa.Table) -> pa.Table:
    """Rows as a layer has them: lists as JSON text, and footprints beside them."""
    shapes = footprints(table)
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [None if items is None else _JSON.encode(items) for items in table[index].to_pylist()]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table.append_column(GEOMETRY, wkb(shapes))
