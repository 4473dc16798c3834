"""Calibration: a known temperature comes back, small and odd sets of labels give sane numbers, real data agrees."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_cosines import IDENTITY, Labelled, drawn, fit, separate, whurs19  # type: ignore[import-not-found]

from rsvlm.classification.calibration import fit_calibration
from rsvlm.classification.errors import ClassificationError
from rsvlm.classification.judging import FOLDS, deal
from rsvlm.classification.scores import softmax
from rsvlm.classification.temperature import expected_calibration_error, fit_scale, nll


@pytest.mark.parametrize("truth", [30.0, 100.0, 400.0])
def test_a_known_temperature_comes_back(truth: float) -> None:
    data = drawn(6000, truth)
    assert fit_scale(data.cosines, data.labels, 100.0) == pytest.approx(truth, rel=0.05)


def test_the_fitted_scale_is_the_best_of_a_fine_grid() -> None:
    data = drawn(3000, 150.0, seed=3)
    fitted = fit_scale(data.cosines, data.labels, 150.0)
    grid = np.exp(np.linspace(np.log(50), np.log(500), 400))
    right = np.arange(len(data.labels)), data.labels
    best = grid[np.argmin([nll(softmax(data.cosines, scale)[right]) for scale in grid])]
    assert fitted == pytest.approx(best, rel=0.01)


def test_a_scale_does_not_change_with_the_order_of_images_or_with_a_shift() -> None:
    data = drawn(200, 80.0)
    scale = fit_scale(data.cosines, data.labels, 100.0)
    turned = fit_scale(data.cosines[::-1], data.labels[::-1], 100.0)
    shifted = fit_scale(data.cosines + np.arange(200)[:, None], data.labels, 100.0)
    assert turned == pytest.approx(scale, rel=1e-5)
    assert shifted == pytest.approx(scale, rel=1e-4)


def test_images_that_are_all_right_give_no_endless_scale() -> None:
    narrow = np.tile([0.21, 0.2, 0.2], (10, 1))  # each more of scale makes them likelier
    assert 120 < fit_scale(narrow, np.zeros(10, int), 100.0) < 250
    assert 60 < fit_scale(narrow, np.zeros(10, int), 50.0) < 200
    few, many = (fit(separate(n)) for n in (10, 100))
    assert any("every labelled image is right" in note for note in few.notes)
    assert any("rough" in note for note in few.notes)
    assert not any("rough" in note for note in many.notes)


@pytest.mark.parametrize(("gap", "bound"), [(-1.0, 1.0), (1e-5, 10_000.0)])
def test_cosines_that_say_nothing_or_all_end_at_a_bound_that_is_said(gap: float, bound: float) -> None:
    cosines = np.zeros((4000, 3))
    cosines[:, 0] = gap
    data = Labelled(cosines, np.array([0] * 4000))
    fitted = fit(data)
    assert fitted.scale == pytest.approx(bound, rel=0.02)
    assert any(f"bound, {bound:g}" in note for note in fitted.notes)


def test_classes_without_images_are_listed() -> None:
    data = drawn(400, 100.0, classes=6)
    some = data.labels < 4
    fitted = fit(Labelled(data.cosines[some], data.labels[some]))
    assert fitted.unseen == (4, 5)
    assert "2 of 6 classes have no labelled image" in fitted.notes


def test_one_class_and_one_image_are_enough_to_run() -> None:
    one = fit(Labelled(np.array([[0.3, 0.2, 0.1]]), np.array([0])))
    assert one.metrics == {}
    assert any("one class" in note for note in one.notes)
    alone = fit(Labelled(np.array([[0.3], [0.2]]), np.array([0, 0])))
    assert alone.scores(np.array([[0.1]])).tolist() == [[1.0]]


def test_expected_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, False, True, True])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)
    assert expected_calibration_error(np.ones(4), np.ones(4, bool)) == 0
    # 1/15 belongs to the first bin and not to the second: bins are open below and closed above.
    both = expected_calibration_error(np.array([1 / 15, 1 / 15 + 1e-9]), np.array([True, False]), 15)
    assert both == pytest.approx(0.5 * (14 / 15 + 1 / 15), abs=1e-6)


def test_a_calibrated_classifier_says_how_often_it_is_right() -> None:
    data, fresh = drawn(3000, 180.0), drawn(3000, 180.0, seed=1)
    fitted = fit(data)
    shares = fitted.scores(fresh.cosines)
    right = shares.argmax(axis=1) == fresh.labels
    assert expected_calibration_error(shares.max(axis=1), right) < 0.03
    assert expected_calibration_error(softmax(fresh.cosines, 100).max(axis=1), right) > 0.1
    assert fitted.metrics["ece_after"] < 0.03 < 0.1 < fitted.metrics["ece_before"]
    assert fitted.metrics["accuracy"] == pytest.approx(
        (data.cosines.argmax(axis=1) == data.labels).mean(), abs=1e-12
    )


def test_metrics_come_from_images_outside_the_fit() -> None:
    """Labels of pure chance: an honest F1 of thresholds stays near that of saying yes always."""
    rng = np.random.default_rng(0)
    cosines = rng.normal(0.2, 0.02, (60, 8))
    labels = [{int(index) for index in np.flatnonzero(row)} for row in rng.random((60, 8)) < 0.2]
    fitted = fit_calibration(cosines, labels, multi_label=True, **IDENTITY)
    member = np.array([[index in row for index in range(8)] for row in labels])
    found = fitted.members(cosines)
    flattering = 2 * (found & member).sum() / (found.sum() + member.sum())
    assert fitted.metrics["micro_f1_after"] < flattering


def test_multi_label_scores_reach_one_number_exactly_where_a_class_is_given() -> None:
    rng = np.random.default_rng(2)
    cosines = rng.normal(0.2, 0.03, (300, 4)) + np.array(
        [0, 0.1, -0.1, 0.05]
    )  # classes lie at different heights
    member = rng.random((300, 4)) < 1 / (1 + np.exp(-100 * (cosines - cosines.mean(axis=0))))
    labels = [{int(index) for index in np.flatnonzero(row)} for row in member]
    fitted = fit_calibration(cosines, labels, multi_label=True, **IDENTITY)
    scores, given = fitted.scores(cosines), fitted.members(cosines)
    assert scores[given].min() >= fitted.label_score - 1e-6
    assert scores[~given].max() <= fitted.label_score + 1e-6
    assert 0.2 < given.mean() < 0.8


def test_groups_stay_together_and_classes_are_dealt_evenly() -> None:
    member = np.eye(4, dtype=bool)[np.arange(200) % 4]
    part = deal(member, None)
    assert [len(set(part[member[:, index]])) for index in range(4)] == [FOLDS] * 4
    assert set(np.bincount(part)) == {40}
    scenes = np.arange(200) // 7
    together = deal(member, scenes.tolist())
    assert all(len(set(together[scenes == scene])) == 1 for scene in set(scenes.tolist()))


def test_neighbours_in_one_part_do_not_flatter() -> None:
    """Each scene is there ten times; apart, its copies tell the thresholds what to say of it."""
    rng = np.random.default_rng(1)
    cosines, labels = rng.normal(0.2, 0.02, (30, 6)), rng.integers(0, 6, 30)
    copies = np.repeat(cosines, 10, axis=0)
    sets = [{int(label)} for label in np.repeat(labels, 10)]
    scenes = np.repeat(np.arange(30), 10).tolist()
    apart = fit_calibration(copies, sets, multi_label=True, **IDENTITY)
    together = fit_calibration(copies, sets, multi_label=True, groups=scenes, **IDENTITY)
    assert together.metrics["micro_f1_after"] < apart.metrics["micro_f1_after"]
    assert replace(together, metrics={}) == replace(apart, metrics={})


def test_the_same_labels_give_the_same_calibration_to_the_last_bit() -> None:
    assert fit(drawn(150, 90.0)) == fit(drawn(150, 90.0))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_few_labels_give_finite_numbers(data: st.DataObject) -> None:
    n, classes = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    values = st.floats(-1, 1, width=16)
    cosines = np.array(
        data.draw(st.lists(st.lists(values, min_size=classes, max_size=classes), min_size=n, max_size=n))
    )
    multi = data.draw(st.booleans())
    one = st.integers(-1, classes - 1)
    several = st.sets(st.integers(0, classes - 1))
    labels: Any = data.draw(st.lists(several if multi else one, min_size=n, max_size=n))
    if not any(label if multi else label >= 0 for label in labels):
        labels[0] = {0} if multi else 0
    fitted = fit_calibration(cosines, labels, multi_label=multi, **IDENTITY)
    numbers = [fitted.scale, fitted.none_threshold, fitted.none_slope, fitted.bias]
    assert np.isfinite([*numbers, *(fitted.thresholds or ()), *fitted.metrics.values()]).all()
    assert fitted.scale > 0
    assert fitted.none_slope > 0
    scores = fitted.scores(cosines)
    assert scores.shape == cosines.shape
    assert ((scores >= 0) & (scores <= 1)).all()
    assert all(0 <= fitted.metrics[key] <= 1 for key in fitted.metrics if not key.startswith("nll"))


@pytest.mark.parametrize(
    ("cosines", "labels", "options", "words"),
    [
        (np.zeros((2, 3)), [0], {}, "2 images and 1 labels"),
        (np.zeros((0, 3)), [], {}, "no labelled images"),
        (np.zeros((2, 3)), [0, 3], {}, "label of image 1 is class 3; the classes are 0 to 2"),
        (np.zeros((2, 3)), [-2, 0], {}, "image 0 is class -2"),
        (np.zeros((2, 3)), ["a", 0], {}, "label of image 0 is 'a'; give one class index"),
        (np.zeros((2, 3)), [{0}, {1}], {}, "give one class index"),
        (np.zeros((2, 3)), [0, 1], {"multi_label": True}, "label of image 0 is 0; give a set"),
        (np.zeros((2, 3)), [-1, -1], {}, "no labelled image has a class"),
        (np.full((1, 3), np.nan), [0], {}, "cosines of image 0 are not finite"),
        (np.zeros((2, 3)), [0, 1], {"scale": 0.0}, "scale of 0"),
        (np.zeros((2, 3)), [0, 1], {"groups": ["a"]}, "2 images and 1 groups"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_one_line(
    cosines: Any, labels: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClassificationError, match=words) as caught:
        fit_calibration(cosines, labels, **IDENTITY, **options)
    assert "\n" not in str(caught.value)


def test_cosines_of_other_classes_are_refused() -> None:
    with pytest.raises(ClassificationError, match="for 5 classes and there are 4"):
        fit(separate(20)).scores(np.zeros((1, 4)))


def test_a_failed_image_stays_nan() -> None:
    rows = np.vstack([separate(1).cosines, np.full((1, 5), np.nan)])
    fitted = fit(separate(20))
    assert np.isnan(fitted.scores(rows)[1]).all()
    assert np.isnan(fitted.none_scores(rows)[1])
    assert fitted.members(rows).tolist() == [[True, False, False, False, False], [False] * 5]


# NLL and calibration error before and after, on images that were not fitted on: the other half of WHU-RS19.
REAL = {
    "RemoteCLIP": {"scale": (110, 150), "nll": (0.169, 0.139), "ece": (0.060, 0.028)},
    "SkyCLIP50": {"scale": (150, 190), "nll": (0.349, 0.286), "ece": (0.098, 0.032)},
}


@pytest.mark.parametrize("model", REAL)
def test_half_of_whurs19_calibrates_the_other_half(data_dir: Path, model: str) -> None:
    data, expected = whurs19(data_dir, model), REAL[model]
    fitted = fit(Labelled(data.cosines[::2], data.labels[::2]))
    cosines, labels = data.cosines[1::2], data.labels[1::2]
    shares = fitted.scores(cosines)
    right = shares.argmax(axis=1) == labels
    ece = [expected_calibration_error(p.max(axis=1), right) for p in (softmax(cosines, 100), shares)]
    assert expected["scale"][0] < fitted.scale < expected["scale"][1]
    for p, value in zip((softmax(cosines, 100), shares), expected["nll"], strict=True):
        assert nll(p[np.arange(len(labels)), labels]) == pytest.approx(value, abs=0.005)
    assert ece == pytest.approx(expected["ece"], abs=0.005)
    assert fitted.metrics["ece_after"] == pytest.approx(ece[1], abs=0.015)
    assert fitted.metrics["accuracy"] == pytest.approx(right.mean(), abs=0.03)
