"""Labels that rows were given after they were added, beside the rows, which are never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import RetrievalError
from .filerecords import check_size
from .manifest import Manifest
from .stored import Ints

_SCHEMA = pa.schema(
    [pa.field("row", pa.int64(), nullable=False), pa.field("labels", pa.list_(pa.string()), nullable=False)]
)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of some rows.

    Attributes:
        rows: (n,) numbers of the rows, rising.
        labels: (n,) a list of labels each; an empty one takes labels away.
    """

    rows: Ints
    labels: pa.Array

    @property
    def taken(self) -> int:
        """Rows whose labels are taken away."""
        return int((pc.list_value_length(self.labels).to_numpy() == 0).sum())

    def replaced(self, newer: "Labels") -> "Labels":
        """These with the newer ones put in their place."""
        stay = ~np.isin(self.rows, newer.rows)
        rows = np.concatenate([self.rows[stay], newer.rows])
        labels = pa.concat_arrays([self.labels.filter(pa.array(stay)), newer.labels])
        order = np.argsort(rows)
        return Labels(rows[order], labels.take(pa.array(order)))

    def moved(self, to: Mapping[int, int]) -> "Labels | None":
        """Those of some rows, as those of other rows; None where there is none.

        Args:
            to: By the number of a row the number of the one that takes its place.
        """
        places = [place for place, row in enumerate(self.rows.tolist()) if row in to]
        rows = np.array([to[int(self.rows[place])] for place in places], np.int64)
        order = np.argsort(rows)
        return (
            Labels(rows[order], self.labels.take(pa.array(np.array(places, np.int64)[order])))
            if places
            else None
        )

    def put(self, column: pa.ChunkedArray, numbers: Ints) -> pa.ChunkedArray:
        """A column of labels of the rows of these numbers, with these in the place of those that it has."""
        place = np.searchsorted(self.rows, numbers)
        known = place < len(self.rows)
        known[known] = self.rows[place[known]] == numbers[known]
        chunks, start = [], 0
        for chunk in column.chunks:  # all in one array might be more than that can hold
            own = np.flatnonzero(known[start : start + len(chunk)])
            if len(own):
                order = np.arange(len(chunk))
                order[own] = len(chunk) + np.arange(len(own))
                newer = self.labels.take(pa.array(place[start + own]))
                chunk = pa.concat_arrays([chunk, newer]).take(pa.array(order))
            chunks.append(chunk)
            start += len(chunk)
        return pa.chunked_array(chunks, type=column.type)


def write_labels(file: Path, labels: Labels) -> None:
    """Write labels as a table of row and labels."""
    pq.write_table(pa.table([pa.array(labels.rows), labels.labels], schema=_SCHEMA), file, compression="zstd")


def read_labels(folder: Path, manifest: Manifest) -> Labels | None:
    """Read the labels of an index; None: rows have those that they came with.

    Raises:
        FileNotFoundError: The file is not there.
        RetrievalError: It is no such table, or labels rows that there are not.
    """
    record = manifest.labels
    if record is None:
        return None
    file = folder / record.name
    check_size(file, record.file)
    try:
        with pq.ParquetFile(file) as opened:
            if not opened.schema_arrow.equals(_SCHEMA) or opened.metadata.num_rows != record.rows:
                raise RetrievalError(f"{file}: has not the labels of {record.rows} rows")
            table = opened.read()
    except (pa.ArrowException, OSError) as error:
        raise RetrievalError(f"{file}: is no table of labels ({error})") from None
    rows = table["row"].to_numpy()
    if rows[0] < 0 or rows[-1] >= manifest.size or (np.diff(rows) <= 0).any():
        raise RetrievalError(f"{file}: labels rows that there are not")
    return Labels(rows, table["labels"].combine_chunks())
