"""Multi-label thresholds: the best F1 by trying every cut, few images, and the sigmoid over them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from labelled_cosines import IDENTITY, whurs19  # type: ignore[import-not-found]
from numpy.typing import NDArray

from rsvlm.classification.calibration import fit_calibration
from rsvlm.classification.scores import evidence, relative_scores
from rsvlm.classification.thresholds import (
    best_f1_threshold,
    f1_scores,
    fit_platt,
    fit_thresholds,
)

Mask = NDArray[np.bool_]


def f1(found: Mask, truth: Mask) -> float:
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))


@given(
    hnp.arrays(np.float64, 12, elements=st.sampled_from([-0.5, 0.1, 0.1 + 1e-16, 0.2, 0.3])),
    hnp.arrays(np.bool_, 12),
)
def test_no_other_cut_is_better(values: NDArray[np.float64], truth: Mask) -> None:
    threshold = best_f1_threshold(values, truth)
    reached = f1(values >= threshold, truth)
    assert all(reached >= f1(values >= cut, truth) - 1e-12 for cut in (*values, np.inf))


def test_the_cut_lies_half_way_and_above_all_without_positives() -> None:
    values = np.array([0.1, 0.2, 0.4, 0.5])
    assert best_f1_threshold(values, np.array([False, False, True, True])) == pytest.approx(0.3)
    assert best_f1_threshold(values, np.array([True] * 4)) == 0.1
    assert not (values >= best_f1_threshold(values, np.zeros(4, bool))).any()


def test_a_class_without_images_has_the_shared_threshold_and_few_pull_little() -> None:
    rng = np.random.default_rng(0)
    member = np.zeros((400, 3), bool)
    member[:200, 0] = True
    member[200:202, 1] = True
    cosines = rng.normal(0.1, 0.01, (400, 3))
    cosines[:200, 0] += 0.1
    cosines[200:202, 1] += 0.4
    fitted = fit_thresholds(cosines, member)
    rows = evidence(cosines)
    own = [best_f1_threshold(rows[:, index], member[:, index]) for index in (0, 1)]
    assert fitted.per_class[2] == fitted.shared
    assert fitted.per_class[0] == pytest.approx((200 * own[0] + 5 * fitted.shared) / 205)
    assert fitted.per_class[1] == pytest.approx((2 * own[1] + 5 * fitted.shared) / 7)


def test_platt_gives_known_odds_and_never_turns_round() -> None:
    rng = np.random.default_rng(0)
    cosines = rng.normal(0.2, 0.05, (20_000, 1))
    member = rng.random((20_000, 1)) < 1 / (1 + np.exp(-60 * (evidence(cosines) - 0.1)))
    platt = fit_platt(cosines, member, np.array([0.1]), 100.0)
    assert platt.scale == pytest.approx(60, rel=0.05)
    assert platt.bias == pytest.approx(0, abs=0.05)
    assert fit_platt(cosines, ~member, np.array([0.1]), 100.0).scale == 100.0


def test_f1_by_hand() -> None:
    found = np.array([[True, True, False], [True, False, False]])
    member = np.array([[True, False, False], [False, True, False]])
    micro, macro = f1_scores(found, member)
    assert micro == pytest.approx(2 * 1 / (3 + 2))
    assert macro == pytest.approx((2 / 3 + 0) / 2)  # the third class has no image: it does not count
    assert f1_scores(found, np.zeros((2, 3), bool)) == (0, 0)


def mixtures(folder: Path, model: str, use: slice, n: int) -> tuple[NDArray[np.float64], Mask]:
    """Images of one to three classes: embeddings averaged, since no multi-label ones are at hand."""
    rng = np.random.default_rng(n)
    with np.load(folder / "whurs19-embeddings" / f"{model}-ViT-B-32.npz", allow_pickle=False) as file:
        images, labels, texts = file["images"][use], file["labels"][use], file["texts_average"]
    vectors, member = np.zeros((n, images.shape[1])), np.zeros((n, 19), bool)
    for row in range(n):
        for label in rng.choice(19, rng.integers(1, 4), replace=False):
            vectors[row] += images[rng.choice(np.flatnonzero(labels == label))]
            member[row, label] = True
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ texts.T, member


@pytest.mark.parametrize(
    ("model", "before", "after"), [("RemoteCLIP", 0.72, 0.77), ("SkyCLIP50", 0.62, 0.66)]
)
def test_thresholds_fitted_on_half_of_whurs19(
    data_dir: Path, model: str, before: float, after: float
) -> None:
    cosines, member = mixtures(data_dir, model, slice(0, None, 2), 500)
    fresh, truth = mixtures(data_dir, model, slice(1, None, 2), 501)
    labels = [{int(index) for index in np.flatnonzero(row)} for row in member]
    fitted = fit_calibration(cosines, labels, multi_label=True, **IDENTITY)
    found = fitted.members(fresh)
    assert f1_scores(relative_scores(fresh, 100) >= 0.5, truth)[0] == pytest.approx(before, abs=0.02)
    assert f1_scores(found, truth)[0] == pytest.approx(after, abs=0.02)
    assert fitted.metrics["micro_f1_after"] == pytest.approx(after, abs=0.03)
    assert fitted.metrics["ece_after"] < 0.02
    # A class is given exactly where its score reaches the one score at which classes are given.
    scores = fitted.scores(fresh)
    assert scores[found].min() >= fitted.label_score - 1e-6
    assert scores[~found].max() <= fitted.label_score + 1e-6


def test_whurs19_cosines_have_the_published_accuracy(data_dir: Path) -> None:
    data = whurs19(data_dir, "RemoteCLIP")
    assert (data.cosines.argmax(axis=1) == data.labels).mean() == pytest.approx(0.9522388, abs=1e-6)
