"""A search in Milvus: what a filter lets through, and the best of it, put in order by the vectors themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .exact import Floats, Found
from .filters import Filter, touches
from .milvuscollection import MOST_HITS, Candidate, Collection
from .milvusfilters import expression_of, ids_in
from .rows import EDGES
from .stored import Ints, Vectors

_MORE = 64
"""Candidates beyond those that are wanted: Milvus' own order is of float32, and a graph looks farther for more."""
_SLACK = 1e-5
"""How much a product in float32 of unit vectors may be off."""
_NAMED = 10_000
"""Rows that are named in one expression."""


@dataclass(frozen=True)
class Selection:
    """What a filter lets through.

    Attributes:
        expressions: Of Milvus; a row fits one of them.
        total: Rows that do.
    """

    expressions: tuple[str, ...]
    total: int


def selection_of(collection: Collection, filter: Filter | None) -> Selection:
    """Have Milvus filter; what lies in an area is found among what touches its bounding box, and then named."""
    expression = expression_of(filter)
    if filter is None or filter.area is None:
        return Selection((expression,), collection.count(expression))
    ids: list[str] = []
    for records in collection.rows(["id", *EDGES], expression):
        edges = [np.array([record[name] for record in records], np.float64) for name in EDGES]
        inside = touches(edges, [filter.area])
        ids += [record["id"] for record, one in zip(records, inside.tolist(), strict=True) if one]
    named = (ids_in(ids[first : first + _NAMED]) for first in range(0, len(ids), _NAMED))
    return Selection(tuple(named), len(ids))


class Ranking:
    """The rows of a selection by their product with one query, as far as they were asked for.

    Args:
        collection: Where they are.
        query: (d,), of any length.
        selection: What may be found.
    """

    def __init__(self, collection: Collection, query: Floats, selection: Selection) -> None:
        self._collection, self._query, self._selection = collection, query, selection
        self._candidates: list[Candidate] = []

    def nearest(self, k: int) -> Found:
        """The first k, numbered in their order; fewer where there are no more, or Milvus gives no more."""
        limit = min(k + _MORE, MOST_HITS)
        while True:
            lists = [self._asked(expression, limit) for expression in self._selection.expressions]
            candidates = [one for found in lists for one in found]
            scores = self._scores(candidates)
            order = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place].id))
            least = scores[order[k - 1]] if len(order) >= k else -np.inf
            if limit == MOST_HITS or all(self._is_settled(found, limit, least) for found in lists):
                break
            limit = min(4 * limit, MOST_HITS)  # so many are equal that some of them may not be seen
        self._candidates = [candidates[place] for place in order[:k]]
        return Found(np.arange(len(self._candidates)), scores[order[:k]])

    def _asked(self, expression: str, limit: int) -> list[Candidate]:
        return self._collection.search(self._query.astype(np.float32), limit, expression)

    def _scores(self, candidates: Sequence[Candidate]) -> Floats:
        vectors = self._stacked(candidates).astype(np.float64)
        scores: Floats = (vectors * self._query).sum(axis=1)
        return scores

    def _stacked(self, candidates: Sequence[Candidate]) -> Vectors:
        return np.array([one.vector for one in candidates], np.float32).reshape(-1, len(self._query))

    def _is_settled(self, found: Sequence[Candidate], limit: int, least: float) -> bool:
        """Whether none of those that were not given could be better than the least that is wanted."""
        slack = _SLACK * max(1.0, float(np.linalg.norm(self._query)))
        return len(found) < limit or found[-1].score < least - slack

    def vectors(self, numbers: Ints) -> Vectors:
        """Vectors of what `nearest` found last, by their numbers."""
        return self._stacked([self._candidates[number] for number in numbers.tolist()])

    def rows(self, numbers: Ints) -> list[str]:
        """What is known of it, as JSON."""
        return [self._candidates[number].row for number in numbers.tolist()]
