"""How far a search has to look: found by measurement when a part is made, for pictures and for words apart.

Words lie farther from every image than images from one another, so that what is near to them is spread over many more
cells: an effort that serves pictures loses a third of what words should find.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from .manifest import Effort
from .stored import Ints, Vectors

HITS = (10, 30, 100, 300, 1000)
"""Numbers of hits that are measured; what is between two of them takes the effort of the greater."""
POOLS = (2, 3, 5, 8, 12, 20, 50, 100)
_DEEP, _DEEP_QUERIES = 300, 100
"""Hits from which fewer queries are asked."""
Search = Callable[[int, int, int], list[Ints]]
"""Hits, effort and how many queries are asked to the rows that each found."""


def tune(
    search: Search,
    truth: Ints,
    recall: float,
    margin: float,
    first: Callable[[int], int],
    growth: float,
    largest: int,
) -> tuple[Effort, ...]:
    """Return the least efforts with which the wanted recall is found.

    Args:
        search: What is tuned.
        truth: (q, 1000 or fewer) true rows of each query, the nearest first.
        recall: Share of the true hits that shall be found.
        margin: Standard errors that are taken off what was found before.
        first: Effort to begin with, by hits.
        growth: What an effort that was too small is multiplied by.
        largest: Effort beyond which there is nothing.
    """
    efforts: list[Effort] = []
    for hits in HITS:
        wanted = min(hits, truth.shape[1])
        effort = min(max(1, first(wanted), *(one.effort for one in efforts)), largest)
        few = len(truth) if hits < _DEEP else _DEEP_QUERIES
        while True:
            found, error = _recall(search(wanted, effort, few), truth[:few, :wanted])
            if found - margin * error >= recall or effort >= largest:
                break
            effort = min(max(effort + 1, round(growth * effort)), largest)
        efforts.append(Effort(hits=hits, effort=effort, recall=round(found, 4)))
    return tuple(efforts)


def cells_needed(
    queries: Vectors, centres: Vectors, cell_of_truth: Ints, recall: float, margin: float
) -> int:
    """Return how many cells hold the wanted share of the true rows, if codes cost nothing.

    Args:
        queries: (q, r), mapped.
        centres: (cells, r).
        cell_of_truth: (q, hits) cells of the true rows of each query.
        recall: Wanted.
        margin: Standard errors that are taken off what was found before.
    """
    distances = np.square(centres).sum(axis=1) - 2 * queries @ centres.T
    own = np.take_along_axis(distances, cell_of_truth, axis=1)
    ranks = np.stack([(distances < own[:, [hit]]).sum(axis=1) for hit in range(own.shape[1])], axis=1)
    for cells in np.unique(ranks) + 1:
        shares = (ranks < cells).mean(axis=1)
        if shares.mean() - margin * shares.std() / math.sqrt(len(shares)) >= recall:
            return int(cells)
    return len(centres)


def pool_needed(ranked: Sequence[Ints], truth: Ints, recall: float) -> int:
    """Return how many times the wanted hits must be looked at, because codes put them in another order.

    Args:
        ranked: Candidates of each query by all codes, the nearest first.
        truth: (q, hits) true rows.
        recall: Wanted in the end; what is lost here is at most half of what may be lost.
    """
    hits = truth.shape[1]
    for pool in POOLS:
        found = [one[: pool * hits] for one in ranked]
        if _recall(found, truth)[0] >= 1 - (1 - recall) / 2:
            return pool
    return POOLS[-1]


def effort_for(efforts: Sequence[Effort], hits: float) -> int:
    """Return the effort for so many hits: that of the next number measured, or beyond them with the same slope."""
    for one in efforts:
        if one.hits >= hits:
            return one.effort
    before, last = efforts[-2:] if len(efforts) > 1 else (efforts[0], efforts[0])
    slope = (
        math.log(last.effort / before.effort) / math.log(last.hits / before.hits) if before != last else 1.0
    )
    return math.ceil(float(last.effort * (hits / last.hits) ** max(slope, 0.5)))


def _recall(found: Sequence[Ints], truth: Ints) -> tuple[float, float]:
    """Mean share of the true rows that were found, and its standard error."""
    shares = np.array([np.isin(want, got).mean() for got, want in zip(found, truth, strict=True)])
    return float(shares.mean()), float(shares.std() / math.sqrt(len(shares)))
