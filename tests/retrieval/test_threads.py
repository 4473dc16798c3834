"""One open index is asked from several threads, as services ask it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rsvlm.retrieval import Index

ROWS, THREADS, SEARCHES = 2000, 4, 150


def _at_once(work: Callable[[int], list[str]]) -> list[str]:
    """What went wrong in threads that begin together."""
    together = threading.Barrier(THREADS)

    def begin(number: int) -> list[str]:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return [wrong for some in pool.map(begin, range(THREADS)) for wrong in some]


def test_rows_are_those_of_the_hits_in_every_thread(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [{"key": f"k{number}", "captions": [f"field {number}"]} for number in range(ROWS)]
    index = Index.from_vectors(
        tmp_path / "index", random.normal(size=(ROWS, 16)).astype(np.float32), rows, encoder="x"
    )

    def search(seed: int) -> list[str]:
        queries = np.random.default_rng(seed).normal(size=(SEARCHES, 1, 16))
        found = [hits for query in queries for hits in index.search_vectors(query, k=5)]
        return [str(hits.keys) for hits in found if hits.keys != [f"k{row}" for row in hits.numbers]]

    assert _at_once(search) == []
