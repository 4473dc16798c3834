"""Pages of an approximate search that fit together: none has a hit of another one, and none is lost between them.

A search for more looks farther, and may find what a search for fewer missed, near the top. So a longer list keeps the
shorter ones as they were shown, and puts behind them what is found beyond.
"""

import numpy as np
from numpy.typing import NDArray

from .exact import Found, Mask
from .kinds import Asked
from .searching import nearest
from .snapshot import Snapshot

_FARTHER = 4
"""Times as many hits are looked for as the list before had."""


def paged(
    snapshot: Snapshot,
    queries: NDArray[np.floating],
    page: int,
    count: int,
    allowed: Mask | None = None,
    *,
    kind: Asked,
) -> list[Found]:
    """Return the first rows of each query, of which those of the first page are what a search for them alone finds.

    Args:
        snapshot: The index.
        queries: (q, d), of any length.
        page: Rows a page.
        count: Rows in all; no more are looked for than there are.
        allowed: (size,) which rows may be found; None: all that count.
        kind: What the queries are made of.
    """
    if all(part.record.approximate is None for part in snapshot.parts):
        return nearest(snapshot, queries, count, allowed, kind=kind)
    count = min(count, int(np.count_nonzero(snapshot.live if allowed is None else allowed)))
    depth = page
    found = nearest(snapshot, queries, depth, allowed, kind=kind)
    while depth < count:
        depth *= _FARTHER
        farther = nearest(snapshot, queries, depth, allowed, kind=kind)
        found = [_cut(continued(short, long), depth) for short, long in zip(found, farther, strict=True)]
    return [_cut(one, count) for one in found]


def _cut(found: Found, count: int) -> Found:
    return Found(found.rows[:count], found.scores[:count])


def continued(short: Found, long: Found) -> Found:
    """A list with what a longer one has beyond it behind it."""
    new = ~np.isin(long.rows, short.rows)
    return Found(
        np.concatenate([short.rows, long.rows[new]]), np.concatenate([short.scores, long.scores[new]])
    )
