"""Metrics of classification against scikit-learn and scipy on random and degenerate inputs, and sums done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from rsvlm.eval.classification_metrics import (
    average_precisions,
    average_ranks,
    classification_metrics,
    confusion_matrix,
    confusion_record,
    multilabel_metrics,
    per_class,
    ranked_classes,
    regression_metrics,
    top_k_accuracy,
)
from rsvlm.eval.errors import EvalError

Ints = NDArray[np.int64]


def answers(seed: int, n: int, classes: int, silent: float = 0.1) -> tuple[Ints, Ints]:
    rng = np.random.default_rng(seed)
    truth, said = rng.integers(0, classes, n), rng.integers(0, classes, n)
    right = rng.random(n) < 0.5
    said[right] = truth[right]
    said[rng.random(n) < silent] = -1
    return truth, said


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 12), st.sampled_from([0.0, 0.1, 1.0]))
def test_single_label_metrics_are_those_of_scikit_learn(
    seed: int, n: int, classes: int, silent: float
) -> None:
    truth, said = answers(seed, n, classes, silent)
    ours = classification_metrics(truth, said, classes)
    occurs = np.unique(truth)
    named = np.union1d(occurs, said[said >= 0])
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
    recall = sk.recall_score(truth, said, labels=occurs, average="macro", zero_division=0)
    assert ours["balanced_accuracy"] == pytest.approx(recall)
    f1 = sk.f1_score(truth, said, labels=named, average="macro", zero_division=0)
    assert ours["macro_f1"] == pytest.approx(f1)
    if len(np.union1d(truth, said)) > 1:
        assert ours["kappa"] == pytest.approx(sk.cohen_kappa_score(truth, said), abs=1e-12)
    else:
        assert ours["kappa"] == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 12))
def test_tables_of_classes_are_those_of_scikit_learn(seed: int, n: int, classes: int) -> None:
    truth, said = answers(seed, n, classes)
    confusion = confusion_matrix(truth, said, classes)
    theirs = sk.confusion_matrix(truth, np.where(said < 0, classes, said), labels=range(classes + 1))
    np.testing.assert_array_equal(confusion, theirs[:-1])
    table = per_class([str(number) for number in range(classes)], confusion)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        truth, said, labels=range(classes), zero_division=0
    )
    for number in range(classes):
        row = table[str(number)]
        expected = (support[number], recall[number], precision[number], f1[number])
        assert tuple(row.values()) == pytest.approx(expected)


def test_by_hand() -> None:
    # 4 fields (3 found, 1 without an answer), 2 rivers (1 found, 1 taken for a field), no desert.
    truth, said = [0, 0, 0, 0, 1, 1], [0, 0, 0, -1, 1, 0]
    ours = classification_metrics(truth, said, 3)
    assert ours["accuracy"] == pytest.approx(4 / 6)
    assert ours["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert ours["macro_f1"] == pytest.approx((6 / 8 + 2 / 3) / 2)
    chance = (4 * 4 + 2 * 1) / 36
    assert ours["kappa"] == pytest.approx((4 / 6 - chance) / (1 - chance))
    record = confusion_record(["field", "river", "desert"], confusion_matrix(truth, said, 3))
    assert record["counts"] == [[3, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert record["columns"][-1] == "(no answer)"


def test_confusion_without_silence_is_square() -> None:
    record = confusion_record(["a", "b"], confusion_matrix([0, 1], [1, 1], 2))
    assert record == {"names": ["a", "b"], "counts": [[0, 1], [0, 1]]}


def test_not_answering_never_pays() -> None:
    truth, said = answers(1, 200, 5, silent=0)
    honest = classification_metrics(truth, said, 5)
    silent = classification_metrics(truth, np.where(np.arange(200) % 3 == 0, -1, said), 5)
    assert all(silent[name] < honest[name] for name in ("accuracy", "balanced_accuracy", "macro_f1", "kappa"))
    nobody = classification_metrics(truth, np.full(200, -1), 5)
    assert set(nobody.values()) == {0.0}


def test_top_k_counts_ties_by_index_and_silence_as_wrong() -> None:
    scores = np.array([[0.5, 0.5, 0.5], [0.1, 0.9, 0.3], [np.nan, np.nan, np.nan]])
    ranked = ranked_classes(scores)
    assert ranked.tolist() == [[0, 1, 2], [1, 2, 0], [-1, -1, -1]]
    assert top_k_accuracy([1, 2, 0], ranked, 1) == 0
    assert top_k_accuracy([1, 2, 0], ranked, 2) == pytest.approx(2 / 3)
    assert top_k_accuracy([1, 2, 0], ranked, 9) == pytest.approx(2 / 3)


def test_top5_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    truth, scores = rng.integers(0, 20, 300), rng.normal(size=(300, 20))
    ours = classification_metrics(truth, scores.argmax(axis=1), 20, ranked=ranked_classes(scores))
    assert list(ours)[:2] == ["accuracy", "top5"]
    assert ours["top5"] == pytest.approx(sk.top_k_accuracy_score(truth, scores, k=5))


@pytest.mark.parametrize(
    ("truth", "said", "classes"),
    [
        ([], [], 2),
        ([0], [0, 1], 2),
        ([2], [0], 2),
        ([-1], [0], 2),
        ([0], [2], 2),
        ([0], [-2], 2),
        ([0.5], [0], 2),
    ],
)
def test_bad_classes_are_refused(truth: list[float], said: list[int], classes: int) -> None:
    with pytest.raises(EvalError):
        classification_metrics(truth, said, classes)


labelled = st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 6), st.sampled_from([2, 5, 1000])


@settings(max_examples=60, deadline=None)
@given(*labelled)
def test_multilabel_metrics_are_those_of_scikit_learn(seed: int, n: int, classes: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.random((n, classes)) < 0.3, rng.integers(0, levels, (n, classes)) / levels
    truth[0, 0] = True
    said = scores > 0.5
    occurs, named = truth.any(axis=0), truth.any(axis=0) | said.any(axis=0)
    ours = multilabel_metrics(truth, scores, said)
    each = [sk.average_precision_score(truth[:, i], scores[:, i]) for i in np.flatnonzero(occurs)]
    assert ours["map"] == pytest.approx(np.mean(each))
    np.testing.assert_allclose(average_precisions(truth, scores)[occurs], each)
    assert ours["micro_map"] == pytest.approx(sk.average_precision_score(truth.ravel(), scores.ravel()))
    flat, f1 = sk.f1_score(truth.ravel(), said.ravel(), zero_division=0), sk.f1_score
    assert ours["micro_f1"] == pytest.approx(flat)
    macro = [f1(truth[:, i], said[:, i], zero_division=0) for i in np.flatnonzero(named)]
    assert ours["macro_f1"] == pytest.approx(np.mean(macro))


def test_average_precision_by_hand() -> None:
    # Ranked: right, wrong, right, (right, wrong) together, then one that failed and is right: of 4, 3 are found.
    truth = np.array([[1], [0], [1], [1], [0], [1]], bool)
    scores = np.array([[0.9], [0.8], [0.7], [0.5], [0.5], [np.nan]])
    assert average_precisions(truth, scores)[0] == pytest.approx((1 / 1 + 2 / 3 + 3 / 5) / 4)
    assert average_precisions(np.zeros((2, 1), bool), np.ones((2, 1)))[0] == 0
    assert average_precisions(np.ones((2, 1), bool), np.full((2, 1), np.nan))[0] == 0


def test_multilabel_failures_say_nothing() -> None:
    truth, scores = np.eye(3, dtype=bool), np.eye(3)
    scores[2] = np.nan
    ours = multilabel_metrics(truth, scores, np.ones((3, 3), bool))
    assert ours["map"] == pytest.approx(2 / 3)
    assert ours["micro_f1"] == pytest.approx(2 * 2 / (3 + 6))
    with pytest.raises(EvalError, match="no item has a class"):
        multilabel_metrics(np.zeros((2, 2), bool), np.zeros((2, 2)), np.zeros((2, 2), bool))


numbers = hnp.arrays(np.float64, st.integers(2, 30), elements=st.integers(-5, 5).map(float))


@settings(max_examples=60, deadline=None)
@given(numbers, st.integers(0, 1000))
def test_regression_metrics_are_those_of_scikit_learn_and_scipy(
    truth: NDArray[np.float64], seed: int
) -> None:
    said = truth + np.random.default_rng(seed).integers(-3, 4, len(truth))
    ours = regression_metrics(truth, said)
    assert ours["r2"] == pytest.approx(sk.r2_score(truth, said))
    assert ours["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, said))
    assert ours["mae"] == pytest.approx(sk.mean_absolute_error(truth, said))
    if len(set(truth)) > 1 and len(set(said)) > 1:
        assert ours["spearman"] == pytest.approx(stats.spearmanr(truth, said).statistic, abs=1e-12)
        assert ours["pearson_r2"] == pytest.approx(stats.pearsonr(truth, said).statistic ** 2, abs=1e-12)
    else:
        assert ours["spearman"] == ours["pearson_r2"] == 0
    np.testing.assert_array_equal(average_ranks(truth), stats.rankdata(truth))


def test_missing_numbers_are_the_worst_of_the_range() -> None:
    ours = regression_metrics([0.0, 10.0, 4.0], [0.0, np.nan, np.inf])
    assert ours["mae"] == pytest.approx((0 + 10 + 6) / 3)
    assert regression_metrics([5.0], [5.0])["r2"] == 1
    assert regression_metrics([5.0], [4.0])["r2"] == 0
    for bad in (([], []), ([1.0], [1.0, 2.0]), ([np.nan], [1.0])):
        with pytest.raises(EvalError):
            regression_metrics(*bad)
