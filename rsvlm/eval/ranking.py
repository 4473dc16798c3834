"""Ranks by cosine, exact, in blocks: the whole matrix of similarities is never held.

The order is fixed: higher similarity first, of equals the lower index first. Vectors that are the same, bit by bit,
have the same similarity to everything; without care matrix products may differ in the last bit between places of a
matrix, and chance would decide between equal texts. What failed (a row with NaN, or of length 0) is never found.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import EvalError

Vectors = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOT_FOUND = np.iinfo(np.int64).max
"""The rank of what failed."""

BLOCK = 2**25
"""Similarities held at once: 128 MiB."""


class Ranked(NamedTuple):
    """How a search went.

    Attributes:
        ranks: (p,) the rank of the item of each pair for the query of the pair, from 1, or `NOT_FOUND`.
        best: (q,) the first item of each query, -1 where the query failed.
    """

    ranks: Ints
    best: Ints


class Rows(NamedTuple):
    """Vectors of unit length (n, d), zero where there is none, and which ones failed."""

    vectors: Vectors
    failed: Mask


def unit_rows(vectors: ArrayLike) -> Rows:
    """Return vectors of unit length in float32.

    Raises:
        EvalError: They are no matrix.
    """
    rows = np.array(vectors, np.float32)
    if rows.ndim != 2:
        raise EvalError(f"vectors have the shape {rows.shape}; give (items, dimensions)")
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    failed = ~(np.isfinite(length) & (length > 0))[:, 0]
    rows[failed] = 0
    return Rows((rows / np.where(failed[:, None], 1, length)).astype(np.float32), failed)


def similarity_blocks(queries: Rows, items: Rows, block: int = BLOCK) -> Iterator[tuple[int, Vectors]]:
    """Yield the cosines of all queries with all items, some queries at a time.

    Yields:
        The number of the first query, and (some queries, items) float32; -inf where either failed.
    """
    if queries.vectors.shape[1] != items.vectors.shape[1]:
        raise EvalError(
            f"queries have {queries.vectors.shape[1]} dimensions and items {items.vectors.shape[1]}; "
            "encode both with one model"
        )
    distinct, place = _distinct(items.vectors)
    rows = max(1, block // max(1, len(items.vectors)))
    for start in range(0, len(queries.vectors), rows):
        scores = (queries.vectors[start : start + rows] @ distinct.T)[:, place]
        scores[:, items.failed] = -np.inf
        scores[queries.failed[start : start + rows]] = -np.inf
        yield start, scores


def rank_pairs(blocks: Iterator[tuple[int, Vectors]], queries: Ints, items: Ints, n_queries: int) -> Ranked:
    """Rank the right items of each query among all items.

    Args:
        blocks: Of `similarity_blocks`.
        queries: (p,) the query of each pair.
        items: (p,) its item.
        n_queries: q.
    """
    order = np.argsort(queries, kind="stable")
    ranks, best = np.full(len(queries), NOT_FOUND), np.full(n_queries, -1)
    for start, scores in blocks:
        best[start : start + len(scores)] = _best(scores)
        first, last = np.searchsorted(queries[order], (start, start + len(scores)))
        for pair in order[first:last].tolist():
            ranks[pair] = _rank(scores[queries[pair] - start], int(items[pair]))
    return Ranked(ranks, best)


def _rank(scores: Vectors, item: int) -> int:
    own = scores[item]
    if not np.isfinite(own):
        return NOT_FOUND
    # Row by row and without copies: twice as fast as many rows at once, whose masks leave the cache.
    return 1 + int(np.count_nonzero(scores[:item] >= own) + np.count_nonzero(scores[item + 1 :] > own))


def _best(scores: Vectors) -> Any:
    if not scores.shape[1]:
        return -1
    return np.where(np.isfinite(scores.max(axis=1)), scores.argmax(axis=1), -1)


def _distinct(vectors: Vectors) -> tuple[Vectors, Ints | slice]:
    """Return the vectors that differ bit by bit, and which of them each one is."""
    rows = np.ascontiguousarray(vectors)
    if not rows.size:
        return rows, slice(None)
    bits = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
    _, first, place = np.unique(bits, return_index=True, return_inverse=True)
    return (rows, slice(None)) if len(first) == len(rows) else (rows[first], place)
