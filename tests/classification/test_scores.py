"""Scores: softmax, evidence and the best k, against sums done by hand and properties that must hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from rsvlm.classification.errors import ClassificationError
from rsvlm.classification.scores import (
    evidence,
    log_softmax,
    logistic,
    relative_scores,
    softmax,
    top_k,
)

Array = NDArray[np.float32]
cosines = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=40),
    elements=st.floats(-1, 1, width=32),
)
scales = st.floats(0.01, 10_000)


@given(cosines, scales)
def test_softmax_rows_sum_to_one(values: Array, scale: float) -> None:
    shares = softmax(values, scale)
    assert shares.dtype == np.float32
    assert shares.shape == values.shape
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


@given(cosines, scales)
def test_softmax_keeps_the_order_and_does_not_see_a_shift(values: Array, scale: float) -> None:
    shares = softmax(values, scale)
    order = np.argsort(values, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(shares, order, axis=1), axis=1) >= 0).all()
    shifted = softmax(values.astype(np.float64) + 0.25, scale)
    np.testing.assert_allclose(shifted, shares, atol=1e-6)


def test_softmax_by_hand() -> None:
    assert softmax(np.array([[0.02, 0.01]]), 100)[0] == pytest.approx(
        [math.e / (math.e + 1), 1 / (math.e + 1)]
    )
    assert softmax(np.array([[1.0, -1.0, 0.0]]), 10_000)[0] == pytest.approx([1, 0, 0])
    assert log_softmax(np.array([[1.0, -1.0]]), 10_000)[0, 1] == pytest.approx(-20_000)


def test_softmax_of_many_classes_sums_to_one_in_float32() -> None:
    values = np.random.default_rng(0).normal(0.2, 0.03, (50, 5000)).astype(np.float32)
    np.testing.assert_allclose(softmax(values, 100).sum(axis=1, dtype=np.float32), 1, atol=1e-6)


@given(hnp.arrays(np.float64, 20, elements=st.floats(-1e6, 1e6)))
def test_logistic_is_monotone_symmetric_and_never_overflows(logits: NDArray[np.float64]) -> None:
    shares = logistic(np.sort(logits))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (np.diff(shares) >= 0).all()
    np.testing.assert_allclose(logistic(-np.sort(logits)), 1 - shares, atol=1e-15)


def test_a_row_of_nan_stays_one_and_spoils_no_other() -> None:
    values = np.array([[0.1, 0.2], [np.nan, np.nan]], np.float32)
    for scores in (
        softmax(values, 100),
        relative_scores(values, 100),
        evidence(values),
    ):
        assert np.isnan(scores[1]).all()
        assert np.isfinite(scores[0]).all()


def test_evidence_is_the_cosine_less_half_the_mean_of_the_row() -> None:
    np.testing.assert_allclose(evidence(np.array([[0.3, 0.1], [0.2, 0.2]])), [[0.2, 0.0], [0.1, 0.1]])


@given(cosines, scales)
def test_relative_scores_find_the_best_class_and_keep_the_order(values: Array, scale: float) -> None:
    scores = relative_scores(values, scale)
    assert (scores.max(axis=1) >= 0.5).all()
    order = np.argsort(values, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(scores, order, axis=1), axis=1) >= 0).all()


def test_relative_scores_turn_at_six_tenths_of_the_height_whatever_the_scale() -> None:
    values = np.array([[0.0, 0.0, 0.0, 0.17, 0.19, 0.24]])  # mean .1, best .24: the point is .184
    for scale in (1, 100):
        assert (relative_scores(values, scale)[0] >= 0.5).tolist() == [False] * 4 + [True] * 2


def test_top_k_puts_the_lower_index_first_among_equals() -> None:
    best = top_k(np.array([[0.2, 0.5, 0.2, 0.5], [0.1, 0.2, 0.3, 0.4]]), 3)
    assert best.indices.tolist() == [[1, 3, 0], [3, 2, 1]]
    np.testing.assert_allclose(best.scores, [[0.5, 0.5, 0.2], [0.4, 0.3, 0.2]])


def test_top_k_of_more_than_there_are_gives_all() -> None:
    assert top_k(np.array([[0.2, 0.8]]), 10).indices.tolist() == [[1, 0]]
    assert top_k(np.zeros((0, 3)), 2).indices.shape == (0, 2)


@given(hnp.arrays(np.float32, (7, 9), elements=st.sampled_from([0.0, 0.25, 0.5])), st.integers(1, 12))
def test_top_k_equals_sorting_in_python(scores: Array, k: int) -> None:
    expected = [sorted(range(9), key=lambda index: (-row[index], index))[:k] for row in scores]
    assert top_k(scores, k).indices.tolist() == expected


@settings(max_examples=20)
@given(st.sampled_from([0.0, -1.0, math.inf, math.nan]))
def test_a_scale_that_makes_no_scores(scale: float) -> None:
    with pytest.raises(ClassificationError, match="scale of"):
        softmax(np.zeros((1, 2)), scale)


def test_what_is_no_matrix_and_a_k_below_one() -> None:
    with pytest.raises(ClassificationError, match=r"shape \(3,\)"):
        softmax(np.zeros(3), 100)
    with pytest.raises(ClassificationError, match="at least one class"):
        softmax(np.zeros((3, 0)), 100)
    with pytest.raises(ClassificationError, match="best 0 classes"):
        top_k(np.zeros((1, 2)), 0)
