"""Rows of a part on the disk, of which single ones and single columns are read when they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .errors import RetrievalError
from .rows import SCHEMA
from .stored import Ints

_LONGEST = 2**20
"""Bytes of text that a row may have on average before a table is taken for hostile."""
_BLOCK = 100_000
"""Rows of a column that are in memory at a time."""
_AT_ONCE = 2**26
"""Bytes of row groups that are read at once, where single rows of many are wanted."""
_FEW = 64
"""Rows that are read at once of a row group with more text than an array can hold."""
_TOO_MUCH = (pa.ArrowNotImplementedError, pa.ArrowCapacityError)
"""What Arrow raises where lists of texts would be longer than an array can be: no damage."""


class RowFile:
    """An open table of rows; nothing is read yet but what the file says of itself. Several threads may ask it.

    Args:
        file: As `write_rows` wrote it.
        count: Rows that it must have.

    Raises:
        RetrievalError: It is no such table, has another number of rows, or claims more text than can be.
    """

    def __init__(self, file: Path, count: int) -> None:
        try:
            self._opened = pq.ParquetFile(file, memory_map=True)
            schema, meta = self._opened.schema_arrow, self._opened.metadata
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise RetrievalError(f"{file}: is no table of rows ({error})") from None
        if not schema.equals(SCHEMA):
            raise RetrievalError(f"{file}: has other columns than the rows of an index")
        if meta.num_rows != count:
            raise RetrievalError(f"{file}: has {meta.num_rows} rows for {count} vectors")
        groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
        if (claimed := sum(group.total_byte_size for group in groups)) > (count + 1) * _LONGEST:
            raise RetrievalError(f"{file}: claims {claimed} bytes for {count} rows")
        self._file, self._sizes = file, np.array([group.num_rows for group in groups], np.int64)
        self._ends: Ints = np.cumsum(self._sizes)
        self._bytes = np.array([group.total_byte_size for group in groups], np.int64)
        # Arrow's reader holds what it read ahead in one place: two threads in it end the process
        self._one = Lock()

    def take(self, numbers: Sequence[int] | Ints, columns: Sequence[str] | None = None) -> pa.Table:
        """Read single rows, in the order given, from the row groups that hold them.

        Args:
            numbers: Of the rows.
            columns: Which; None: all.
        """
        wanted = np.asarray(numbers, np.int64)
        if not len(wanted):
            return pa.schema([SCHEMA.field(name) for name in columns or SCHEMA.names]).empty_table()
        order = np.argsort(wanted, kind="stable")
        rising = wanted[order]
        group_of = np.searchsorted(self._ends, rising, side="right")
        found: list[pa.RecordBatch] = []
        for groups in self._runs(np.unique(group_of)):
            own = slice(*np.searchsorted(group_of, [groups[0], groups[-1] + 1]))
            read_ends, place = np.cumsum(self._sizes[groups]), np.searchsorted(groups, group_of[own])
            rows = rising[own] - self._ends[groups][place] + read_ends[place]
            for start, batch in self._batches(groups, columns):
                some = rows[slice(*np.searchsorted(rows, [start, start + len(batch)]))]
                found.append(batch.take(pa.array(some - start)))
        table = pa.Table.from_batches(found)
        return table if (np.diff(order) > 0).all() else table.take(pa.array(np.argsort(order)))

    def all(self) -> pa.Table:
        """Read all rows."""
        return pa.concat_tables(
            table for groups in self._runs(np.arange(len(self._ends))) for table in self._tables(groups, None)
        )

    def column(self, name: str) -> pa.ChunkedArray:
        """Read a column of all rows."""
        chunks = [chunk for block in self.blocks(name) for chunk in block.chunks]
        return pa.chunked_array(chunks, type=SCHEMA.field(name).type)

    def blocks(self, name: str) -> Iterator[pa.ChunkedArray]:
        """Read a column of all rows, some at a time."""
        block_of = self._ends // _BLOCK
        for number in np.unique(block_of):
            for table in self._tables(np.flatnonzero(block_of == number), [name]):
                yield table[name]

    def _runs(self, groups: Ints) -> Iterator[Ints]:
        """Row groups, rising, so many at a time as do not take much memory."""
        run_of = np.cumsum(self._bytes[groups]) // _AT_ONCE
        yield from np.split(groups, np.flatnonzero(np.diff(run_of)) + 1)

    def _batches(self, groups: Ints, columns: Sequence[str] | None) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Rows of groups, one after the other, each with the place of its first row among them."""
        start = 0
        for table in self._tables(groups, columns):
            for batch in table.to_batches():
                yield start, batch
                start += len(batch)

    def _tables(self, groups: Ints, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        """Rows of groups: in one piece, in several where that is more than an array of Arrow can hold (2 GiB)."""
        try:
            yield self._read(partial(self._opened.read_row_groups, groups.tolist(), columns))
        except _TOO_MUCH:
            if len(groups) > 1:
                for group in groups:
                    yield from self._tables(np.array([group]), columns)
                return
            try:
                yield self._read(partial(self._slowly, int(groups[0]), columns))
            except _TOO_MUCH as error:
                raise RetrievalError(f"{self._file}: cannot be read ({error})") from None

    def _slowly(self, group: int, columns: Sequence[str] | None) -> pa.Table:
        """A row group some rows at a time."""
        return pa.Table.from_batches(self._opened.iter_batches(_FEW, [group], columns))

    def _read(self, read: Callable[[], pa.Table]) -> pa.Table:
        try:
            with self._one:
                return read()
        except _TOO_MUCH:
            raise
        except (pa.ArrowException, OSError) as error:
            raise RetrievalError(
                f"{self._file}: is damaged ({error}); `rsvlm index verify` looks at all files"
            ) from None
