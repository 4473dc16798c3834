"""Hits that are not all the same: near-duplicates folded, and variety preferred, on request."""

from collections.abc import Callable

import numpy as np

from .errors import RetrievalError
from .exact import SLACK, Floats, Found, Mask
from .kinds import Asked
from .paging import paged
from .snapshot import Snapshot
from .stored import Ints, Vectors

_POOL = 10
"""Times as many hits are looked at as are wanted: variety is chosen among these."""


Nearest = Callable[[int], Found]
"""The first so many rows of one query."""
Take = Callable[[Ints], Vectors]
"""Vectors of rows that it found."""


def search_varied(
    snapshot: Snapshot,
    queries: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    k: int,
    allowed: Mask | None,
    *,
    page: int,
    kind: Asked,
    fold: float | None,
    variety: float,
) -> list[Found]:
    """Return the first k rows of each query, without near-duplicates of better ones, or with variety.

    Args:
        snapshot: The index.
        queries: (q, d).
        k: How many.
        allowed: (size,) which rows may be found; None: all that count.
        page: Rows a page: the first so many are found as if there were no others.
        kind: What the queries are made of.
        fold: A row whose cosine with a better hit is this or more is left out; None: none is.
        variety: 0..1; the next hit is the one of the best 10 k with the highest (1 - variety) x score - variety x
            highest cosine with the hits before it: maximal marginal relevance (Carbonell and Goldstein 1998).

    Raises:
        RetrievalError: Numbers that there cannot be.
    """
    check_variety(fold, variety)
    if fold is None and not variety:
        return paged(snapshot, queries, page, k, allowed, kind=kind)

    def of(query: Floats) -> Found:
        return varied(
            lambda pool: paged(
                snapshot, query[None], pool if variety else page, pool, allowed, kind=kind
            )[0],
            snapshot.stores.take, k, fold, variety,
        )  # fmt: skip

    return [of(query) for query in queries]


def check_variety(fold: float | None, variety: float) -> None:
    """Refuse numbers that there cannot be.

    Raises:
        RetrievalError: There are such.
    """
    if fold is not None and not 0 < fold <= 1:
        raise RetrievalError(f"fold {fold:g}: the cosine from which images are the same, such as 0.98")
    if not 0 <= variety <= 1:
        raise RetrievalError(f"variety {variety:g}: between 0 (the best) and 1 (the most unlike)")


def varied(nearest: Nearest, take: Take, k: int, fold: float | None, variety: float) -> Found:
    """Return the first k rows of one query, as `search_varied` does, of whatever finds rows and has their vectors."""
    wanted = k * _POOL if variety else k
    pool = wanted
    while True:
        found = nearest(pool)
        kept = (
            np.arange(len(found.rows))
            if fold is None
            else _without_duplicates(_unit(take(found.rows)), fold, wanted)
        )
        if len(kept) >= wanted or len(found.rows) < pool:
            break
        pool *= 4  # so many are alike that there are too few others among them
    if variety:
        kept = kept[_marginal(_unit(take(found.rows[kept])), found.scores[kept], k, variety)]
    return Found(found.rows[kept[:k]], found.scores[kept[:k]])


def _unit(vectors: Vectors) -> Vectors:
    """Vectors of unit length: kept in half precision they are a little shorter or longer."""
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def _without_duplicates(vectors: Vectors, fold: float, wanted: int) -> Ints:
    """Places of vectors that are not alike to one before them, the first `wanted`."""
    kept: list[int] = []
    for place in range(len(vectors)):
        if not kept or (vectors[kept] @ vectors[place]).max() < fold - SLACK:
            kept.append(place)
            if len(kept) == wanted:
                break
    return np.array(kept, np.int64)


def _marginal(vectors: Vectors, scores: Floats, k: int, variety: float) -> Ints:
    """Places of k vectors in the order in which they add most."""
    nearest = np.full(len(vectors), -1.0)
    left = np.ones(len(vectors), bool)
    chosen: list[int] = []
    for _ in range(min(k, len(vectors))):
        worth = (1 - variety) * scores - (variety * nearest if chosen else 0.0)
        place = int(np.argmax(np.where(left, worth, -np.inf)))
        chosen.append(place)
        left[place] = False
        nearest = np.maximum(nearest, vectors @ vectors[place])
    return np.array(chosen, np.int64)
