"""Nearest-neighbour probes: what the nearest training items are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rsvlm.classification.class_vectors import unit

from .targets import Target

Float64s = NDArray[np.float64]

NEIGHBOURS = (1, 3, 5, 10, 20, 50)
"""Values of k to choose from."""

_CELLS = 2**22
"""Cosines in memory at a time."""


@dataclass(frozen=True, eq=False)
class NeighbourModel:
    """Training items, and how many of the nearest of them answer.

    The answer is the mean of their targets, which for classes are shares of votes. The nearer one decides a tie by a
    hair's breadth of weight.

    Attributes:
        vectors: (n, d) float32 of unit length.
        target: Of these n items.
        k: Neighbours; at most all.
    """

    vectors: NDArray[np.float32]
    target: Target
    k: int

    def __call__(self, features: Float64s) -> Float64s:
        """Return (n, c): shares of votes, or numbers."""
        return _answers(self, features, (self.k,))[0]


def neighbour_models(features: Float64s, target: Target, counts: Sequence[int]) -> list[NeighbourModel]:
    """Return a model for each number of neighbours, by cosine; items without direction (zeros) are near to nothing.

    Args:
        features: (n, d).
        target: Of these n items.
        counts: Values of k; one above n is n.
    """
    vectors = unit(features)
    return [NeighbourModel(vectors, target, min(count, len(target))) for count in counts]


def neighbour_answers(models: Sequence[NeighbourModel], features: Float64s) -> list[Float64s]:
    """Return the answers of models that differ in k only, from one search."""
    return _answers(models[0], features, [model.k for model in models])


def _answers(model: NeighbourModel, features: Float64s, counts: Sequence[int]) -> list[Float64s]:
    queries, most = unit(features), max(counts)
    found: list[list[Float64s]] = [[] for _ in counts]
    # of two equal votes the nearer neighbours' wins; the weights differ too little to outvote anybody
    nearer = 1 + 1e-6 * np.arange(most, 0, -1) / most if model.target.kind != "number" else np.ones(most)
    step = max(1, _CELLS // max(len(model.vectors), 1))
    for start in range(0, len(queries), step):
        cosines = queries[start : start + step] @ model.vectors.T
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :most]
        values = model.target.values[best]
        for place, count in enumerate(counts):
            weights = nearer[:count] / nearer[:count].sum()
            found[place].append(np.einsum("nkc,k->nc", values[:, :count], weights))
    width = model.target.values.shape[1]
    return [np.concatenate([np.zeros((0, width)), *parts]) for parts in found]
