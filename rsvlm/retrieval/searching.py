"""One search over all parts of an index, each in its own way."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .approximate import Approximate, ordered
from .exact import Floats, Found, Mask, search_exactly
from .snapshot import Snapshot
from .tuning import effort_for

_GATHERED = 10_000
"""Rows that may be found, up to which they are compared one by one."""
_SCANNED = 1_000_000
"""Rows that may be found, up to which all their codes are read: what a filter keeps may lie far from the query, where
no effort that was tuned without one finds it."""
_MOST = 0.3
"""Share of rows that may be found, from which a tuned search passes over the others."""
_DEEP = 0.05
"""Share of the rows that are wanted as hits, from which every one is compared."""


def nearest(
    snapshot: Snapshot, queries: NDArray[np.floating], k: int, allowed: Mask | None = None, *, words: bool
) -> list[Found]:
    """Return the first k rows of each query.

    Args:
        snapshot: The index.
        queries: (q, d), of any length.
        k: How many; where fewer are allowed, all of them.
        allowed: (size,) which rows may be found; None: all that count.
        words: Whether words are in the queries, which need more effort than pictures alone.
    """
    asked = np.asarray(queries, np.float64)
    if allowed is None and snapshot.removed is not None:
        allowed = snapshot.live
    approximate = {n: part for n, part in enumerate(snapshot.parts) if part.approximate is not None}
    if not approximate:
        return search_exactly(snapshot.stores, asked, k, allowed)
    found: list[list[Found]] = []
    exactly = set(range(len(snapshot.parts))) - set(approximate)
    for number, part in approximate.items():
        start, last = snapshot.starts[number : number + 2].tolist()
        whole = len(snapshot.parts) == 1
        own = allowed if allowed is None or whole else allowed[start:last]
        count = last - start if own is None else int(np.count_nonzero(own))
        if count <= _GATHERED or k > _DEEP * count or part.approximate is None:
            exactly.add(number)
            continue
        candidates = _candidates(part.approximate, asked.astype(np.float32), k, own, count, words)
        hits = ordered(part.vectors, asked, candidates, k)
        if min(len(one.rows) for one in hits) < k:
            exactly.add(number)
            continue
        found.append([Found(one.rows + start, one.scores) for one in hits])
    if exactly:
        found.append(search_exactly(snapshot.stores, asked, k, allowed, exactly))
    return found[0] if len(found) == 1 else [_merged(of_query, k) for of_query in zip(*found, strict=True)]


def _candidates(
    part: Approximate, queries: NDArray[np.float32], k: int, own: Mask | None, count: int, words: bool
) -> NDArray[np.int64]:
    record, searcher = part.record, part.searcher
    share = 1.0 if own is None else count / len(own)
    if own is not None and share < _MOST and count <= _SCANNED:
        return searcher.scan(queries, k, own)
    effort = effort_for(record.texts if words else record.images, k / share)
    return searcher.candidates(queries, k, min(effort, searcher.largest_effort), own)


def _merged(found: Sequence[Found], k: int) -> Found:
    rows = np.concatenate([one.rows for one in found])
    scores: Floats = np.concatenate([one.scores for one in found])
    order = np.lexsort((rows, -scores))[:k]
    return Found(rows[order], scores[order])
