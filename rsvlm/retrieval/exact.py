"""Exact search: every vector is looked at, and the order is settled in float64.

What could be among the first k is found by a matrix product in float32. Its last bits depend on where in a matrix a
vector stands, so the scores of these few are computed again, one by one, in float64: equal vectors have equal scores,
and of equals the lower row comes first.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import RetrievalError
from .stored import Ints, StoredVectors, Stores

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BLOCK = 2**25
"""Similarities held at once: 128 MiB."""
_ROWS = 2**16
"""Vectors that are multiplied at once."""
SLACK = 1e-5
"""How much a product in float32 of unit vectors may be off; some 2e-7 was seen."""
_SLACK = np.float32(SLACK)
_TINY = 1e-300
_FEW = 0.25
"""Below this share of wanted rows they are gathered, in place of multiplying all."""
_HIGHEST = 1.01
"""Cosines of what is stored in few bits are hardly above 1."""


class Found(NamedTuple):
    """What one query found: rows by falling score, of equals the lower row first.

    Attributes:
        rows: (m,) numbers.
        scores: (m,) dot products with the query.
    """

    rows: Ints
    scores: Floats


EMPTY = Found(np.empty(0, np.int64), np.empty(0))
"""What a query found that found nothing."""


def search_exactly(
    stores: Stores,
    queries: NDArray[np.floating],
    k: int,
    allowed: Mask | None = None,
    only: Iterable[int] | None = None,
) -> list[Found]:
    """Return the first k rows of each query.

    Args:
        stores: The vectors.
        queries: (q, d), of any length: a weighted sum of vectors is as good as one.
        k: How many; where fewer are allowed, all of them.
        allowed: (size,) which rows may be found; None: all.
        only: Numbers of the parts that are looked at; None: all.
    """
    asked = np.asarray(queries, np.float64)
    parts = range(len(stores.parts)) if only is None else sorted(only)
    ranges = [(int(stores.starts[part]), int(stores.starts[part + 1])) for part in parts]
    count = sum(last - first if allowed is None else int(allowed[first:last].sum()) for first, last in ranges)
    if k < 1 or not count:
        return [EMPTY for _ in asked]
    step = max(1, _BLOCK // _ROWS)
    return [
        found
        for start in range(0, len(asked), step)
        for found in _search(stores, asked[start : start + step], min(k, count), allowed, parts)
    ]


def _search(
    stores: Stores, queries: Floats, k: int, allowed: Mask | None, parts: Iterable[int]
) -> list[Found]:
    in_single = unit_queries(queries)
    best = np.full((len(queries), k), -np.inf, np.float32)
    kept: list[tuple[Ints, Ints, Singles]] = []
    for part in parts:
        start, stored = int(stores.starts[part]), stores.parts[part]
        for offset in range(0, len(stored), _ROWS):
            last = min(offset + _ROWS, len(stored))
            rows = (
                np.arange(last - offset)
                if allowed is None
                else np.flatnonzero(allowed[start + offset : start + last])
            )
            if not len(rows):
                continue
            scores = _scores(in_single, stored, offset, last, rows)
            highest = _first(scores, k)
            if not (highest <= _HIGHEST).all():  # nor is NaN, which would hide all others
                raise RetrievalError(
                    "vectors that were stored are damaged, not of unit length: rsvlm index verify looks at all files"
                )
            best = _first(np.concatenate([best, highest], axis=1), k)
            of_query, column = np.nonzero(scores >= (best[:, -1] - _SLACK)[:, None])
            kept.append((of_query, rows[column] + start + offset, scores[of_query, column]))
    of_query, numbers, scores = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    good = scores >= (best[:, -1] - _SLACK)[of_query]
    of_query, numbers = of_query[good], numbers[good]
    return [_settled(stores, queries[query], numbers[of_query == query], k) for query in range(len(queries))]


def unit_queries(queries: Floats) -> Singles:
    """Queries in float32 and unit length, which orders rows as they do themselves and is never beyond float32."""
    shorter = queries / np.maximum(np.abs(queries).max(axis=1, keepdims=True), _TINY)
    unit: Singles = shorter / np.maximum(np.linalg.norm(shorter, axis=1, keepdims=True), _TINY)
    return unit.astype(np.float32)


def _scores(queries: Singles, stored: StoredVectors, first: int, last: int, rows: Ints) -> Singles:
    """Products of queries with some rows of a range."""
    if len(rows) == last - first:
        return _products(queries, stored.block(first, last))
    if len(rows) < _FEW * (last - first):
        return _products(queries, stored.take(first + rows))
    return _products(queries, stored.block(first, last))[:, rows]


def _products(queries: Singles, vectors: Singles) -> Singles:
    """(q, n) dot products."""
    if len(queries) > 1:
        with np.errstate(invalid="ignore"):  # of damaged ones, which is told
            return queries @ vectors.T
    # it waits for memory anyway, and threads of BLAS would get in the way of torch's, which spin on after the encoding
    found: Singles = np.einsum("ij,j->i", vectors, queries[0])[None]
    return found


def _first(scores: Singles, k: int) -> Singles:
    """The k highest of each row, the least of them last; -inf where there are fewer."""
    if scores.shape[1] < k:
        scores = np.pad(scores, ((0, 0), (0, k - scores.shape[1])), constant_values=-np.inf)
    least = scores.shape[1] - k
    return np.ascontiguousarray(np.partition(scores, least, axis=1)[:, least:][:, ::-1])


def _settled(stores: Stores, query: Floats, candidates: Ints, k: int) -> Found:
    candidates = np.sort(candidates)
    scores = exact_scores(stores, query, candidates)
    order = np.lexsort((candidates, -scores))[:k]
    return Found(candidates[order], scores[order])


def exact_scores(stores: Stores, query: Floats, rows: Ints) -> Floats:
    """Dot products of a query with rows, each by itself in float64, so that equal vectors have equal ones."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), 4096):
        part = slice(start, start + 4096)
        found[part] = (stores.take(rows[part]).astype(np.float64) * query).sum(axis=1)
    return found


def ordered(stores: Stores, queries: Floats, candidates: Ints, k: int) -> list[Found]:
    """Return the k nearest among the candidates of each query.

    Args:
        stores: All vectors.
        queries: (q, d).
        candidates: (q, c) rows, -1 where there is none.
        k: How many.
    """
    found = []
    for query, given in zip(queries, candidates, strict=True):
        rows = given[given >= 0]
        vectors = stores.take(rows)
        if len(rows) > k:
            scores = vectors @ unit_queries(query[None])[0]
            least = np.partition(scores, len(rows) - k)[len(rows) - k]
            near = np.flatnonzero(scores >= least - _SLACK)
            rows, vectors = rows[near], vectors[near]
        exact = (vectors.astype(np.float64) * query).sum(axis=1)
        order = np.lexsort((rows, -exact))[:k]
        found.append(Found(rows[order], exact[order]))
    return found
