"""Scores of all chunks for a question and a picture, and the first k by them: what scoring each by itself gives.

RS-RAG (Wen et al. 2025, arXiv:2504.04988) scores a chunk by alpha x cosine of the pictures + (1 - alpha) x cosine of
the texts, one after the other in Python. Here each cosine is one matrix product, that of a picture once for all chunks
about it; what could be among the first k is then scored again in float64, as exact search does.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rsvlm.retrieval.exact import SLACK, Floats, Found, Mask, exact_scores
from rsvlm.retrieval.stored import Ints, Stores

Singles = NDArray[np.float32]

_ROWS = 2**16


def products(stores: Stores, query: Floats) -> Singles:
    """Return (rows,) dot products of a query with all stored vectors, in float32."""
    single = query.astype(np.float32)
    found = np.empty(len(stores), np.float32)
    for number, part in enumerate(stores.parts):
        start = int(stores.starts[number])
        for first in range(0, len(part), _ROWS):
            last = min(first + _ROWS, len(part))
            # one query waits for memory: threads of BLAS would only get in the way of torch's
            found[start + first : start + last] = np.einsum("ij,j->i", part.block(first, last), single)
    return found


class Side(Protocol):
    """One cosine of the score, for all chunks."""

    def scores(self) -> Singles:
        """(chunks,) cosines in float32; 0 where a chunk has no vector."""
        ...

    def exact(self, chunks: Ints) -> Floats:
        """(n,) cosines of some chunks, in float64."""
        ...


class TextSide:
    """Cosines of the texts of chunks and a question.

    Args:
        stores: A vector for each chunk.
        query: (d,) that of the question.
    """

    def __init__(self, stores: Stores, query: Floats) -> None:
        self._stores, self._query = stores, query

    def scores(self) -> Singles:
        """(chunks,) cosines in float32."""
        return products(self._stores, self._query)

    def exact(self, chunks: Ints) -> Floats:
        """(n,) cosines of some chunks, in float64."""
        return exact_scores(self._stores, self._query, chunks)


class ImageSide:
    """Cosines of a picture and those of chunks; where a chunk has none, of the picture and the chunk's text.

    Args:
        query: (e,) vector of the picture that is asked about.
        pictures: Vectors of pictures, several chunks may be about one.
        picture_of: (chunks,) rows of `pictures`, -1 where a chunk has none.
        pieces: Vectors of texts in pieces; the best piece of a chunk counts.
        of_pieces: Rows of `pieces`, and the chunk that each belongs to.
    """

    def __init__(
        self,
        query: Floats,
        pictures: Stores | None,
        picture_of: Ints,
        pieces: Stores | None,
        of_pieces: tuple[Ints, Ints],
    ) -> None:
        self._query, self._pictures, self._picture_of = query, pictures, picture_of
        self._pieces, (self._rows, self._chunks) = pieces, of_pieces

    def scores(self) -> Singles:
        """(chunks,) cosines in float32; 0 where a chunk has no vector."""
        found = np.zeros(len(self._picture_of), np.float32)
        if self._pieces is not None and len(self._rows):
            found = _best_of_each(self._chunks, products(self._pieces, self._query)[self._rows], len(found))
        if self._pictures is not None:
            there = self._picture_of >= 0
            found[there] = products(self._pictures, self._query)[self._picture_of[there]]
        return found

    def exact(self, chunks: Ints) -> Floats:
        """(n,) cosines of some chunks, in float64."""
        found = np.zeros(len(chunks))
        if self._pieces is not None:
            own = np.flatnonzero(np.isin(self._chunks, chunks))
            place = {chunk: number for number, chunk in enumerate(chunks.tolist())}
            places = np.array([place[chunk] for chunk in self._chunks[own].tolist()], np.int64)
            scores = exact_scores(self._pieces, self._query, self._rows[own])
            found = _best_of_each(places, scores, len(found))
        rows = self._picture_of[chunks]
        if self._pictures is not None:
            found[rows >= 0] = exact_scores(self._pictures, self._query, rows[rows >= 0])
        return found


def _best_of_each(owners: Ints, scores: NDArray[Any], count: int) -> NDArray[Any]:
    """(count,) the highest score of those that each owner has; 0 where it has none."""
    best = np.full(count, -np.inf, scores.dtype)
    np.maximum.at(best, owners, scores)
    return np.where(np.isneginf(best), 0, best).astype(scores.dtype)


def best_chunks(sides: Sequence[tuple[float, Side]], extra: Floats | None, allowed: Mask, k: int) -> Found:
    """Return the first k chunks by the weighted sum of their cosines; of equals the lower number comes first.

    Args:
        sides: Weights and cosines.
        extra: (chunks,) what is added to each score, such as nearness; None: nothing.
        allowed: (chunks,) which may be found.
        k: How many at most.
    """
    rows = np.flatnonzero(allowed)
    rough = np.zeros(len(allowed), np.float32)
    for weight, side in sides:
        if weight:
            rough += np.float32(weight) * side.scores()
    if extra is not None:
        rough += extra.astype(np.float32)
    if len(rows) > k:
        least = np.partition(rough[rows], len(rows) - k)[len(rows) - k]
        rows = rows[rough[rows] >= least - 2 * SLACK]
    exact = np.zeros(len(rows)) if extra is None else extra[rows].astype(np.float64)
    for weight, side in sides:
        if weight:
            exact += weight * side.exact(rows)
    order = np.lexsort((rows, -exact))[:k]
    return Found(rows[order], exact[order])
