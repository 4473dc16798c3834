"""Near-duplicates are folded, and variety is preferred, where that is asked."""

from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import Index, RetrievalError
from rsvlm.retrieval.exact import Found
from rsvlm.retrieval.variety import varied


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Forty groups of ten vectors that are nearly the same."""
    rng = np.random.default_rng(0)
    groups = rng.normal(size=(40, 32))
    vectors = (groups[:, None] + 0.01 * rng.normal(size=(40, 10, 32))).reshape(400, 32)
    rows = [{"key": f"{group} {one}"} for group in range(40) for one in range(10)]
    return Index.from_vectors(tmp_path_factory.mktemp("varied") / "index", vectors, rows, encoder="x")


def test_folded_hits_are_the_best_of_each_group(index: Index) -> None:
    query = np.random.default_rng(1).normal(size=(1, 32))
    [whole] = index.search_vectors(query, k=400)
    first_of_group = list({key.split()[0]: key for key in reversed(whole.keys)}.values())
    expected = sorted(first_of_group, key=whole.keys.index)

    [folded] = index.search_vectors(query, k=12, fold=0.95)
    assert folded.keys == expected[:12]
    [page] = index.search_vectors(query, k=6, offset=6, fold=0.95)
    assert page.keys == expected[6:12]
    [all_of_them] = index.search_vectors(query, k=400, fold=0.95)
    assert all_of_them.keys == expected


def test_variety_gives_up_score_for_difference(index: Index) -> None:
    query = np.random.default_rng(2).normal(size=(1, 32))
    kinds, means = [], []
    for variety in (0.0, 0.3, 0.7):
        [hits] = index.search_vectors(query, k=10, variety=variety)
        assert len(set(hits.keys)) == 10
        kinds.append(len({key.split()[0] for key in hits.keys}))
        means.append(hits.scores.mean())
    assert kinds[0] == 1
    assert kinds == sorted(kinds)
    assert kinds[-1] > 5
    assert means == sorted(means, reverse=True)
    [best] = index.search_vectors(query, k=1)
    assert index.search_vectors(query, k=1, variety=0.7)[0].keys == best.keys


@pytest.mark.parametrize("fold", [None, 0.95])
@pytest.mark.parametrize("variety", [0.2, 0.5, 0.9, 1.0])
def test_each_next_hit_has_the_most_marginal_relevance(
    index: Index, variety: float, fold: float | None
) -> None:
    query = np.random.default_rng(3).normal(size=(1, 32))
    k = 8
    [pool] = index.search_vectors(query, k=400, fold=fold)
    best, scores = pool.keys[: 10 * k], dict(zip(pool.keys, pool.scores.tolist(), strict=True))
    vectors = dict(zip(best, index.vectors(pool.numbers[: 10 * k]).astype(np.float64), strict=True))
    chosen: list[str] = []
    for _ in range(k):
        worth = {
            key: (1 - variety) * scores[key]
            - variety * max((float(vectors[key] @ vectors[one]) for one in chosen), default=0.0)
            for key in best
            if key not in chosen
        }
        chosen.append(max(worth, key=lambda key: worth[key]) if chosen else best[0])
    [hits] = index.search_vectors(query, k=k, variety=variety, fold=fold)
    assert hits.keys == chosen
    assert hits.scores.tolist() == [scores[key] for key in chosen]


@pytest.mark.parametrize("wrong", [{"fold": 0.0}, {"fold": 1.5}, {"variety": -0.1}, {"variety": 2.0}])
def test_numbers_that_there_cannot_be(index: Index, wrong: dict[str, float]) -> None:
    with pytest.raises(RetrievalError, match=next(iter(wrong))):
        index.search_vectors(np.ones((1, 32)), **wrong)  # type: ignore[arg-type]


def test_variety_has_no_second_page(index: Index) -> None:
    with pytest.raises(RetrievalError, match="variety has no pages: ask for more hits at once"):
        index.search_vectors(np.ones((1, 32)), k=5, offset=5, variety=0.5)


def test_nothing_to_choose_from(tmp_path: Path) -> None:
    index = Index.from_vectors(tmp_path / "index", np.eye(2), [{"key": "a"}, {"key": "b"}], encoder="x")
    index.remove(["a", "b"])
    assert index.search_vectors(np.ones((1, 2)), fold=0.9, variety=0.5)[0].keys == []


def test_copies_are_folded_at_a_cosine_of_one_in_half_precision() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(200, 512))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = np.repeat(vectors, 2, axis=0).astype(np.float16).astype(np.float32)
    everything = Found(np.arange(400), np.linspace(1, 0, 400))
    found = varied(
        lambda k: Found(everything.rows[:k], everything.scores[:k]), lambda rows: kept[rows], 200, 1.0, 0.0
    )
    assert found.rows.tolist() == list(range(0, 400, 2))
