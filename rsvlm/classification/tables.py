"""Predictions as files: parquet, CSV or GeoJSON, a batch at a time."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from rsvlm.files import atomic_write
from rsvlm.imagery import Grid

from .cells import finite, map_items
from .errors import ClassificationError
from .geojson import write_features
from .result import SCHEMA

FORMATS = (".parquet", ".csv", ".geojson")
"""Endings of files that predictions can be written to."""

_ROW_GROUP = 65_536
"""Rows that are held in memory, and that a reader of parquet gets at a time."""


def check_output(path: Path) -> None:
    """See to it, before any work, that predictions can be written to a file of this name.

    Raises:
        ClassificationError: The ending is none of `FORMATS`, or it is a folder.
    """
    if path.suffix.lower() not in FORMATS:
        raise ClassificationError(
            f"{path}: predictions are written as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}: "
            "end the name in one of these"
        )
    if path.is_dir():
        raise ClassificationError(f"{path} is a folder: name a file in it")


def write_predictions(
    batches: pa.Table | Iterable[pa.RecordBatch], path: Path, *, grids: Mapping[str, Grid] | None = None
) -> int:
    """Write predictions in the format that the file's ending names, in bounded memory.

    - .parquet: the columns as they are.
    - .csv: UTF-8, a line a row, an empty cell where there is nothing. The items of a list are joined by `;`; a `;`
      or backslash in an item has a backslash before it.
    - .geojson: RFC 7946, a feature a row with all columns as properties. A row without a place has no geometry.

    Args:
        batches: Rows with the columns of `result.SCHEMA`; others may stand beside them.
        path: What is written, whole or not at all.
        grids: The images' pixel grids by the column `image`. With them features are the true outlines of the chips;
            without, their boxes in longitude and latitude.

    Returns:
        How many rows were written.

    Raises:
        ClassificationError: The ending names no format.
    """
    check_output(path)
    rows = _Counted(batches.to_batches() if isinstance(batches, pa.Table) else batches)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        if path.suffix.lower() == ".parquet":
            _write_parquet(rows, temporary)
        elif path.suffix.lower() == ".csv":
            _write_csv(rows, temporary)
        else:
            write_features(rows, temporary, grids or {})
    return rows.count


class _Counted:
    """Batches gathered into larger ones, and how many rows went by."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self.count = 0
        self._batches = batches

    def __iter__(self) -> Iterator[pa.Table]:
        held: list[pa.RecordBatch] = []
        for batch in self._batches:
            held.append(batch)
            self.count += batch.num_rows
            if sum(one.num_rows for one in held) >= _ROW_GROUP:
                yield pa.Table.from_batches(held)
                held = []
        if held or not self.count:
            yield pa.Table.from_batches(held) if held else SCHEMA.empty_table()


def _write_parquet(tables: Iterable[pa.Table], path: Path) -> None:
    first, rest = _first(tables)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for table in rest:
            writer.write_table(table)


def _write_csv(tables: Iterable[pa.Table], path: Path) -> None:
    first, rest = _first(map(_flat, tables))
    with pyarrow.csv.CSVWriter(path, first.schema) as writer:
        for table in rest:
            writer.write_table(table)


def _first(tables: Iterable[pa.Table]) -> tuple[pa.Table, Iterator[pa.Table]]:
    """The first table, which has the schema of all, and all of them."""
    rest = iter(tables)
    first = next(rest)

    def whole() -> Iterator[pa.Table]:
        yield first
        yield from rest

    return first, whole()


def _flat(table: pa.Table) -> pa.Table:
    """A table whose cells are text or numbers: lists joined, NaN as nothing."""
    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            joined = pc.binary_join(map_items(table[index], _marked), ";")
            table = table.set_column(index, field.name, joined)
        elif pa.types.is_floating(field.type):
            table = table.set_column(index, field.name, finite(table[index]))
    return table


def _marked(items: pa.Array) -> pa.Array:
    """Items of lists as text, with a backslash before what would be taken for a border."""
    if pa.types.is_floating(items.type):
        items = finite(items)
    texts = pc.fill_null(items.cast(pa.string()), "")
    return pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), ";", "\\;")
