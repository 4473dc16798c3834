"""Files of rows: CSV, TSV, JSON, JSON lines, GeoJSON, parquet and vector files; row by row where the form allows it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RagError
from .csvrows import csv_rows
from .jsonrows import json_rows, row_of
from .rowwords import Row
from .shapes import SHAPES, geometry_of, is_binary, placed, shape_rows
from .source import Note
from .text import encoding_of

if TYPE_CHECKING:
    import pyarrow as pa

CSV = (".csv", ".tsv", ".tab")
LINES = (".jsonl", ".ndjson", ".geojsonl", ".geojsons")
JSON = (".json", ".geojson")

_LONGEST_LINE = 2**22
"""Letters of a line of a table or of JSON lines."""

_BATCH = 100
"""Rows of Parquet that are read at a time."""
_LARGEST_BATCH = 2**26
"""Bytes of the values of one batch."""
_LARGEST_GROUP = 2**30
"""Bytes of a column of a row group, once it is unpacked."""
_LONGEST_MEAN = 2**14
"""Bytes of a row in a column, where these are more than a batch may have."""

_FIRST = 2**16
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` keeps them."""


def read_rows(path: Path, note: Note) -> Iterator[Row]:
    """The rows of a file, by its ending.

    Args:
        path: The file.
        note: Takes lines that are no rows.

    Raises:
        RagError: It cannot be read.
    """
    ending = path.suffix.lower()
    if ending in JSON:
        return json_rows(path, note)
    if ending in LINES:
        return _json_lines(path, note)
    if ending in SHAPES:
        return shape_rows(path, note)
    return _csv_rows(path, note) if ending in CSV else _parquet_rows(path, note)


def encoding(path: Path) -> tuple[str, str | None]:
    """The encoding of a file of lines by its beginning, and a note where it is no Unicode's."""
    with path.open("rb") as file:
        start = file.read(_FIRST)
    name = encoding_of(start, whole=len(start) < _FIRST)
    if name in (None, "utf-8") and b"\0" in start:
        raise RagError("is no text")
    return (name, None) if name else ("cp1252", "is no UTF-8; read as cp1252")


def _text_lines(path: Path, note: Note) -> Iterator[str]:
    name, guessed = encoding(path)
    if guessed:
        note("", guessed)
    odd = "surrogateescape" if name == "utf-8" else "replace"
    with path.open(encoding=name, errors=odd, newline="") as file:
        while line := file.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                raise RagError(f"has a line of more than {_LONGEST_LINE >> 20} MiB")
            if odd == "surrogateescape" and _ESCAPED.search(line):
                if not guessed:
                    note("", guessed := "has lines that are no UTF-8; these are read as cp1252")
                line = line.encode("utf-8", odd).decode("cp1252", "replace")
            yield line


def _json_lines(path: Path, note: Note) -> Iterator[Row]:
    number = 0
    for line in _text_lines(path, note):
        if not line.strip(" \t\r\n\x1e"):
            continue
        number += 1
        try:
            yield from row_of(json.loads(line.strip(" \t\r\n\x1e")), number, note)
        except (ValueError, RecursionError) as error:
            note(f"row {number}", f"is no JSON ({error})")
            yield {}


def _csv_rows(path: Path, note: Note) -> Iterator[Row]:
    return csv_rows((line.replace("\0", "") for line in _text_lines(path, note)), note)


def _parquet_rows(path: Path, note: Note) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            unread = {one.name for one in file.schema_arrow if is_binary(one.type)}
            _refuse_huge_groups(file.metadata, unread)
            texts = [one.path for one in map(file.schema.column, range(len(file.schema))) if _is_text(one)]
        # as dictionaries, where a value that a million rows share is there once
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            shape, to_degrees = geometry_of(file.schema_arrow, note) or ("", None)
            kept = [one.name for one in file.schema_arrow if one.name == shape or not is_binary(one.type)]
            for batch in file.iter_batches(_BATCH, columns=kept):
                if sum(map(_bytes_of, batch.columns)) > _LARGEST_BATCH:
                    raise RagError(
                        f"has more than {_LARGEST_BATCH >> 20} MiB in {_BATCH} rows; cut their texts"
                    )
                yield from placed(batch, shape, to_degrees)
    except RagError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RagError(f"is no parquet file that can be read ({error})") from None


def _is_text(column: Any) -> bool:
    return bool(column.physical_type == "BYTE_ARRAY" and column.logical_type.type == "STRING")


def _refuse_huge_groups(told: Any, unread: set[str]) -> None:
    """Refuse a file by what it says of itself, before anything is unpacked: a few kB can hold gigabytes.

    Columns of bytes, such as images, are not read, and may be large.
    """
    for number in range(told.num_row_groups):
        group = told.row_group(number)
        most = min(max(_LARGEST_BATCH, _LONGEST_MEAN * group.num_rows), _LARGEST_GROUP)
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema not in unread and column.total_uncompressed_size > most:
                raise RagError(
                    f"has {column.total_uncompressed_size >> 20} MiB of {column.path_in_schema} in "
                    f"{group.num_rows} rows: write it with shorter values, or fewer rows in a group"
                )


def _bytes_of(values: "pa.Array") -> int:
    """Bytes of all texts in a column as rows would have them, without making these."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
            return 0
        return pc.sum(pc.binary_length(values.dictionary).take(values.indices)).as_py() or 0
    if is_binary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.sum(pc.binary_length(values)).as_py() or 0
    if pa.types.is_map(kind):
        return _bytes_of(values.keys) + _bytes_of(values.items)
    if pa.types.is_struct(kind):
        return sum(map(_bytes_of, values.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _bytes_of(values.flatten())
    return 0
