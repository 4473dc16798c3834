"""Reading OPL, the text form with one OpenStreetMap object a line (https://osmcode.org/opl-file-format/).

pyosmium hands over an object's tags one Python call at a time, 2.7 microseconds each: for a dense extract
twice the time of all the rest. Written by libosmium as OPL and read as text, the same tags and way nodes take
a tenth of that.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow.csv import ConvertOptions, ReadOptions, read_csv

from rsvlm.captioning.osm.columns import number_array
from rsvlm.captioning.osm.tags import Tag

_ESCAPE = re.compile("%([0-9a-f]*)%")
_ROWS = str.maketrans({"N": None, "n": None, "x": ",", "y": ",", ",": "\n"})
_COLUMNS = {"id": pa.int64(), "x": pa.float64(), "y": pa.float64()}
_NUMBERS = ConvertOptions(column_types=_COLUMNS)


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


def parse_tags(field: str) -> list[Tag]:
    """Return the tags of a T field, `Tbuilding=yes,name=%20AC%`."""
    return [_tag(pair) for pair in field[1:].rstrip("\n").split(",")]


def is_incomplete(nodes: str) -> bool:
    """Say whether an N field has a node whose place is not known, or no node."""
    return "xy" in nodes or "n" not in nodes


def parse_nodes(fields: Sequence[str]) -> Nodes:
    """Read N fields, `Nn1x9.5y47.1,n2x9.6y47.2`, all of them complete."""
    counts = np.array([field.count("n") for field in fields], np.int64)
    if not fields:
        return Nodes(np.empty(0, np.int64), np.empty((0, 2)), counts)
    rows = BytesIO(",".join(fields).translate(_ROWS).encode())
    table = read_csv(
        rows, ReadOptions(use_threads=False, column_names=list(_COLUMNS)), convert_options=_NUMBERS
    )
    ids, x, y = (number_array(table[name]) for name in _COLUMNS)
    return Nodes(ids, np.column_stack([x, y]), counts)


def parse_members(field: str) -> list[int]:
    """Return the ids of the ways in an M field, `Mw1@outer,n2@label`."""
    members = field[1:].rstrip("\n").split(",")
    return [int(member[1:].partition("@")[0]) for member in members if member.startswith("w")]


@lru_cache(maxsize=20_000)  # a handful of tags makes up most of any extract
def _tag(pair: str) -> Tag:
    key, _, value = pair.partition("=")
    return (_unescape(key), _unescape(value)) if "%" in pair else (key, value)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
