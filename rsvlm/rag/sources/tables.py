"""Files of rows: CSV, TSV, JSON, JSON lines, GeoJSON, parquet and vector files; row by row where the form allows it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import RagError
from .csvrows import csv_rows
from .jsonrows import json_rows, row_of
from .rowwords import Row
from .shapes import SHAPES, geometry_of, is_binary, placed, shape_rows
from .source import Note
from .text import encoding_of

CSV = (".csv", ".tsv", ".tab")
LINES = (".jsonl", ".ndjson", ".geojsonl", ".geojsons")
JSON = (".json", ".geojson")

_LONGEST_LINE = 2**22
"""Letters of a line of a table or of JSON lines."""

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
            shape, to_degrees = geometry_of(file.schema_arrow, note) or ("", None)
            kept = [one.name for one in file.schema_arrow if one.name == shape or not is_binary(one.type)]
            for batch in file.iter_batches(1000, columns=kept):
                yield from placed(batch, shape, to_degrees)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RagError(f"is no parquet file that can be read ({error})") from None
