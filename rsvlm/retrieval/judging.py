"""Held-out pictures and words, and what they should find, to tune a search by."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .approximate import Structure
from .exact import Mask, ordered, search_exactly
from .manifest import Effort
from .stored import Ints, Stores, Vectors
from .tuning import HITS, pool_needed, tune

_HELD_OUT = 500
"""Vectors that are queries, and left out of what is found."""
_MARGIN, _MARGIN_OF_WORDS = 1.0, 3.0
"""Words that will be asked differ more from those that were seen than pictures do."""
_POOLED = 100
"""Queries for which all codes are read."""


class Judged(NamedTuple):
    """Queries and the rows that they should find.

    Attributes:
        vectors: (q, d).
        truth: (q, up to 1000) rows, the nearest first.
        margin: Standard errors by which the recall that they find must be above the one that is wanted.
    """

    vectors: Vectors
    truth: Ints
    margin: float


class Judge:
    """What a search over a part is tuned by.

    Args:
        stores: The vectors.
        texts: (t, d) vectors of words; may be none.
        recall: Share of true hits that shall be found.

    Attributes:
        recall: Share of true hits that shall be found.
        others: (rows,) all but those that are held out.
        pictures: Those that are held out, and what is nearest among the others.
        words: The same of words, and of words and a picture together; empty without texts.
    """

    def __init__(self, stores: Stores, texts: Vectors, recall: float) -> None:
        self._stores, self.recall, rows = stores, recall, len(stores)
        held = np.random.default_rng(0).choice(rows, min(_HELD_OUT, max(1, rows // 20)), replace=False)
        self.others: Mask = np.ones(rows, bool)
        self.others[held] = False
        pictures = stores.take(np.sort(held))
        self.pictures = self._judged(pictures, _MARGIN)
        self.words: list[Judged] = []
        if len(texts):
            texts = texts[np.linspace(0, len(texts) - 1, min(_HELD_OUT, len(texts))).astype(int)]
            self.words = [
                self._judged(texts, _MARGIN_OF_WORDS),
                self._judged(with_pictures(texts, pictures), _MARGIN_OF_WORDS),
            ]

    def _judged(self, queries: Vectors, margin: float) -> Judged:
        hits = min(HITS[-1], max(HITS[0], int(self.others.sum()) // 20), int(self.others.sum()))
        found = search_exactly(self._stores, queries, hits, self.others)
        return Judged(queries, np.stack([one.rows for one in found]), margin)

    def pool(self, structure: Structure, queries: Sequence[Judged]) -> int:
        """Return how many times the wanted hits must be looked at."""
        pools = []
        for vectors, truth, _ in queries:
            some = slice(None, None, max(1, len(vectors) // _POOLED))
            allowed = None if structure.is_graph else self.others
            ranked = structure.scan(vectors[some].astype(np.float64), 100 * HITS[0], allowed)
            pools.append(pool_needed(list(ranked), truth[some, : HITS[0]], self.recall))
        return max(pools)

    def efforts(
        self, structure: Structure, queries: Judged, pool: int, first: Callable[[Judged], int], growth: float
    ) -> tuple[Effort, ...]:
        """Return the efforts that queries need.

        Args:
            structure: What is tuned; a graph without those that are held out.
            queries: What is asked.
            pool: Times as many candidates are looked at as hits are wanted.
            first: The effort to begin with.
            growth: What an effort that was too small is multiplied by.
        """
        asked, allowed = queries.vectors.astype(np.float64), None if structure.is_graph else self.others

        def search(hits: int, effort: int, count: int) -> list[Ints]:
            candidates = structure.find(asked[:count], pool * hits, effort, allowed)
            return [one.rows for one in ordered(self._stores, asked[:count], candidates, hits)]

        def begin(hits: int) -> int:
            return first(queries._replace(truth=queries.truth[:, :hits]))

        return tune(
            search, queries.truth, self.recall, queries.margin, begin, growth, structure.largest_effort
        )


def with_pictures(texts: Vectors, pictures: Vectors) -> Vectors:
    """Return queries of which one half is words and the other a picture."""
    both: Vectors = (texts + np.resize(pictures, texts.shape)) / np.float32(2)
    return both
