"""Several rankings of the same rows made one, and hits that say where each ranking has them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from rsvlm.models import Reranker

from .exact import Floats, Found, Mask
from .hits import Hits, ranked
from .paging import continued
from .snapshot import Snapshot
from .stored import Ints

DEPTH = 1000
"""Rows of each ranking that count for the first hits, as in the paper."""
RERANKED = 50
"""Hits, at least, that a reranker puts in order."""
_FARTHER = 4
"""Times as many rows of each ranking count for the hits beyond."""
_CONSTANT = 60
"""Of reciprocal rank fusion, as in the paper."""

Rankings = Mapping[str, Found]
"""By what rows are ranked by ("words", "meaning", "captions", "pictures"), the rows by falling score."""


def fused(rankings: Sequence[Ints]) -> Found:
    """Make one ranking of several: the score of a row is the sum of 1 / (60 + rank) over the rankings that have it.

    Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). Of equal scores the lower row comes first.

    Args:
        rankings: Rows, the best first.
    """
    shares = [1 / (_CONSTANT + np.arange(1, len(rows) + 1)) for rows in rankings]
    rows, place = np.unique(np.concatenate(rankings), return_inverse=True)
    # the last bits depend on the order of adding, which must not decide between equals
    scores: Floats = np.round(np.bincount(place, np.concatenate(shares), len(rows)), 15)
    order = np.lexsort((rows, -scores))
    return Found(rows[order], scores[order])


def depths_of(k: int, offset: int) -> list[int]:
    """How many rows of each ranking count, step by step, until the hits of a page are reached.

    They depend on the hits a page alone, so that every page is one of the same list.
    """
    depths = [max(DEPTH, k)]
    while depths[-1] < offset + k:
        depths.append(_FARTHER * depths[-1])
    return depths


def one_of(rankings: Rankings, depths: Sequence[int]) -> Found:
    """Return rankings as one: fused, or the only one with its own scores.

    Args:
        rankings: One or more.
        depths: How many rows of each count; what more of them find stands behind what fewer found.
    """
    [*each] = rankings.values()
    if len(each) == 1:
        return each[0]
    found, *longer = (fused([one.rows[:depth] for one in each]) for depth in depths)
    for one in longer:
        found = continued(found, one)
    return found


def best(scores: Floats, allowed: Mask | None, k: int) -> Found:
    """Return the k rows with the highest scores above 0, of equals the lower row first.

    Args:
        scores: (size,) of all rows.
        allowed: (size,) which may be found; None: all.
        k: How many at most.
    """
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(rows) > k:
        least = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        rows = rows[scores[rows] >= least]
    order = np.lexsort((rows, -scores[rows]))[:k]
    return Found(rows[order], scores[rows[order]])


def hits_of(
    snapshot: Snapshot,
    query: str,
    rankings: Rankings,
    *,
    k: int,
    offset: int,
    total: int,
    depths: Sequence[int],
    reranker: Reranker | None,
    captions: Callable[[Ints], list[str | None]] | None = None,
) -> Hits:
    """Return hits of one ranking with its own scores, or of several fused, with their rank in each of these.

    Args:
        snapshot: The index whose rows are ranked.
        query: What was asked.
        rankings: One or more.
        k: How many hits.
        offset: How many of the best are passed over.
        total: Rows that could have been found.
        depths: As of `one_of`.
        reranker: What puts the first ones in order by reading their captions; rows without one are left out, and the
            scores are its own.
        captions: Rows to the caption that each was found by; with a reranker it is the one that it prefers. None: rows
            are not said to have been found by one.
    """
    found, preferred = one_of(rankings, depths), None
    if reranker is not None:
        found, preferred = _reranked_until(
            offset + k, max(RERANKED, k), snapshot, query, found.rows, reranker
        )
    rows, scores = found.rows[offset : offset + k], found.scores[offset : offset + k]
    table = ranked(snapshot.rows(rows), rows, scores, offset + 1, total).table
    if len(rankings) > 1:
        for place, (name, one) in enumerate(rankings.items()):
            table = table.add_column(2 + place, f"by_{name}", _places(one.rows, rows))
    if captions is not None:
        texts = captions(rows) if preferred is None else [preferred[row] for row in rows.tolist()]
        table = table.append_column("caption", pa.array(texts, pa.string()))
    return Hits(table, rows, total)


def _reranked_until(
    count: int, block: int, snapshot: Snapshot, query: str, rows: Ints, reranker: Reranker
) -> tuple[Found, dict[int, str]]:
    """So many rows at least, a block after the other put in order, so that no page changes what another shows."""
    found, preferred = Found(np.empty(0, np.int64), np.empty(0)), dict[int, str]()
    for first in range(0, len(rows), block):
        if len(found.rows) >= count:
            break
        more, captions = _reranked(snapshot, query, rows[first : first + block], reranker)
        found, preferred = continued(found, more), preferred | captions
    return found, preferred


def _reranked(snapshot: Snapshot, query: str, rows: Ints, reranker: Reranker) -> tuple[Found, dict[int, str]]:
    """Rows by the best score that one of their captions has, and which caption that is."""
    captions = [_texts(one) for one in snapshot.rows(rows, ["captions"])["captions"].to_pylist()]
    owner = np.repeat(np.arange(len(rows)), [len(one) for one in captions])
    texts = [text for one in captions for text in one]
    if not texts:
        return Found(np.empty(0, np.int64), np.empty(0)), {}
    of_texts = reranker.score(query, texts)
    best_first = np.lexsort((np.arange(len(texts)), -of_texts))
    having, first = np.unique(owner[best_first], return_index=True)
    chosen = best_first[first]
    scores = of_texts[chosen]
    order = np.argsort(-scores, kind="stable")
    rows = rows[having[order]]
    return Found(rows, scores[order]), {
        row: texts[text] for row, text in zip(rows.tolist(), chosen[order].tolist(), strict=True)
    }


def _texts(captions: Iterable[str | None] | None) -> list[str]:
    return [text for text in captions or () if text and text.strip()]


def _places(ranking: Ints, rows: Ints) -> pa.Array:
    """Ranks of rows, from 1; null where the ranking has not got a row."""
    rank_of = {row: rank for rank, row in enumerate(ranking.tolist(), 1)}
    return pa.array([rank_of.get(row) for row in rows.tolist()], pa.int64())
