"""How far a search has to look: found by measurement when a part is made, for pictures and for words apart.

Words lie farther from every image than images from one another, so that what is near to them is spread over many more
cells: an effort that serves pictures loses a third of what words should find.
"""

import math
from collections.abc import Callable

import numpy as np

from .manifest import Effort, Tuning
from .stored import Ints, Vectors

HITS = (10, 100)
"""Numbers of hits that are measured; others are interpolated."""
_MARGIN = 1.5
"""Standard errors by which the recall that was found must be above the one that is wanted."""
_UNMEASURED = 16
"""Times the effort of pictures, for words where there were none to measure with."""

Search = Callable[[int, int], list[Ints]]
"""Hits and effort to the rows that each query found."""


def tune(
    search: Search, truth: Ints, recall: float, first: Callable[[int], int], growth: float, largest: int
) -> Tuning:
    """Return the least efforts with which the wanted recall is found.

    Args:
        search: What is tuned.
        truth: (q, 100 or fewer) true rows of each query, the nearest first.
        recall: Share of the true hits that shall be found, after 1.5 standard errors are taken off.
        first: Effort to begin with, by hits.
        growth: What an effort that was too small is multiplied by.
        largest: Effort beyond which there is nothing.
    """
    efforts: list[Effort] = []
    for hits in HITS:
        wanted = min(hits, truth.shape[1])
        effort = min(max(1, first(wanted), *(one.effort for one in efforts)), largest)
        while True:
            found, error = _recall(search(wanted, effort), truth[:, :wanted])
            if found - _MARGIN * error >= recall or effort >= largest:
                break
            effort = min(max(effort + 1, round(growth * effort)), largest)
        efforts.append(Effort(hits=hits, effort=effort, recall=round(found, 4)))
    return Tuning(queries=len(truth), efforts=tuple(efforts))


def cells_needed(queries: Vectors, centres: Vectors, cell_of_truth: Ints, recall: float) -> int:
    """Return how many cells hold the wanted share of the true rows, if codes cost nothing.

    Args:
        queries: (q, d).
        centres: (cells, d).
        cell_of_truth: (q, hits) cells of the true rows of each query.
        recall: Wanted, after 1.5 standard errors are taken off.
    """
    closeness = queries @ centres.T
    own = np.take_along_axis(closeness, cell_of_truth, axis=1)
    ranks = np.stack([(closeness > own[:, [hit]]).sum(axis=1) for hit in range(own.shape[1])], axis=1)
    for cells in np.unique(ranks) + 1:
        shares = (ranks < cells).mean(axis=1)
        if shares.mean() - _MARGIN * shares.std() / math.sqrt(len(shares)) >= recall:
            return int(cells)
    return len(centres)


def guessed(images: Tuning, largest: int) -> Tuning:
    """Return efforts for words where there are none to measure with: many times those of pictures."""
    efforts = [
        Effort(hits=one.hits, effort=min(_UNMEASURED * one.effort, largest), recall=0.0)
        for one in images.efforts
    ]
    return Tuning(queries=0, efforts=tuple(efforts))


def effort_for(tuning: Tuning, hits: float) -> int:
    """Return the effort for so many hits: between those measured, or beyond them with the same slope."""
    known = [(math.log(one.hits), math.log(one.effort)) for one in tuning.efforts]
    wanted = math.log(max(hits, 1))
    if wanted <= known[0][0] or len(known) == 1:
        return tuning.efforts[0].effort
    (x0, y0), (x1, y1) = known[-2:]
    return math.ceil(math.exp(y0 + (y1 - y0) * (wanted - x0) / (x1 - x0)) - 1e-9)


def _recall(found: list[Ints], truth: Ints) -> tuple[float, float]:
    """Mean share of the true rows that were found, and its standard error."""
    shares = np.array([np.isin(want, got).mean() for got, want in zip(found, truth, strict=True)])
    return float(shares.mean()), float(shares.std() / math.sqrt(len(shares)))
