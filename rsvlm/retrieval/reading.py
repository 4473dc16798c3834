"""What an index folder answers as it stands: rows, vectors, nearest rows, and whether it is whole."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder

from .building import Progress
from .exact import EMPTY, Found, Mask
from .filters import Filter, mask_of
from .hits import Hits, ranked
from .kinds import Asked
from .manifest import EncoderRecord, Manifest
from .rows import SCHEMA
from .searchable import Searchable
from .searching import nearest
from .snapshot import Snapshot, open_snapshot
from .stored import Ints, Vectors, row_numbers
from .variety import search_varied
from .verifying import verify
from .writing import write_tables

PathLike = str | os.PathLike[str]

_BATCH = 1000
"""Rows that are read at once."""


class StoredIndex(Searchable):
    """An index in a folder, read and searched: the part of `Index` that changes nothing there.

    It stays as it was when it was opened, whatever another process writes; `refresh` looks again.

    Attributes:
        folder: Where it is, from the root.
        manifest: What it consists of.
    """

    def __init__(self, folder: PathLike, encoder: Encoder | PathLike | None = None) -> None:
        """Open an index; `Index.open` is the same.

        Args:
            folder: Where it is.
            encoder: What made its vectors, where its name does not say where that is to be found.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        self._given = Path(folder)
        self.folder = self._given.absolute()  # the process may go elsewhere
        self._snapshot: Snapshot = open_snapshot(self.folder)
        super().__init__(encoder)

    @classmethod
    def open(cls, folder: PathLike, encoder: Encoder | PathLike | None = None) -> Self:
        """Open an index; the arguments are those of `Index`.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        return cls(folder, encoder)

    def __reduce__(self) -> tuple[Any, ...]:
        """An index that is pickled is opened anew, where its folder must be found."""
        return type(self), (self.folder, self._encoder)

    @property
    def place(self) -> str:
        """Where it is, as people write it."""
        return str(self._given)

    @property
    def made_by(self) -> EncoderRecord:
        """What made the vectors."""
        return self.manifest.encoder

    @property
    def cut(self) -> ChipOptions:
        """How the images were cut that it was made of."""
        return self.manifest.cut.options if self.manifest.cut else ChipOptions()

    @property
    def manifest(self) -> Manifest:
        """What the index consists of."""
        return self._snapshot.manifest

    def __len__(self) -> int:
        return self.manifest.count

    def __repr__(self) -> str:
        encoder = self.manifest.encoder
        return f"Index({self.place!r}: {len(self):,} rows, {encoder.name}, {encoder.dimension} numbers)"

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        before, self._snapshot = self._snapshot, open_snapshot(self.folder)
        if before.copies:
            self._snapshot.to_gpus()

    def to_gpus(self) -> None:
        """Copy the vectors, and cells, onto all GPUs that faiss sees, for searches without a filter.

        Graphs, filters, and more than 2,048 hits or cells at once stay with the processor. The folder is not changed.

        Raises:
            RetrievalError: Faiss sees no GPU.
        """
        self._snapshot.to_gpus()

    def search_vectors(
        self,
        queries: ArrayLike,
        *,
        k: int = 10,
        offset: int = 0,
        filter: Filter | None = None,
        fold: float | None = None,
        variety: float = 0.0,
        asked: Asked = "both",
    ) -> list[Hits]:
        """Find the rows whose vectors have the highest dot product with each query.

        Args:
            queries: (q, dimension) floats of any length: a weighted sum of vectors asks for both.
            k: How many.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            filter: What all hits must be.
            fold: Leave out what is as like a better hit as this.
            variety: 0..1: prefer hits that are unlike one another.
            asked: What the queries are made of: an approximate search has to look farther for words.

        Raises:
            RetrievalError: Queries of another dimension, or numbers that there cannot be.
        """
        vectors = self._checked(queries, k, offset, variety, asked)
        mask = mask_of(filter, self._snapshot)
        allowed = None if mask is None else mask & self._snapshot.live
        total = self.manifest.count if allowed is None else int(np.count_nonzero(allowed))
        if offset >= total:  # beyond the end: to find out what is before would be to put all in order
            return [ranked(self._snapshot.rows([]), *EMPTY, offset + 1, total) for _ in vectors]
        return [
            ranked(
                self._snapshot.rows(found.rows[offset:]),
                found.rows[offset:],
                found.scores[offset:],
                offset + 1,
                total,
            )
            for found in search_varied(
                self._snapshot, vectors, offset + k, allowed, page=k, kind=asked, fold=fold, variety=variety
            )
        ]

    def nearest(self, queries: ArrayLike, k: int = 10, *, asked: Asked = "both") -> list[Found]:
        """Find row numbers and scores only, many times a second; `rows` says what is known of rows.

        Args:
            queries: (q, dimension) floats of any length.
            k: How many.
            asked: What the queries are made of: an approximate search has to look farther for words.

        Returns:
            `.rows` and `.scores` of each query, the best first.

        Raises:
            RetrievalError: Queries of another dimension, or k below 1.
        """
        return nearest(self._snapshot, self._checked(queries, k, asked=asked), k, kind=asked)

    def rows(self, numbers: Sequence[int] | Ints | Mask) -> pa.Table:
        """What is known of rows: a table of `rsvlm.retrieval.rows.SCHEMA`.

        Args:
            numbers: Of the rows; or True and False for each row, those that were removed included.

        Raises:
            RetrievalError: There are no such rows.
        """
        return self._snapshot.rows(row_numbers(numbers, self.manifest.size))

    def numbers(self) -> Ints:
        """Numbers of the rows that count, ascending."""
        return np.flatnonzero(self._snapshot.live)

    def export(self, file: PathLike, *, progress: Progress | None = None) -> int:
        """Write what is known of all rows, without those that were removed; return how many.

        Args:
            file: .gpkg (GeoPackage, a layer `rows`), .parquet (GeoParquet), .geojson or .csv.
            progress: Called with rows done and rows in all.

        Raises:
            RetrievalError: It ends with none of these, or cannot be written.
        """
        tables = self.tables()
        if progress is not None:
            tables = _counted(tables, len(self), progress)
        write_tables(tables, SCHEMA, Path(file), "rows")
        return len(self)

    def labelled(self) -> tuple[Ints, list[list[str]]]:
        """Numbers of the rows that have labels, and their labels."""
        column = self._snapshot.column("labels")
        counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        own = (counts > 0) & self._snapshot.live
        return np.flatnonzero(own), column.filter(pa.array(own)).to_pylist()

    def vectors(self, numbers: Sequence[int] | Ints | Mask) -> Vectors:
        """Vectors of rows: (n, dimension) float32 of unit length.

        Args:
            numbers: As of `rows`.

        Raises:
            RetrievalError: There are no such rows.
        """
        return self._snapshot.stores.take(row_numbers(numbers, self.manifest.size))

    def tables(self) -> Iterator[pa.Table]:
        """What is known of all rows, some at a time."""
        return self._snapshot.live_rows()

    def batches(self) -> Iterator[tuple[pa.Table, Vectors]]:
        """All rows and their vectors, some at a time."""
        numbers = self.numbers()
        for first in range(0, len(numbers), _BATCH):
            some = numbers[first : first + _BATCH]
            yield self.rows(some), self.vectors(some)

    def summary(self) -> dict[str, Any]:
        """What the index consists of, as plain data."""
        manifest = self.manifest
        files = [file for part in manifest.parts for file in part.files.values()]
        with_place = int(self._known("west").sum())
        return {
            "rows": manifest.count, "removed": manifest.size - manifest.count, "with_a_place": with_place,
            "with_a_time": int(self._known("datetime").sum()), "kind": ", ".join(manifest.kinds),
            "encoder": manifest.encoder.name, "revision": manifest.encoder.revision,
            "dimension": manifest.encoder.dimension,
            "parts": len(manifest.parts), "bytes": sum(file.bytes for file in files), "changes": manifest.change,
            "recall_at_10": manifest.recall_at_10, "written_by": f"rsvlm {manifest.rsvlm}",
        }  # fmt: skip

    def _known(self, column: str) -> Mask:
        """(size,) of which rows that count a column is known."""
        known: Mask = self._snapshot.column(column).is_valid().to_numpy()
        return known & self._snapshot.live

    def verify(self) -> list[str]:
        """Read everything, and compare it with what was written; return what is wrong, a line each.

        Raises:
            RetrievalError: The manifest itself is damaged.
        """
        return verify(self.folder)


def _counted(tables: Iterable[pa.Table], total: int, progress: Progress) -> Iterator[pa.Table]:
    done = 0
    for table in tables:
        yield table
        done += len(table)
        progress(done, total)
