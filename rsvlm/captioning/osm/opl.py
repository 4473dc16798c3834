"""Reading OPL, the text form with one OpenStreetMap object a line (https://osmcode.org/opl-file-format/).

pyosmium hands over an object's tags one Python call at a time, 2.7 microseconds each: for a dense extract
twice the time of all the rest. Written by libosmium as OPL and read as text, the same tags and way nodes take
a tenth of that.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow.csv import ConvertOptions, ReadOptions, read_csv

from rsvlm.captioning.osm.columns import number_array
from rsvlm.captioning.osm.tags import Tag

_ESCAPE = re.compile("%([0-9a-f]*)%")
_POINT_ROWS = str.maketrans({"x": None, " ": ",", "y": None})
_NODE_ROWS = str.maketrans({"N": None, "n": None, "x": ",", "y": ",", ",": "\n"})
_KINDS = {"id": pa.int64(), "x": pa.float64(), "y": pa.float64()}


class Lines:
    """Lines of objects of one type, by column, which the garbage collector need not walk as it does lists of lists.

    Attributes:
        names: `w123`.
        tags: The T field, `Tbuilding=yes,name=%20AC%`.
        rest: What follows: the place of a node (`x9.5 y47.1`), the N field of a way, the M field of a relation.
    """

    def __init__(self, names: list[str], tags: list[str], rest: list[str]) -> None:
        self.names = names
        self.tags = tags
        self.rest = rest

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def split(cls, text: Iterable[str]) -> "Lines":
        """Split lines, written without metadata, at their columns."""
        lines = cls([], [], [])
        for line in text:
            name, tags, rest = line.split(" ", 2)
            lines.names.append(name)
            lines.tags.append(tags)
            lines.rest.append(rest)
        return lines

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Lines":
        """Return the lines of a mask (n,)."""
        if chosen.all():
            return self
        return Lines(*(list(compress(column, chosen)) for column in (self.names, self.tags, self.rest)))


class Nodes(NamedTuple):
    """The nodes of some ways, one way after the other.

    Attributes:
        ids: (total,)
        xy: Longitude and latitude (total, 2).
        counts: How many each way has (n,).
    """

    ids: npt.NDArray[np.int64]
    xy: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


def parse_ids(lines: Lines) -> npt.NDArray[np.int64]:
    """Return the ids of objects (n,)."""
    return np.array([name[1:] for name in lines.names], np.int64)


def parse_points(fields: Sequence[str]) -> npt.NDArray[np.float64]:
    """Read places of nodes, `x9.5 y47.1`, all known: longitude and latitude (n, 2)."""
    return np.column_stack(_numbers("".join(fields).translate(_POINT_ROWS), "xy"))


def parse_tags(field: str) -> list[Tag]:
    """Return the tags of a T field, `Tbuilding=yes,name=%20AC%`."""
    return [_tag(pair) for pair in field[1:].split(",")]


def is_incomplete(nodes: str) -> bool:
    """Say whether an N field has a node whose place is not known, or no node."""
    return "xy" in nodes or "n" not in nodes


def parse_nodes(fields: Sequence[str]) -> Nodes:
    """Read N fields, `Nn1x9.5y47.1,n2x9.6y47.2`, all of them complete."""
    counts = np.array([field.count("n") for field in fields], np.int64)
    ids, x, y = _numbers("".join(fields).translate(_NODE_ROWS), ("id", "x", "y"))
    return Nodes(ids, np.column_stack([x, y]), counts)


def parse_members(field: str) -> list[int]:
    """Return the ids of the ways in an M field that bound it from outside, `Mw1@outer,n2@label`."""
    members = (member.partition("@") for member in field[1:].rstrip("\n").split(","))
    return [int(name[1:]) for name, _, role in members if name.startswith("w") and role != "inner"]


def _numbers(rows: str, columns: Sequence[str]) -> list[npt.NDArray[Any]]:
    """Columns of rows of numbers, `1,9.5,47.1`."""
    if not rows:
        return [np.empty(0, _KINDS[column].to_pandas_dtype()) for column in columns]
    options = ReadOptions(use_threads=False, column_names=list(columns))
    kinds = ConvertOptions(column_types={column: _KINDS[column] for column in columns})
    table = read_csv(BytesIO(rows.encode()), options, convert_options=kinds)
    return [number_array(table[column]) for column in columns]


@lru_cache(maxsize=20_000)  # a handful of tags makes up most of any extract
def _tag(pair: str) -> Tag:
    key, _, value = pair.partition("=")
    return (_unescape(key), _unescape(value)) if "%" in pair else (key, value)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
