"""Cells and graphs for faiss, made of stored vectors, and the effort that a search in them takes.

Cells are written list by list into a file of faiss's own format, in two passes over the vectors: the first says which
cell each belongs to, the second puts each code where it belongs. No more is in memory than some blocks, whatever the
number of vectors; faiss maps the file when it is opened.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .approximate import NAME, Searcher, ordered
from .errors import RetrievalError
from .exact import search_exactly
from .filerecords import record_of
from .kinds import LINKS, Kind, Plan, cells_of, needed_faiss
from .manifest import ApproximateRecord, Tuning
from .stored import Ints, StoredVectors, Stores, Vectors
from .tuning import HITS, cells_needed, guessed, tune

_HELD_OUT = 500
"""Vectors that are queries when the search is tuned, and are left out of what is found."""
_TRAINING = 48
"""Vectors a cell that cells are made of."""
_ROUNDS = 8
_BLOCK = 50_000
_WIDTH = 200
"""Candidates that are held when a vector's links are chosen: efConstruction."""
_CODES = {"ivf-flat": "Flat", "ivf-sq8": "SQ8", "ivf-rabitq": "RaBitQ"}


def build_approximate(
    place: Path, stored: StoredVectors, dimension: int, kind: Kind, plan: Plan
) -> ApproximateRecord:
    """Write `index.faiss` for a part, and find out how far a search in it has to look.

    Args:
        place: Folder of the part.
        stored: Its vectors.
        dimension: Of them.
        kind: What is made; where the plan leaves that open, a graph takes its place if that will answer sooner.
        plan: What is wanted.

    Raises:
        RetrievalError: Faiss is not installed.
    """
    needed_faiss()
    random = np.random.default_rng(0)
    held = np.sort(random.choice(len(stored), min(_HELD_OUT, max(1, len(stored) // 20)), replace=False))
    judge = _Judge(stored, held, dimension, plan)
    if kind.startswith("hnsw"):
        return _graph(place, stored, dimension, held, judge)
    found = _cells(place, stored, dimension, kind, judge)
    return found or _graph(place, stored, dimension, held, judge)


class _Judge:
    """Held-out pictures and words, and what they should find."""

    def __init__(self, stored: StoredVectors, held: Ints, dimension: int, plan: Plan) -> None:
        self._stored, self.plan = stored, plan
        self.others = np.ones(len(stored), bool)
        self.others[held] = False
        self.images = stored.take(held)
        texts = np.empty((0, dimension), np.float32) if plan.texts is None else np.asarray(plan.texts)
        self._texts = texts[np.linspace(0, len(texts) - 1, min(_HELD_OUT, len(texts))).astype(int)]
        both = np.concatenate([self.images, self._texts])
        hits = min(HITS[-1], int(self.others.sum()))
        found = search_exactly(Stores([stored], dimension), both, hits, self.others)
        self.truth = np.stack([one.rows for one in found])

    def efforts(
        self, searcher: Searcher, first: Callable[[Vectors, Ints], int], growth: float, *, masked: bool
    ) -> tuple[Tuning, Tuning]:
        """Efforts for pictures and for words.

        Args:
            searcher: What is tuned.
            first: Queries and their true rows to the effort to begin with.
            growth: What an effort that was too small is multiplied by.
            masked: Whether what was held out is in it.
        """
        allowed = self.others if masked else None

        def tuned(queries: Vectors, truth: Ints) -> Tuning:
            def search(hits: int, effort: int) -> list[Ints]:
                found = searcher.candidates(queries, hits, effort, allowed)
                return [one.rows for one in ordered(self._stored, queries.astype(np.float64), found, hits)]

            return tune(
                search, truth, self.plan.recall, lambda hits: first(queries, truth[:, :hits]), growth,
                searcher.largest_effort,
            )  # fmt: skip

        images = tuned(self.images, self.truth[: len(self.images)])
        if not len(self._texts):
            return images, guessed(images, searcher.largest_effort)
        return images, tuned(self._texts, self.truth[len(self.images) :])


def _sample(stored: StoredVectors, count: int) -> Vectors:
    random = np.random.default_rng(1)
    return stored.take(np.sort(random.choice(len(stored), min(count, len(stored)), replace=False)))


def _blocks(stored: StoredVectors) -> list[tuple[int, int]]:
    return [(first, min(first + _BLOCK, len(stored))) for first in range(0, len(stored), _BLOCK)]


def _cells(
    place: Path, stored: StoredVectors, dimension: int, kind: Kind, judge: _Judge
) -> ApproximateRecord | None:
    """Make cells; None where a graph will answer sooner."""
    faiss = needed_faiss()
    cells = cells_of(len(stored))
    code = _CODES.get(kind) or f"PQ{max(m for m in range(1, dimension // 8 + 1) if dimension % m == 0)}"
    index = faiss.index_factory(dimension, f"IVF{cells},{code}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.min_points_per_centroid = _ROUNDS, 1
    index.train(_sample(stored, max(_TRAINING * cells, 10_000)))
    cell_of = np.concatenate(
        [index.quantizer.search(stored.block(*ends), 1)[1][:, 0] for ends in _blocks(stored)]
    )
    centres = index.quantizer.reconstruct_n(0, cells)

    def needed(queries: Vectors, truth: Ints) -> int:
        return cells_needed(queries, centres, cell_of[truth], judge.plan.recall)

    share = needed(judge.images, judge.truth[: len(judge.images), : HITS[0]]) / cells
    if judge.plan.wants_graph(len(stored), dimension, share):
        return None
    _write_cells(place / NAME, index, stored, cell_of)
    opened = faiss.read_index(str(place / NAME), faiss.IO_FLAG_MMAP)
    images, texts = judge.efforts(Searcher(opened, kind), needed, 1.1, masked=True)
    return ApproximateRecord(
        kind=kind, cells=cells, images=images, texts=texts, index=record_of(place / NAME)
    )


def _write_cells(file: Path, index: Any, stored: StoredVectors, cell_of: Ints) -> None:
    """Write a trained index with its lists filled, byte for byte as faiss would write it."""
    faiss = needed_faiss()
    cells, width = int(index.nlist), int(index.code_size)
    sizes = np.bincount(cell_of, minlength=cells)
    index.ntotal = len(stored)
    head = faiss.serialize_index(index).tobytes()
    empty = b"ilar" + struct.pack("<QQ", cells, width) + b"sprs" + struct.pack("<Q", 0)
    if not head.endswith(empty):
        raise RetrievalError(
            f"{file}: this version of faiss writes cells in another way: install 1.8 to 1.15"
        )
    filled = np.flatnonzero(sizes)
    if len(filled) > cells // 2:
        table = b"full" + struct.pack("<Q", cells) + sizes.astype("<u8").tobytes()
    else:
        pairs = np.stack([filled, sizes[filled]], axis=1)
        table = b"sprs" + struct.pack("<Q", pairs.size) + pairs.astype("<u8").tobytes()
    head = head[: -len(empty)] + b"ilar" + struct.pack("<QQ", cells, width) + table
    # each list is its codes and then its ids
    starts = len(head) + np.concatenate([[0], np.cumsum(sizes * (width + 8))])
    done = np.zeros(cells, np.int64)
    with file.open("wb", buffering=0) as opened:
        opened.write(head)
        for first, last in _blocks(stored):
            own = np.ascontiguousarray(cell_of[first:last])
            codes = _codes(index, stored.block(first, last), own)
            order = np.argsort(own, kind="stable")
            some, begins = np.unique(own[order], return_index=True)
            for cell, members in zip(some.tolist(), np.split(order, begins[1:]), strict=True):
                opened.seek(int(starts[cell] + done[cell] * width))
                opened.write(codes[members].tobytes())
                opened.seek(int(starts[cell] + sizes[cell] * width + done[cell] * 8))
                opened.write((first + members).astype("<i8").tobytes())
                done[cell] += len(members)


def _codes(index: Any, vectors: Vectors, cell_of: Ints) -> NDArray[np.uint8]:
    faiss = needed_faiss()
    codes = np.zeros((len(vectors), index.code_size), np.uint8)
    vectors = np.ascontiguousarray(vectors)
    index.encode_vectors(
        len(vectors), faiss.swig_ptr(vectors), faiss.swig_ptr(cell_of), faiss.swig_ptr(codes)
    )
    return codes


def _graph(
    place: Path, stored: StoredVectors, dimension: int, held: Ints, judge: _Judge
) -> ApproximateRecord:
    faiss = needed_faiss()
    graph = faiss.IndexHNSWSQ(dimension, faiss.ScalarQuantizer.QT_8bit, LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = _WIDTH
    graph.train(_sample(stored, 100_000))
    index = faiss.IndexIDMap(graph)
    # in no order that the images came in, or the graph would be a chain of places
    rows = np.random.default_rng(2).permutation(np.flatnonzero(judge.others))
    for first in range(0, len(rows), _BLOCK):
        some = rows[first : first + _BLOCK]
        index.add_with_ids(stored.take(some), some)
    images, texts = judge.efforts(
        Searcher(index, "hnsw-sq8"), lambda _, truth: 2 * truth.shape[1], 1.15, masked=False
    )
    index.add_with_ids(stored.take(held), held)
    faiss.write_index(index, str(place / NAME))
    return ApproximateRecord(
        kind="hnsw-sq8", cells=0, images=images, texts=texts, index=record_of(place / NAME)
    )
