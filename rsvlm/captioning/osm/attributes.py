"""Attributes of features as tags: columns named like OpenStreetMap keys, and columns that hold the rest."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from rsvlm.captioning.osm.tags import Tag

ID_COLUMNS = ("osm_id", "osm_way_id", "id", "@id", "fid")
"""Columns that number features; the first that has a value counts."""

BAGS = ("tags", "other_tags", "source_tags")
"""Columns that hold many tags at once: hstore or JSON text (GDAL's and QGIS's `other_tags`), a map or a
struct."""

SHAPEFILE_NAME = 10
"""Shapefiles cut column names to this many characters, and others keep the cut names: `constructi`,
`power_sour`."""

_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')


def column_keys(columns: Iterable[str], keys: Iterable[str]) -> dict[str, str]:
    """Match columns with OpenStreetMap keys.

    Args:
        columns: Names of columns.
        keys: The keys that are asked for.

    Returns:
        The key of each column that has one: its own name, with `_` for `:` too (`roof_shape`), or the only
        key that a name of `SHAPEFILE_NAME` characters can be the beginning of. Upper case is as good as
        lower.
    """
    by_name = {key.replace(":", "_"): key for key in keys} | {key: key for key in keys}
    found = {}
    for column in columns:
        name = column.lower()
        starts = {key for known, key in by_name.items() if known.startswith(name)}
        if name in by_name:
            found[column] = by_name[name]
        elif len(name) == SHAPEFILE_NAME and len(starts) == 1:
            found[column] = starts.pop()
    return found


def holds_tags(columns: Iterable[str], keys: Iterable[str]) -> bool:
    """Say whether columns can hold tags of these keys: one is named like one of them, or holds many at once."""
    columns = list(columns)
    return not set(BAGS).isdisjoint(columns) or bool(column_keys(columns, keys))


def value_text(value: Any) -> str:
    """Return a value as OpenStreetMap would write it; "" for what is no value."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def bag_tags(value: Any) -> list[Tag]:
    """Return the tags of a column that holds many: hstore or JSON text, a dict, or a list of pairs."""
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return [(_unescape(key), _unescape(text)) for key, text in _HSTORE.findall(value)]
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, dict):
        value = value.items()
    if isinstance(value, str | int | float):
        return []
    pairs = [tuple(pair.values()) if isinstance(pair, dict) else pair for pair in value or ()]
    told = [
        (str(pair[0]), value_text(pair[1]))
        for pair in pairs
        if isinstance(pair, tuple | list) and len(pair) == 2
    ]
    return [(key, text) for key, text in told if key and text]


def read_tags(table: pa.Table, keys: Iterable[str]) -> list[list[Tag]]:
    """Return the tags of each row of a table; a column of its own goes before a value in a bag."""
    found: list[dict[str, str]] = [{} for _ in range(table.num_rows)]
    for column, key in column_keys(table.column_names, keys).items():
        if column not in BAGS:
            for tags, value in zip(found, table[column].to_pylist(), strict=True):
                if text := value_text(value):
                    tags.setdefault(key, text)
    for column in BAGS:
        if column in table.column_names:
            for tags, value in zip(found, table[column].to_pylist(), strict=True):
                for key, text in bag_tags(value):
                    tags.setdefault(key, text)
    return [list(tags.items()) for tags in found]


def read_ids(table: pa.Table) -> Sequence[int | str | None]:
    """Return what numbers the features of a table: a number above 0, else a text, else None."""
    ids: list[int | str | None] = [None] * table.num_rows
    for column in ID_COLUMNS:
        if column in table.column_names:
            values = [value_text(value) for value in table[column].to_pylist()]
            ids = [old if old is not None else _id(text) for old, text in zip(ids, values, strict=True)]
    return ids


def _id(text: str) -> int | str | None:
    number = re.fullmatch(r"(?:(?:node|way|relation)/)?([1-9][0-9]{0,17})", text)
    return int(number[1]) if number else text or None


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
