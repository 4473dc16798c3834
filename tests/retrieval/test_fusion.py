"""Several rankings made one, and the best of scores: what sorting everything gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.retrieval.exact import Found
from rsvlm.retrieval.fusion import best, fused, one_of


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), st.booleans()), max_size=30),
    st.integers(1, 9),
)
def test_the_best_are_the_first_of_all_sorted(drawn: list[tuple[float, bool]], k: int) -> None:
    scores, allowed = np.array([one for one, _ in drawn]), np.array([may for _, may in drawn], bool)
    for mask in (None, allowed):
        rows = [row for row, score in enumerate(scores) if score > 0 and (mask is None or mask[row])]
        expected = sorted(rows, key=lambda row: (-scores[row], row))[:k]
        found = best(scores, mask, k)
        assert found.rows.tolist() == expected
        assert found.scores.tolist() == [scores[row] for row in expected]


def test_the_best_of_many_equals_are_the_first_rows() -> None:
    assert best(np.array([1.0, 2.0, 1.0, 1.0, 0.0]), None, 3).rows.tolist() == [1, 0, 2]
    assert best(np.zeros(4), None, 3).rows.tolist() == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.permutations(range(8)), min_size=1, max_size=4), st.integers(1, 8))
def test_a_fused_score_is_the_sum_over_the_rankings_that_have_the_row(
    drawn: list[list[int]], depth: int
) -> None:
    rankings = [np.array(one[:depth]) for one in drawn]
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), 1):
            scores[row] = scores.get(row, 0.0) + 1 / (60 + rank)
    found = fused(rankings)
    assert found.rows.tolist() == sorted(scores, key=lambda row: (-round(scores[row], 15), row))
    assert found.scores == pytest.approx(np.array([scores[row] for row in found.rows.tolist()]), abs=1e-14)


def test_a_ranking_alone_keeps_its_scores() -> None:
    alone = Found(np.array([3, 1]), np.array([0.9, 0.2]))
    assert one_of({"words": alone}, [2]) is alone
    both = one_of({"words": alone, "meaning": Found(np.array([1, 2]), np.array([0.5, 0.4]))}, [2])
    assert both.rows.tolist() == [1, 3, 2]
    assert both.scores[0] == pytest.approx(1 / 61 + 1 / 62)
