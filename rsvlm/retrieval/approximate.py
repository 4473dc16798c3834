"""What finds candidates for the nearest vectors, by faiss, without looking at every vector."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .errors import RetrievalError
from .exact import Floats, Mask
from .kinds import needed_faiss
from .manifest import StructureRecord
from .mapping import of_queries
from .stored import Ints, Vectors


class Structure:
    """Cells or a graph of vectors, for one sort of queries.

    Args:
        index: Cells: an `IndexIVF` whose ids are row numbers; a graph: an `IndexIDMap` of an `IndexHNSWSQ`.
        matrix: What makes queries as short as the vectors are in it; None: they are not shorter.

    Attributes:
        index: Cells: an `IndexIVF`; a graph: an `IndexHNSWSQ`.
        matrix: As given.
    """

    def __init__(self, index: Any, matrix: Vectors | None) -> None:
        faiss = self._faiss = needed_faiss()
        self._owner, self.matrix = index, matrix  # what faiss casts down is not kept alive by it
        self._order: Ints | None = None
        if isinstance(index, faiss.IndexIDMap):
            self._order, self.index = faiss.vector_to_array(index.id_map), faiss.downcast_index(index.index)
        else:
            self.index = faiss.downcast_index(index)
            lists = faiss.downcast_InvertedLists(self.index.invlists)
            if isinstance(lists, faiss.OnDiskInvertedLists):
                lists.prefetch_nthread = 0  # threads that are made for every query cost more than they bring
        self._selected: tuple[Mask | None, Any] = (None, None)

    @property
    def is_graph(self) -> bool:
        """Whether it is a graph, and no cells."""
        return self._order is not None

    @cached_property
    def largest_effort(self) -> int:
        """The effort beyond which there is nothing."""
        return int(self.index.ntotal if self.is_graph else self.index.nlist)

    def find(self, queries: Floats, count: int, effort: int, allowed: Mask | None = None) -> Ints:
        """Return so many rows that are likely among the nearest of each query, -1 where there are too few.

        Args:
            queries: (q, d).
            count: How many.
            effort: Cells to look into, or candidates to hold on the way through a graph.
            allowed: (rows,) which may be found; None: all.
        """
        count, selector = min(count, int(self.index.ntotal)), self._selector(allowed)
        if self.is_graph:
            options = self._faiss.SearchParametersHNSW(efSearch=max(effort, count), sel=selector)
        else:
            options = self._faiss.SearchParametersIVF(nprobe=min(effort, self.largest_effort), sel=selector)
        asked = of_queries(queries, self.matrix)
        with self._one_thread() if len(asked) == 1 else nullcontext():
            return self._rows(self.index.search(asked, count, params=options)[1])

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """Have faiss, for calls of this thread, wake no others: for one query that takes longer than it saves."""
        threads = self._faiss.omp_get_max_threads()
        self._faiss.omp_set_num_threads(1)
        try:
            yield
        finally:
            self._faiss.omp_set_num_threads(threads)

    def scan(self, queries: Floats, count: int, allowed: Mask | None) -> Ints:
        """Return the same from the codes of all rows that may be found."""
        if not self.is_graph:
            return self.find(queries, count, self.largest_effort, allowed)
        options = self._faiss.SearchParameters(sel=self._selector(allowed))
        codes = self._faiss.downcast_index(self.index.storage)
        count = min(count, int(codes.ntotal))
        return self._rows(codes.search(of_queries(queries, self.matrix), count, params=options)[1])

    def _rows(self, found: Ints) -> Ints:
        return found if self._order is None else np.where(found < 0, -1, self._order[found])

    def _selector(self, allowed: Mask | None) -> Any:
        """A selector of rows, the last one kept: those that count are the same in every search."""
        if allowed is None:
            return None
        kept = self._selected  # held: another thread may put its own there
        if kept[0] is not allowed:
            bitmap = np.packbits(allowed if self._order is None else allowed[self._order], bitorder="little")
            selector = self._faiss.IDSelectorBitmap(bitmap)
            selector.held = bitmap  # faiss itself keeps it no longer than this method
            kept = self._selected = (allowed, selector)
        return kept[1]


def open_structure(place: Path, name: str, record: StructureRecord, rows: int, dimension: int) -> Structure:
    """Open what was written, mapped from the disk.

    Args:
        place: Folder of the part.
        name: Of the files, without their ends.
        record: What the manifest says of it.
        rows: Vectors of the part.
        dimension: Of them.

    Raises:
        RetrievalError: Faiss cannot read it, or it is of other vectors.
    """
    faiss, file, matrix = needed_faiss(), place / f"{name}.faiss", None
    if record.map is not None:
        matrix = np.fromfile(place / f"{name}.map", "<f4").reshape(-1, dimension + 1)
    try:
        index = faiss.read_index(str(file), faiss.IO_FLAG_MMAP if record.cells else faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise RetrievalError(f"{file}: cannot be read by faiss ({str(error).splitlines()[-1]})") from None
    if (index.ntotal, index.d) != (rows, record.numbers):
        raise RetrievalError(
            f"{file}: has {index.ntotal} vectors of {index.d} numbers, not {rows} of {record.numbers}"
        )
    return Structure(index, matrix)
