"""`errors.parquet`: every input and every chip that gave no pair, with the reason."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.files import atomic_write

FILE = "errors.parquet"
_BATCH = 10_000
_SCHEMA = pa.schema({"source": pa.string(), "key": pa.string(), "kind": pa.string(), "reason": pa.string()})


class Problem(NamedTuple):
    """An input or a chip that gave no pair.

    Attributes:
        source: The input, as people know it (no path of this machine).
        key: The chip; "" where none was cut.
        kind: A word or two that group reasons.
        reason: One line.
    """

    source: str
    key: str
    kind: str
    reason: str


def write_problems(folder: Path, problems: Iterable[tuple[str, str, str, str]]) -> int:
    """Write `errors.parquet` in the order given, a batch at a time, and return the number of rows."""
    rows = iter(problems)
    count = 0
    with atomic_write(folder / FILE) as path, pq.ParquetWriter(path, _SCHEMA, compression="zstd") as table:
        while batch := list(islice(rows, _BATCH)):
            columns = [pa.array(map(_storable, column), pa.string()) for column in zip(*batch, strict=True)]
            table.write_batch(pa.record_batch(columns, schema=_SCHEMA))
            count += len(batch)
    return count


def read_problems(folder: Path) -> Iterator[Problem]:
    """The rows of `errors.parquet`, in order."""
    with pq.ParquetFile(folder / FILE) as file:
        for batch in file.iter_batches():
            yield from (Problem(**row) for row in batch.to_pylist())


def _storable(text: str) -> str:
    """Names of files need not be Unicode; what is not is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
