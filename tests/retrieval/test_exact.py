"""Exact search gives what comparing everything with everything gives."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rsvlm.retrieval import Filter, Index, RetrievalError, exact
from rsvlm.retrieval.parts import unit_vectors


@st.composite
def settings_of_a_search(draw: st.DrawFn) -> dict[str, Any]:
    """Sizes, dimensions, duplicates, ties, filters, k over n, removed rows, rows that were added later."""
    size, dimension = draw(st.integers(1, 60)), draw(st.integers(1, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    distinct = rng.normal(size=(draw(st.integers(1, size)), dimension))
    if draw(st.booleans()):  # coarse numbers: many rows have the same score without being the same
        distinct = np.where(np.abs(distinct) < 0.5, 0.0, np.sign(distinct)) + 1e-3
    return {
        "vectors": distinct[rng.integers(len(distinct), size=size)].astype(np.float32),
        "queries": rng.normal(size=(draw(st.integers(1, 4)), dimension)).astype(np.float32),
        "later": draw(st.integers(0, size - 1)),
        "removed": sorted(rng.choice(size, draw(st.integers(0, size - 1)), replace=False).tolist()),
        "gsd": rng.integers(0, 5, size).astype(float),
        "least": draw(st.none() | st.integers(0, 5)),
        "k": draw(st.integers(1, 80)),
        "offset": draw(st.integers(0, 20)),
        "block": draw(st.sampled_from([1, 7, 2**16])),
    }


@settings(max_examples=60, deadline=None)
@given(case=settings_of_a_search())
def test_exact_search_equals_brute_force(case: dict[str, Any]) -> None:
    equals_brute_force(case)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(case=settings_of_a_search())
def test_exact_search_equals_brute_force_of_many(case: dict[str, Any]) -> None:
    equals_brute_force(case)


def equals_brute_force(case: dict[str, Any]) -> None:
    vectors, later = case["vectors"], case["later"]
    rows = [{"key": f"r{n}", "gsd": float(gsd)} for n, gsd in enumerate(case["gsd"])]
    filter = None if case["least"] is None else Filter(gsd=(float(case["least"]), None))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "_ROWS", case["block"])
        index = Index.from_vectors(
            Path(folder) / "index", vectors[: len(rows) - later], rows[: len(rows) - later], encoder="test"
        )
        index.add_vectors(vectors[len(rows) - later :], rows[len(rows) - later :])
        index.remove(f"r{n}" for n in case["removed"])
        found = index.search_vectors(case["queries"], k=case["k"], offset=case["offset"], filter=filter)

    stays = np.ones(len(rows), bool)
    stays[case["removed"]] = False
    if case["least"] is not None:
        stays &= case["gsd"] >= case["least"]
    stored = unit_vectors(vectors).astype(np.float64)
    for query, hits in zip(case["queries"], found, strict=True):
        numbers, scores = _brute_force(stored, query, np.flatnonzero(stays))
        window = slice(case["offset"], case["offset"] + case["k"])
        assert hits.keys == [f"r{n}" for n in numbers[window]]
        np.testing.assert_allclose(hits.scores, scores[window], rtol=0, atol=1e-12)
        assert hits.total == stays.sum()
        assert hits.table["rank"].to_pylist() == list(range(len(rows) + 1))[window.start + 1 :][: len(hits)]


def _brute_force(
    stored: NDArray[np.float64], query: NDArray[np.float32], allowed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    scores = np.array([(stored[row] * query.astype(np.float64)).sum() for row in allowed])
    order = sorted(range(len(allowed)), key=lambda place: (-scores[place], allowed[place]))
    return allowed[order], scores[order]


def test_equal_vectors_are_found_in_the_order_of_their_rows(tmp_path: Path) -> None:
    same = np.tile(np.random.default_rng(1).normal(size=(1, 33)), (500, 1))
    index = Index.from_vectors(
        tmp_path / "index", same, [{"key": f"{n:03d}"} for n in range(500)], encoder="x"
    )

    [hits] = index.search_vectors(np.random.default_rng(2).normal(size=(1, 33)), k=500)

    assert hits.keys == sorted(hits.keys)
    assert len(set(hits.scores.tolist())) == 1


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
def test_weighted_queries_rank_as_weighted_scores_do(weight: float, data_dir: Path, tmp_path: Path) -> None:
    files = sorted((data_dir / "whurs19-embeddings").glob("*.npz"))
    assert len(files) == 2
    for file in files:
        with np.load(file) as stored:
            images, texts = stored["images"].astype(np.float64), stored["texts_average"].astype(np.float64)
        index = Index.from_vectors(
            tmp_path / file.stem, images, [{"key": str(n)} for n in range(len(images))], encoder=file.stem
        )
        unit = unit_vectors(images).astype(np.float64)
        examples = images[:: len(images) // len(texts)][: len(texts)]
        expected = weight * examples @ unit.T + (1 - weight) * texts @ unit.T
        found = index.search_vectors(weight * examples + (1 - weight) * texts, k=len(images))
        for scores, hits in zip(expected, found, strict=True):
            np.testing.assert_allclose(hits.scores, np.sort(scores)[::-1], rtol=0, atol=1e-6)
            np.testing.assert_allclose(scores[hits.numbers], hits.scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", [1e-40, 1e38, 1e40])
def test_queries_of_any_length_find_the_same(tmp_path: Path, length: float) -> None:
    random = np.random.default_rng(0)
    rows = [{"key": str(number)} for number in range(40)]
    index = Index.from_vectors(tmp_path / "index", random.normal(size=(40, 8)), rows, encoder="x")
    query = random.normal(size=(1, 8))
    [plain], [found] = index.search_vectors(query, k=10), index.search_vectors(length * query, k=10)
    assert found.keys == plain.keys


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30, 3.0])
def test_vectors_that_are_damaged_are_told(tmp_path: Path, value: float) -> None:
    index = Index.from_vectors(
        tmp_path / "index", np.eye(6), [{"key": str(n)} for n in range(6)], encoder="x"
    )
    [stored] = (tmp_path / "index").rglob("vectors.f32")
    vectors = np.fromfile(stored, "<f4")
    vectors[14] = value
    stored.write_bytes(vectors.tobytes())
    with pytest.raises(RetrievalError, match="vectors that were stored are damaged"):
        Index.open(index.folder).search_vectors(np.eye(6)[2:4], k=2)
