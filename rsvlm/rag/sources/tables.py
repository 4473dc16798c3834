"""Files of rows: CSV, TSV, JSON, JSON lines, GeoJSON, parquet and vector files; row by row where the form allows it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import RagError
from .csvrows import csv_rows
from .rows import Row
from .shapes import SHAPES, geometry_of, is_binary, placed, shape_rows
from .source import Note
from .text import decoded, encoding_of, read_whole

CSV = (".csv", ".tsv", ".tab")
LINES = (".jsonl", ".ndjson", ".geojsonl", ".geojsons")
JSON = (".json", ".geojson")

LARGEST_JSON = 2**28
"""Bytes of a JSON file, which has to be held whole."""

_LONGEST_LINE = 2**22
"""Letters of a line of a table or of JSON lines."""

_CRS84 = ("CRS84", "EPSG::4326", "EPSG:4326")
_FIRST = 2**16
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` keeps them."""


def read_json(path: Path) -> list[Any]:
    """The items of a JSON file: of a list, of the features of GeoJSON, or of a dict of dicts.

    Raises:
        RagError: It is too large, no JSON, or none of these.
    """
    content = read_whole(path, LARGEST_JSON)
    try:
        found = json.loads(decoded(content)[0].removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise RagError(f"is no JSON ({error})") from None
    if isinstance(found, dict):
        found = _listed(found)
    if not isinstance(found, list):
        raise RagError("is no list of objects")
    return found


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
        return _json_rows(path, note)
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


def _listed(found: dict[str, Any]) -> Any:
    """The items of an object: features of GeoJSON, the one list in it, or its values."""
    if found.get("type") == "FeatureCollection":
        crs = json.dumps(found.get("crs"))
        if found.get("crs") and not any(name in crs for name in _CRS84):
            raise RagError(f"has places in {crs[:100]}; write it in longitude and latitude (EPSG:4326)")
        return found.get("features")
    if found.get("type") == "Feature":
        return [found]
    lists = [value for value in found.values() if isinstance(value, list)]
    objects = [one for one in lists if one and all(isinstance(item, dict) for item in one)]
    if len(objects) == 1 or len(lists) == 1:
        return (objects or lists)[0]
    if found and all(isinstance(value, dict) for value in found.values()):
        return [{"id": name, **value} for name, value in found.items()]
    return [found]


def _json_rows(path: Path, note: Note) -> Iterator[Row]:
    for number, item in enumerate(read_json(path), 1):
        yield from _row(item, number, note)


def _row(item: Any, number: int, note: Note) -> Iterator[Row]:
    """An object as a row, with the properties of a feature beside its place; an empty one for what is none."""
    if not isinstance(item, dict):
        note(f"row {number}", "is no object")
        yield {}
    elif item.get("type") == "Feature":
        known = {"id": item["id"]} if "id" in item else {}
        properties = item.get("properties")
        place = {"geometry": item["geometry"]} if item.get("geometry") else {}
        yield {**known, **(properties if isinstance(properties, dict) else {}), **place}
    else:
        yield item


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
            yield from _row(json.loads(line.strip(" \t\r\n\x1e")), number, note)
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
