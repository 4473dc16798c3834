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

_LONGEST = 2**20
"""Bytes of text that a row may have on average before a table is taken for hostile."""
_BLOCK = 100_000
"""Rows of a column that are in memory at a time."""


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
        self._file, self._ends = file, np.cumsum([group.num_rows for group in groups], dtype=np.int64)
        # Arrow's reader holds what it read ahead in one place: two threads in it end the process
        self._one = Lock()

    def take(self, numbers: Sequence[int]) -> pa.Table:
        """Read single rows, in the order given, from the row groups that hold them."""
        wanted = np.asarray(numbers, np.int64)
        group_of = np.searchsorted(self._ends, wanted, side="right")
        groups, place = np.unique(group_of, return_inverse=True)
        if not len(groups):
            return SCHEMA.empty_table()
        starts = np.concatenate([[0], self._ends])[groups]
        read_starts = np.concatenate([[0], np.cumsum(self._ends[groups] - starts)])
        found = self._read(partial(self._opened.read_row_groups, groups.tolist()))
        return found.take(pa.array(wanted - starts[place] + read_starts[place]))

    def all(self) -> pa.Table:
        """Read all rows."""
        return self._read(self._opened.read)

    def column(self, name: str) -> pa.ChunkedArray:
        """Read a column of all rows."""
        return self._read(partial(self._opened.read, [name]))[name]

    def blocks(self, name: str) -> Iterator[pa.ChunkedArray]:
        """Read a column of all rows, some at a time."""
        block_of = self._ends // _BLOCK
        for number in np.unique(block_of):
            groups = np.flatnonzero(block_of == number).tolist()
            yield self._read(partial(self._opened.read_row_groups, groups, [name]))[name]

    def _read(self, read: Callable[[], pa.Table]) -> pa.Table:
        try:
            with self._one:
                return read()
        except (pa.ArrowException, OSError) as error:
            raise RetrievalError(
                f"{self._file}: is damaged ({error}); `rsvlm index verify` looks at all files"
            ) from None
