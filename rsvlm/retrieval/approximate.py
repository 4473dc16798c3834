"""Candidates for the nearest vectors by faiss, and their order by the stored vectors."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import RetrievalError
from .exact import Floats, Found, Mask
from .kinds import needed_faiss
from .manifest import ApproximateRecord
from .stored import Ints, StoredVectors

NAME = "index.faiss"

_AT_ONCE = 2**25
"""Numbers of candidates' vectors that are held at once: 256 MiB in float64."""
_POOL = {"ivf-pq": 30, "ivf-rabitq": 100}
"""Times as many candidates are looked at as hits are wanted, where codes are coarse."""


class Approximate:
    """Cells or a graph of a part, mapped from the disk.

    Args:
        place: Folder of the part.
        record: What the manifest says of it.
        rows: Vectors of the part.
        dimension: Of them.

    Raises:
        RetrievalError: Faiss cannot read it, or it is of other vectors.
    """

    def __init__(self, place: Path, record: ApproximateRecord, rows: int, dimension: int) -> None:
        self.record, file = record, place / NAME
        faiss = needed_faiss()
        flag = faiss.IO_FLAG_MMAP if record.cells else faiss.IO_FLAG_MMAP_IFC
        try:
            index = faiss.read_index(str(file), flag)
        except RuntimeError as error:
            raise RetrievalError(f"{file}: cannot be read by faiss ({str(error).splitlines()[-1]})") from None
        if (index.ntotal, index.d) != (rows, dimension):
            raise RetrievalError(
                f"{file}: has {index.ntotal} vectors of {index.d} numbers, not {rows} of {dimension}"
            )
        self.searcher = Searcher(index, record.kind)


class Searcher:
    """A faiss index of cells or a graph.

    Args:
        index: An `IndexIVF` whose ids are row numbers, or an `IndexIDMap` of an `IndexHNSWSQ`.
        kind: What it is.
    """

    def __init__(self, index: Any, kind: str) -> None:
        self._faiss = needed_faiss()
        self._index, self._kind = index, kind  # the outer one owns the inner one
        self._order: Ints | None = None
        if kind.startswith("hnsw"):
            inner = self._faiss.downcast_index(index.index)
            self._order, self._inner = self._faiss.vector_to_array(index.id_map), inner
        else:
            self._inner = self._faiss.downcast_index(index)
            lists = self._faiss.downcast_InvertedLists(self._inner.invlists)
            if isinstance(lists, self._faiss.OnDiskInvertedLists):
                lists.prefetch_nthread = 0  # threads that are made for every query cost more than they bring
        self._selected: tuple[Mask | None, Any] = (None, None)

    @property
    def largest_effort(self) -> int:
        """The effort that finds all that there is to find."""
        return int(self._inner.nlist if self._order is None else self._inner.ntotal)

    def candidates(
        self, queries: NDArray[np.float32], k: int, effort: int, allowed: Mask | None = None
    ) -> Ints:
        """Return rows that are likely among the k nearest of each query, -1 where there are too few.

        Args:
            queries: (q, d).
            k: Hits that are wanted; more candidates are returned.
            effort: Cells to look into, or candidates to hold.
            allowed: (rows,) which may be found; None: all.
        """
        count = min(k * _POOL.get(self._kind, 2), int(self._inner.ntotal))
        selector = self._selector(allowed)
        if self._order is None:
            options = self._faiss.SearchParametersIVF(nprobe=effort, sel=selector)
        else:
            options = self._faiss.SearchParametersHNSW(efSearch=max(effort, count), sel=selector)
        return self._rows(self._inner.search(queries, count, params=options)[1])

    def scan(self, queries: NDArray[np.float32], k: int, allowed: Mask) -> Ints:
        """Return candidates from the codes of all rows that may be found, one after the other."""
        if self._order is None:
            return self.candidates(queries, k, self.largest_effort, allowed)
        options = self._faiss.SearchParameters(sel=self._selector(allowed))
        codes = self._faiss.downcast_index(self._inner.storage)
        return self._rows(codes.search(queries, min(2 * k, int(codes.ntotal)), params=options)[1])

    def _rows(self, found: Ints) -> Ints:
        if self._order is None:
            return found
        rows: Ints = np.where(found < 0, -1, self._order[found])
        return rows

    def _selector(self, allowed: Mask | None) -> Any:
        """A selector of rows, the last one kept: those that count are the same in every search."""
        if allowed is None:
            return None
        if self._selected[0] is not allowed:
            own = allowed if self._order is None else allowed[self._order]
            bitmap = np.packbits(own, bitorder="little")
            self._selected = (allowed, (self._faiss.IDSelectorBitmap(bitmap), bitmap))
        return self._selected[1][0]


def ordered(stored: StoredVectors, queries: Floats, candidates: Ints, k: int) -> list[Found]:
    """Return the k nearest among the candidates of each query, by the stored vectors.

    Args:
        stored: All vectors.
        queries: (q, d).
        candidates: (q, c) rows, -1 where there is none.
        k: How many.
    """
    step = max(1, _AT_ONCE // max(1, candidates.shape[1] * queries.shape[1]))
    found: list[Found] = []
    for start in range(0, len(queries), step):
        rows, asked = candidates[start : start + step], queries[start : start + step]
        vectors = stored.take(rows.ravel()).reshape(*rows.shape, -1).astype(np.float64)
        scores = (vectors * asked[:, None, :]).sum(axis=2)
        scores[rows < 0] = -np.inf
        order = np.lexsort((rows, -scores))[:, :k]
        best, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
        found += [Found(one[one >= 0], score[one >= 0]) for one, score in zip(rows, best, strict=True)]
    return found
