"""One search over all parts of an index, each in its own way."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .exact import Floats, Found, Mask, ordered, search_exactly
from .gpuparts import PartOnGpus
from .kinds import Asked
from .parts import Part
from .snapshot import Snapshot
from .stored import Ints, Stores
from .tuning import HITS, effort_for

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
    snapshot: Snapshot, queries: NDArray[np.floating], k: int, allowed: Mask | None = None, *, kind: Asked
) -> list[Found]:
    """Return the first k rows of each query.

    Args:
        snapshot: The index.
        queries: (q, d), of any length.
        k: How many; where fewer are allowed, all of them.
        allowed: (size,) which rows may be found; None: all that count.
        kind: What the queries are made of.
    """
    asked = np.asarray(queries, np.float64)
    if allowed is None and snapshot.removed is not None:
        allowed = snapshot.live
    found: list[list[Found]] = []
    exactly: set[int] = set()
    for number, part in enumerate(snapshot.parts):
        start, last = snapshot.starts[number : number + 2].tolist()
        alone = len(snapshot.parts) == 1
        own = allowed if allowed is None or alone else allowed[start:last]
        copy = snapshot.copies.get(number) if own is None else None  # faiss has no filters there
        candidates = _candidates(part, copy, asked, k, own, kind)
        stores = snapshot.stores if alone else Stores([part.vectors], asked.shape[1])
        hits = [] if candidates is None else ordered(stores, asked, candidates, k)
        if not hits or min(len(one.rows) for one in hits) < k:
            exactly.add(number)
        else:
            found.append([Found(one.rows + start, one.scores) for one in hits])
    if exactly or not found:
        found.append(search_exactly(snapshot.stores, asked, k, allowed, exactly))
    return found[0] if len(found) == 1 else [_merged(of_query, k) for of_query in zip(*found, strict=True)]


def _candidates(
    part: Part, copy: PartOnGpus | None, queries: Floats, k: int, own: Mask | None, kind: Asked
) -> Ints | None:
    """Candidates of a part; None where every vector is to be compared."""
    approximate = part.record.approximate
    if not len(queries):
        return None
    if approximate is None:
        return None if copy is None else copy.nearest(queries, k)
    record = approximate.pictures if kind == "pictures" else approximate.words
    rows = len(part.vectors)
    count = rows if own is None else int(np.count_nonzero(own))
    if record is None or count <= _GATHERED or k > _DEEP * count:
        return None
    structure = part.structure(words=kind != "pictures")
    if structure is None:
        return None
    efforts = record.both if kind == "both" and record.both else record.efforts
    candidates = record.pool * max(k, HITS[0])
    if own is not None and count < _MOST * rows and count <= _SCANNED:
        return structure.scan(queries, candidates, own)
    effort = effort_for(efforts, k * rows / count)
    found = None if copy is None else copy.candidates(queries, candidates, effort, words=kind != "pictures")
    return structure.find(queries, candidates, effort, own) if found is None else found


def _merged(found: Sequence[Found], k: int) -> Found:
    rows = np.concatenate([one.rows for one in found])
    scores: Floats = np.concatenate([one.scores for one in found])
    order = np.lexsort((rows, -scores))[:k]
    return Found(rows[order], scores[order])
