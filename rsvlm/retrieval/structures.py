"""Cells and graphs for faiss, made of stored vectors, and the effort that a search in them takes."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .approximate import Structure
from .cells import BLOCK, cells_of_rows, train_cells, write_cells
from .errors import RetrievalError
from .exact import Mask
from .filerecords import record_of
from .judging import Judge, Judged, with_pictures
from .kinds import LINKS, Kind, Plan, cells_of, needed_faiss
from .manifest import ApproximateRecord, StructureRecord
from .mapping import Mapping, for_pictures, for_words, of_queries, shortest
from .stored import StoredVectors, Stores, Vectors
from .tuning import cells_needed

_SAMPLE = 50_000
"""Vectors that mappings are made of."""
_TRAINING = 48
"""Vectors a cell that cells are made of."""
_WIDTH = 200
"""Candidates that are held when a vector's links are chosen: efConstruction."""


def build_approximate(
    place: Path, stored: StoredVectors, dimension: int, kind: Kind, plan: Plan
) -> ApproximateRecord:
    """Write what finds candidates in a part, for pictures and for words, and find out how far a search has to look.

    Args:
        place: Folder of the part.
        stored: Its vectors.
        dimension: Of them.
        kind: What is made; where the plan leaves that open, a graph takes the place of cells for pictures if that
            answers sooner.
        plan: What is wanted.

    Raises:
        RetrievalError: Faiss is not installed.
    """
    needed_faiss()
    texts = np.empty((0, dimension), np.float32) if plan.texts is None else plan.texts
    known, asked = texts[::2], texts[1::2]
    judge = Judge(Stores([stored], dimension), asked, plan.recall)
    sample = _sample(stored, _SAMPLE)
    pictures, sample = sample[::250], np.delete(sample, np.s_[::250], axis=0)

    def short(mapping: Mapping, queries: Vectors) -> Mapping | None:
        return None if kind == "ivf-flat" else shortest(mapping, queries, sample, plan.recall)

    words = None
    if judge.words:
        queries = np.concatenate([asked, with_pictures(asked, pictures)])
        maker = _Maker(place, "words", stored, short(for_words(sample, known), queries), judge, judge.words)
        words = maker.cells("ivf-sq8" if kind == "hnsw-sq8" else kind)
    maker = _Maker(place, "pictures", stored, short(for_pictures(sample), pictures), judge, [judge.pictures])
    if kind != "hnsw-sq8":
        cells = maker.cells(kind)
        if not plan.wants_graph(len(stored), cells.numbers, cells.efforts[0].effort / cells.cells):
            return ApproximateRecord(kind=kind, pictures=cells, words=words)
    return ApproximateRecord(kind="hnsw-sq8", pictures=maker.graph(), words=words)


class _Maker:
    """Makes cells or a graph for one sort of queries.

    Args:
        place: Folder of the part.
        name: Of the files, without their ends.
        stored: The vectors.
        mapping: To fewer numbers; None: as they are.
        judge: What the search is tuned by.
        queries: What is asked: of one sort, and with pictures.
    """

    def __init__(
        self,
        place: Path,
        name: str,
        stored: StoredVectors,
        mapping: Mapping | None,
        judge: Judge,
        queries: list[Judged],
    ) -> None:
        self._stored, self._mapping, self._judge, self._queries = stored, mapping, judge, queries
        self._matrix = None if mapping is None else mapping.queries
        self._file, self._map = place / f"{name}.faiss", place / f"{name}.map"
        if self._matrix is not None:
            self._map.write_bytes(self._matrix.astype("<f4").tobytes())

    def cells(self, kind: Kind) -> StructureRecord:
        """Make cells."""
        faiss, rows, cells = needed_faiss(), len(self._stored), cells_of(len(self._stored))
        index = train_cells(self._mapped(_sample(self._stored, max(_TRAINING * cells, 10_000))), kind, cells)
        cell_of = cells_of_rows(index, rows, self._block)
        write_cells(self._file, index, cell_of, self._block)
        centres = index.quantizer.reconstruct_n(0, cells)

        def needed(queries: Judged) -> int:
            asked = of_queries(queries.vectors, self._matrix)
            return cells_needed(asked, centres, cell_of[queries.truth], self._judge.recall, queries.margin)

        structure = Structure(faiss.read_index(str(self._file), faiss.IO_FLAG_MMAP), self._matrix)
        return self._record(index.d, cells, self._tuned(structure, needed, 1.1))

    def graph(self) -> StructureRecord:
        """Make a graph."""
        faiss = needed_faiss()
        numbers = self._mapped(self._stored.block(0, 1)).shape[1]
        index = self._grown(numbers, self._judge.others)
        structure = Structure(index, self._matrix)
        tuned = self._tuned(structure, lambda queries: 2 * queries.truth.shape[1], 1.07)
        held = np.flatnonzero(~self._judge.others)
        index.add_with_ids(self._mapped(self._stored.take(held)), held)
        try:
            faiss.write_index(index, str(self._file))
        except RuntimeError as error:  # what faiss makes of a full disk
            if os.strerror(errno.ENOSPC) in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._file)) from None
            raise RetrievalError(f"{self._file}: cannot be written ({str(error).splitlines()[-1]})") from None
        return self._record(numbers, 0, tuned)

    def _tuned(self, structure: Structure, first: Callable[[Judged], int], growth: float) -> dict[str, Any]:
        """What a record says of the search."""
        pool = self._judge.pool(structure, self._queries)
        efforts = [self._judge.efforts(structure, one, pool, first, growth) for one in self._queries]
        both = efforts[1] if len(efforts) > 1 else ()
        return {"pool": pool, "queries": len(self._queries[0].vectors), "efforts": efforts[0], "both": both}

    def _record(self, numbers: int, cells: int, tuned: dict[str, Any]) -> StructureRecord:
        return StructureRecord(
            numbers=numbers,
            cells=cells,
            index=record_of(self._file),
            map=None if self._matrix is None else record_of(self._map),
            **tuned,
        )

    def _grown(self, numbers: int, rows: Mask) -> Any:
        faiss = needed_faiss()
        graph = faiss.IndexHNSWSQ(numbers, faiss.ScalarQuantizer.QT_8bit, LINKS)
        graph.hnsw.efConstruction = _WIDTH
        graph.train(self._mapped(_sample(self._stored, _SAMPLE)))
        index = faiss.IndexIDMap(graph)
        # in no order that the images came in, or the graph would be a chain of places
        shuffled = np.random.default_rng(2).permutation(np.flatnonzero(rows))
        for first in range(0, len(shuffled), BLOCK):
            some = shuffled[first : first + BLOCK]
            index.add_with_ids(self._mapped(self._stored.take(some)), some)
        return index

    def _mapped(self, vectors: Vectors) -> Vectors:
        return np.ascontiguousarray(vectors) if self._mapping is None else self._mapping.of_images(vectors)

    def _block(self, first: int, last: int) -> Vectors:
        return self._mapped(self._stored.block(first, last))


def _sample(stored: StoredVectors, count: int) -> Vectors:
    random = np.random.default_rng(1)
    return stored.take(np.sort(random.choice(len(stored), min(count, len(stored)), replace=False)))
