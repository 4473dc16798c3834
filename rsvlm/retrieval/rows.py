"""Rows of an index: what is known of each vector. Row number and vector number are the same."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from rsvlm.datasets.times import moment
from rsvlm.imagery.boxes import Shapes, box_shapes

from .errors import RetrievalError

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),  # unique among all that can be found
        pa.field("image", pa.string()),  # path of the image; behind "#" its row in a parquet file
        pa.field("window", pa.list_(pa.int32())),  # x, y, width, height in it; null: the whole image
        pa.field("opening", pa.string()),  # JSON: sensor, bands and stretch that the image was opened with
        pa.field("captions", pa.list_(pa.string())),
        pa.field("labels", pa.list_(pa.string())),
        pa.field("west", pa.float64()),  # degrees, WGS84; west > east crosses the antimeridian
        pa.field("south", pa.float64()),
        pa.field("east", pa.float64()),
        pa.field("north", pa.float64()),
        pa.field("datetime", pa.timestamp("us", "UTC")),
        pa.field("gsd", pa.float64()),  # metres a pixel
        pa.field("licence", pa.string()),
    ]
)
"""Columns of `rows.parquet`."""

EDGES = ("west", "south", "east", "north")
"""Columns of the box that a row's footprint is."""

_TIMES = tuple(
    (end.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for end in (datetime.min, datetime.max)
)
"""The first and the last time that Python can say, in microseconds since 1970."""
_LISTS = ("captions", "labels")
_TEXTS = ("key", "image", "opening", "licence")


def table_of(rows: Any) -> pa.Table:
    """Return a table of `SCHEMA`; what a row lacks is null.

    Args:
        rows: Dicts, or a data frame of pandas, in which NaN is what is not known. A label or a caption may stand
            without a list around it, and a time is what `moment` reads.

    Raises:
        RetrievalError: A row is none, has a column that there is not, or a value of another type.
    """
    as_dicts = getattr(rows, "to_dict", None)
    listed = [_row(number, row) for number, row in enumerate(as_dicts("records") if as_dicts else rows)]
    try:
        return pa.Table.from_pylist(listed, schema=SCHEMA)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError) as error:
        raise RetrievalError(f"the rows cannot be stored: {error}") from None


def _row(number: int, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise RetrievalError(
            f"row {number} is a {type(given).__name__}: give dicts, a data frame or an Arrow table"
        )
    row = {name: None if _is_nan(value) else value for name, value in given.items()}
    if unknown := sorted(map(str, row.keys() - {*SCHEMA.names})):
        raise RetrievalError(f"row {number} has a column {unknown[0]!r}; there are {', '.join(SCHEMA.names)}")
    for name in _TEXTS:
        if row.get(name) is not None and not isinstance(row[name], str):
            raise RetrievalError(
                f"row {number}: {name} {row[name]!r} is a {type(row[name]).__name__}: give text"
            )
    for name in _LISTS:
        value = row.get(name)
        if isinstance(value, str):  # else it would be taken apart into letters
            row[name] = [value]
        elif isinstance(value, list | tuple):
            row[name] = [one for one in value if one is not None]
    if row.get("datetime") is not None:
        time = moment(row["datetime"])
        if time is None:
            raise RetrievalError(
                f"row {number}: datetime {row['datetime']!r} is no time: give a datetime, 2023-09-14 or "
                "2023-09-14T02:11:00Z"
            )
        row["datetime"] = time
    return row


def _is_nan(value: Any) -> bool:
    """Whether a value is what pandas has where there is none: NaN, or NaT, which is a datetime."""
    return isinstance(value, float | datetime) and value != value


_TOLD = (("captions",), ("labels",), ("datetime",), ("licence",), ("west", "south", "east", "north"))
"""What a table says of an image, which its file may not; columns that belong together."""
COMPLETED = ["key", *(name for names in _TOLD for name in names)]
"""Columns that `completed` looks at."""
_BLOCK = 8192
"""Rows that are completed at once."""


def checked(table: pa.Table) -> pa.Table:
    """Return a table in `SCHEMA`'s order of columns, each row with a key of its own.

    Raises:
        RetrievalError: Keys that are missing or come twice, windows of other than four numbers, times that there are
            not, or columns that do not fit, come twice, or that there are not.
    """
    if unknown := sorted({*table.column_names} - {*SCHEMA.names}):
        raise RetrievalError(f"the rows have a column {unknown[0]!r}; there are {', '.join(SCHEMA.names)}")
    if twice := [name for name, count in Counter(table.column_names).items() if count > 1]:
        raise RetrievalError(f"the rows have several columns {twice[0]!r}: leave all but one out")
    try:
        table = table.select([name for name in SCHEMA.names if name in table.column_names])
        for position, field in enumerate(SCHEMA):
            if field.name not in table.column_names:
                table = table.add_column(position, field, pa.nulls(len(table), field.type))
        table = table.cast(SCHEMA)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, ValueError) as error:
        raise RetrievalError(f"the rows cannot be stored: {error}") from None
    for name in _LISTS:
        if pc.list_flatten(table[name]).null_count:
            values = [one and [text for text in one if text is not None] for one in table[name].to_pylist()]
            place = SCHEMA.get_field_index(name)
            table = table.set_column(place, SCHEMA.field(place), pa.array(values, SCHEMA.field(place).type))
    times = table["datetime"].cast(pa.int64())
    beyond = pc.or_(pc.less(times, _TIMES[0]), pc.greater(times, _TIMES[1]))
    if (wrong := pc.index(beyond, True).as_py()) >= 0:
        raise RetrievalError(f"row {wrong} has a datetime outside of the years 1 to 9999")
    lengths = pc.list_value_length(table["window"])
    if (wrong := pc.index(pc.not_equal(lengths, 4), True).as_py()) >= 0:
        raise RetrievalError(
            f"row {wrong} has a window of {lengths[wrong]} numbers: give x, y, width, height"
        )
    keys = table["key"]
    if keys.null_count or pc.any(pc.equal(keys, "")).as_py():
        missing = pc.or_kleene(pc.is_null(keys), pc.equal(keys, ""))
        raise RetrievalError(f"row {pc.index(missing, True).as_py()} has no key")
    if repeats(keys):
        twice = keys[int(older_ones(table)[0])].as_py()
        number = int(np.flatnonzero(pc.equal(keys, twice).to_numpy())[1])
        raise RetrievalError(f"row {number} has the key {twice!r}, which another row has: give each its own")
    return table


def unbounded(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as Arrow can look at all of them together, also where they are longer than 2 GiB."""
    return texts.cast(pa.large_string())


def is_storable(text: str) -> bool:
    """Whether a text can be that of a row: names of files may hold bytes that are no UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def repeats(keys: pa.ChunkedArray) -> bool:
    """Whether a key comes twice."""
    return bool(pc.count_distinct(unbounded(keys)).as_py() != len(keys))


def older_ones(table: pa.Table) -> NDArray[np.int64]:
    """Return the numbers of rows whose key a later row has, too: an image that was named twice."""
    found = (
        table.append_column("row", pa.array(np.arange(len(table))))
        .group_by("key")
        .aggregate([("row", "max")])
    )
    last = np.zeros(len(table), bool)
    last[found["row_max"].to_numpy()] = True
    return np.flatnonzero(~last)


def completed(table: pa.Table, before: Mapping[str, Mapping[str, Any]] | None = None) -> pa.Table:
    """Return a table in which a row has what it does not say itself from earlier ones with its key.

    So an image that a table describes keeps its labels, captions, time, place and licence where it is named again, by
    itself or in its folder.

    Args:
        table: Of which the last row of each key counts.
        before: Rows that were there before, by their keys.
    """
    keys = table["key"].to_pylist()
    known = {key: dict(row) for key, row in (before or {}).items()}
    counts = Counter(keys)
    blocks = []
    for first in range(0, len(table), _BLOCK):
        block = table.slice(first, _BLOCK)
        numbers = [
            number
            for number, key in enumerate(keys[first : first + _BLOCK])
            if counts[key] > 1 or key in known
        ]
        rows = block.select(COMPLETED).take(numbers).to_pylist() if numbers else []
        changed = dict(zip(numbers, rows, strict=True))
        for row in changed.values():
            older = known.get(row["key"], {})
            for names in _TOLD:
                if all(row[name] in (None, []) for name in names):
                    row |= {name: older.get(name) for name in names}
            known[row["key"]] = row
        blocks.append(_changed(block, changed) if changed else block)
    return pa.concat_tables(blocks) if blocks else table


def _changed(table: pa.Table, changed: Mapping[int, Mapping[str, Any]]) -> pa.Table:
    """A table with what rows have by their numbers."""
    for name in COMPLETED:
        values = table[name].to_pylist()
        for number, row in changed.items():
            values[number] = row[name]
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array(values, field.type))
    return table


def write_rows(file: Path, table: pa.Table) -> None:
    """Write rows so that single ones can be read again cheaply."""
    # a hit's row is read with its whole group; many groups make the file slow to open
    size = max(1000, len(table) // 2000)
    pq.write_table(table, file, compression="zstd", row_group_size=size, store_schema=True)


def footprints(table: pa.Table) -> Shapes:
    """Return (n,) the footprints of rows as shapely geometries, None where the place is not known."""
    return box_shapes(*(table[name].to_numpy(zero_copy_only=False) for name in EDGES))
