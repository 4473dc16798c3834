"""One open index is asked from several threads, as services ask it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import Index, Plan

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


def test_candidates_keep_to_the_filter_of_their_own_thread(tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    vectors = np.random.default_rng(0).normal(size=(ROWS, 16)).astype(np.float32)
    rows = [{"key": f"k{number}"} for number in range(ROWS)]
    index = Index.from_vectors(
        tmp_path / "index", vectors, rows, encoder="x", plan=Plan(kind="ivf-sq8", texts=vectors[:100])
    )
    structure = index._snapshot.parts[0].structure(words=False)
    assert structure is not None

    def find(seed: int) -> list[str]:
        wrong = []
        for number in range(10 * SEARCHES):
            allowed = np.arange(ROWS) % THREADS == seed
            found = structure.find(vectors[number % ROWS, None].astype(np.float64), 10, 8, allowed)
            wrong += [str(row) for row in found[found >= 0].tolist() if row % THREADS != seed]
        return wrong

    assert _at_once(find) == []
