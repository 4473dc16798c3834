"""Cells of vectors for faiss, written list by list into a file of faiss's own format.

That takes two passes over the vectors: the first says which cell each belongs to, the second puts each code where it
belongs. No more is in memory than some blocks, whatever the number of vectors; faiss maps the file when it is opened.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .devices import gpus, on_gpus
from .errors import RetrievalError
from .kinds import Kind, needed_faiss
from .stored import Ints, Vectors

BLOCK = 50_000
"""Vectors that are in memory at once."""
_ROUNDS = 8
"""Of k-means."""
_CODES = {"ivf-flat": "Flat", "ivf-sq8": "SQ8", "hnsw-sq8": "SQ8", "ivf-rabitq": "RaBitQ"}

Block = Callable[[int, int], Vectors]
"""First and last row to the vectors of that range."""


def train_cells(sample: Vectors, kind: Kind, cells: int) -> Any:
    """Return an empty faiss index with so many cells.

    Args:
        sample: (n, d) of the vectors.
        kind: How vectors are coded in it.
        cells: How many.
    """
    faiss, dimension = needed_faiss(), sample.shape[1]
    pieces = max(one for one in range(1, max(1, dimension // 8) + 1) if dimension % one == 0)
    code = _CODES.get(kind, f"PQ{pieces}")
    index = faiss.index_factory(dimension, f"IVF{cells},{code}", faiss.METRIC_L2)
    index.cp.niter, index.cp.min_points_per_centroid = _ROUNDS, 1
    if gpus():
        index.clustering_index = found = on_gpus(faiss.IndexFlatL2(dimension))
        index.referenced_objects = [found]  # faiss keeps no hold of it
    index.train(np.ascontiguousarray(sample))
    return index


def cells_of_rows(index: Any, rows: int, block: Block) -> Ints:
    """Return (rows,) the cell that each row belongs to."""
    quantizer = on_gpus(index.quantizer) if gpus() else index.quantizer
    found = [
        quantizer.search(block(first, min(first + BLOCK, rows)), 1)[1][:, 0]
        for first in range(0, rows, BLOCK)
    ]
    cells: Ints = np.concatenate(found)
    return cells


def write_cells(file: Path, index: Any, cell_of: Ints, block: Block) -> None:
    """Write a trained index with its cells filled, byte for byte as faiss would write it.

    Args:
        file: Where.
        index: As of `train_cells`, empty.
        cell_of: (rows,) cells.
        block: The vectors of a range of rows.

    Raises:
        RetrievalError: Faiss writes cells in a way that is not known here.
    """
    cells, width, rows = int(index.nlist), int(index.code_size), len(cell_of)
    sizes = np.bincount(cell_of, minlength=cells)
    index.ntotal = rows
    head = _head(file, index, cells, width) + _table(sizes, cells)
    # each cell is its codes and then its ids
    starts = len(head) + np.concatenate([[0], np.cumsum(sizes * (width + 8))])
    done = np.zeros(cells, np.int64)
    with file.open("wb") as opened:  # buffered: a raw write may write less than it was given
        opened.write(head)
        for first in range(0, rows, BLOCK):
            own = cell_of[first : first + BLOCK]
            codes = _codes(index, block(first, first + len(own)), own)
            order = np.argsort(own, kind="stable")
            some, begins = np.unique(own[order], return_index=True)
            for cell, members in zip(some.tolist(), np.split(order, begins[1:]), strict=True):
                opened.seek(int(starts[cell] + done[cell] * width))
                opened.write(codes[members].tobytes())
                opened.seek(int(starts[cell] + sizes[cell] * width + done[cell] * 8))
                opened.write((first + members).astype("<i8").tobytes())
                done[cell] += len(members)
    if (size := file.stat().st_size) != starts[-1]:
        raise RetrievalError(f"{file}: {size} bytes were written of {starts[-1]}: run it again")


def _head(file: Path, index: Any, cells: int, width: int) -> bytes:
    """What faiss writes before the cells."""
    written: bytes = needed_faiss().serialize_index(index).tobytes()
    empty = b"ilar" + struct.pack("<QQ", cells, width) + b"sprs" + struct.pack("<Q", 0)
    if not written.endswith(empty):
        raise RetrievalError(
            f"{file}: this version of faiss writes cells in another way; 1.11 to 1.15 are known"
        )
    return written[: -len(empty)] + b"ilar" + struct.pack("<QQ", cells, width)


def _table(sizes: Ints, cells: int) -> bytes:
    """How many vectors each cell has, as faiss writes it: all of them, or those that are not empty."""
    filled = np.flatnonzero(sizes)
    if len(filled) > cells // 2:
        return b"full" + struct.pack("<Q", cells) + sizes.astype("<u8").tobytes()
    pairs = np.stack([filled, sizes[filled]], axis=1)
    return b"sprs" + struct.pack("<Q", pairs.size) + pairs.astype("<u8").tobytes()


def _codes(index: Any, vectors: Vectors, cell_of: Ints) -> Any:
    faiss = needed_faiss()
    codes = np.zeros((len(vectors), index.code_size), np.uint8)
    vectors, cell_of = np.ascontiguousarray(vectors), np.ascontiguousarray(cell_of)
    index.encode_vectors(
        len(vectors), faiss.swig_ptr(vectors), faiss.swig_ptr(cell_of), faiss.swig_ptr(codes)
    )
    return codes
