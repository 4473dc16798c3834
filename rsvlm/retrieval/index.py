"""`rsvlm.Index`: vectors of images on the disk, found by words, by example, by where and when."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

import rsvlm

from .changes import Change, changing, locked
from .errors import RetrievalError
from .exact import search_exactly
from .filters import Filter
from .hits import Hits, ranked
from .manifest import NAME, EncoderRecord, Manifest
from .parts import unit_vectors
from .rows import checked, table_of
from .snapshot import Snapshot, numbers_of, open_snapshot
from .verifying import verify

PathLike = str | os.PathLike[str]
Rows = Iterable[Mapping[str, Any]] | Any
"""Dicts, or an Arrow table."""


class Index:
    """Vectors of images and what is known of each, in a folder that is opened without being read.

    An open index stays as it was when it was opened, whatever another process writes; `refresh` looks again. What
    this object changes, it sees.

    Attributes:
        folder: Where it is.
        manifest: What it consists of.
    """

    def __init__(self, folder: PathLike) -> None:
        """Open an index; `Index.open` is the same.

        Raises:
            RetrievalError: It is no index, or a damaged one.
        """
        self.folder = Path(folder)
        self._snapshot: Snapshot = open_snapshot(self.folder)

    @classmethod
    def open(cls, folder: PathLike) -> Self:
        """Open an index.

        Raises:
            RetrievalError: It is no index, or a damaged one.
        """
        return cls(folder)

    @classmethod
    def from_vectors(
        cls, folder: PathLike, vectors: ArrayLike, rows: Rows, *, encoder: str, revision: str = ""
    ) -> Self:
        """Make an index of vectors that are there already.

        Args:
            folder: Where; a new or an empty folder.
            vectors: (n, d) floats; they are made unit length.
            rows: n dicts, or a table, with a "key" each and what else is known: see `rsvlm.retrieval.rows.SCHEMA`.
            encoder: Name of what made the vectors.
            revision: Of its weights.

        Raises:
            RetrievalError: The folder holds something, or vectors and rows do not fit.
        """
        place = Path(folder)
        unit, table = _fitting(vectors, rows, None)
        if (place / NAME).exists():
            raise RetrievalError(f"{place}: is an index already: add to it, or name another folder")
        with locked(place):
            foreign = sorted(path.name for path in place.iterdir() if not path.name.startswith("."))
            if set(foreign) - {"parts"}:
                raise RetrievalError(
                    f"{place}: holds files of another origin ({foreign[0]}); name a new folder"
                )
            record = EncoderRecord(name=encoder, revision=revision, dimension=unit.shape[1])
            change = Change(place, Manifest(rsvlm=rsvlm.__version__, encoder=record))
            change.add([unit], table)
            change.commit()
        return cls(place)

    @property
    def manifest(self) -> Manifest:
        """What the index consists of."""
        return self._snapshot.manifest

    def __len__(self) -> int:
        return self.manifest.count

    def __repr__(self) -> str:
        encoder = self.manifest.encoder
        return f"Index({str(self.folder)!r}: {len(self):,} rows, {encoder.name}, {encoder.dimension} numbers)"

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        self._snapshot = open_snapshot(self.folder)

    def add_vectors(self, vectors: ArrayLike, rows: Rows) -> None:
        """Add vectors; a row whose key is there already takes the place of the older one.

        Args:
            vectors: (n, dimension) floats; they are made unit length.
            rows: n dicts or a table, as of `from_vectors`.

        Raises:
            RetrievalError: Vectors and rows do not fit, or another process is writing.
        """
        unit, table = _fitting(vectors, rows, self.manifest.encoder.dimension)
        with changing(self.folder) as change:
            before = numbers_of(open_snapshot(self.folder), table["key"].to_pylist())
            if len(table):
                change.add([unit], table)
                change.remove(np.array(sorted(before.values()), np.int64))
                change.commit()
        self.refresh()

    def remove(self, keys: Iterable[str]) -> int:
        """Remove rows by their keys; return how many.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or another process is writing.
        """
        wanted = list(dict.fromkeys(keys))
        with changing(self.folder) as change:
            found = numbers_of(open_snapshot(self.folder), wanted)
            if missing := [key for key in wanted if key not in found]:
                raise RetrievalError(f"{self.folder}: has no row {missing[0]!r}; nothing was removed")
            if found:
                change.remove(np.array(sorted(found.values()), np.int64))
                change.commit()
        self.refresh()
        return len(found)

    def search_vectors(
        self, queries: ArrayLike, *, k: int = 10, offset: int = 0, filter: Filter | None = None
    ) -> list[Hits]:
        """Find the rows whose vectors have the highest dot product with each query.

        Args:
            queries: (q, dimension) floats of any length: a weighted sum of vectors asks for both.
            k: How many.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            filter: What all hits must be.

        Raises:
            RetrievalError: Queries of another dimension, or numbers that there cannot be.
        """
        asked = np.asarray(queries, np.float64)
        if asked.ndim != 2 or asked.shape[1] != self.manifest.encoder.dimension:
            raise RetrievalError(
                f"queries have the shape {asked.shape}; give (n, {self.manifest.encoder.dimension})"
            )
        if not np.isfinite(asked).all():
            raise RetrievalError("a query holds NaN or infinity")
        if k < 1 or offset < 0:
            raise RetrievalError(f"k {k}, offset {offset}: give k from 1 and an offset from 0")
        allowed = self._snapshot.live
        if filter is not None and (mask := filter.mask(self._snapshot)) is not None:
            allowed &= mask
        total = int(allowed.sum())
        return [
            ranked(
                self._snapshot.rows(found.rows[offset:]),
                found.rows[offset:],
                found.scores[offset:],
                offset + 1,
                total,
            )
            for found in search_exactly(self._snapshot, asked, offset + k, allowed)
        ]

    def verify(self) -> list[str]:
        """Read everything, and compare it with what was written; return what is wrong, a line each.

        Raises:
            RetrievalError: The manifest itself is damaged.
        """
        return verify(self.folder)


def _fitting(vectors: ArrayLike, rows: Rows, dimension: int | None) -> tuple[Any, pa.Table]:
    unit = unit_vectors(vectors, dimension)
    table = checked(rows) if isinstance(rows, pa.Table) else table_of(rows)
    if len(table) != len(unit):
        raise RetrievalError(f"{len(unit)} vectors for {len(table)} rows; give one each")
    return unit, table
