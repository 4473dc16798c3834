"""None of these: known images are kept, foreign ones found, with and without examples of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_cosines import Labelled, fit, separate, whurs19  # type: ignore[import-not-found]

from rsvlm.classification.none import best_evidence, fit_none_rule, without_own_classes
from rsvlm.classification.regression import fit_logistic


def members(labels: list[int], classes: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.array([[label == index for index in range(classes)] for label in labels])


def test_an_image_without_its_own_class_is_judged_by_the_others() -> None:
    cosines = np.array([[0.9, 0.2, 0.4], [0.1, 0.5, 0.3], [0.3, 0.2, 0.1]])
    member = np.array([[True, False, False], [True, True, False], [False, False, False]])
    # 0.4 - (0.2 + 0.4) / 4, and 0.3 - 0.3 / 2; the third image has no class to take out.
    np.testing.assert_allclose(without_own_classes(cosines, member), [0.25, 0.15])
    assert without_own_classes(cosines, np.ones((3, 3), bool)).shape == (0,)


def test_the_threshold_is_the_rank_that_keeps_what_was_asked_for() -> None:
    cosines = np.arange(1.0, 100.0)[:, None] / 100
    rule = fit_none_rule(cosines, np.ones((99, 1), bool), scale=40.0)
    # (1 - 0.95) * (99 + 1) = 5: the fifth from below; one class has half its cosine as evidence.
    assert rule.threshold == pytest.approx(0.05 / 2)
    assert rule.slope == 40.0
    assert (rule.scores(cosines) > 0.5).sum() == 4


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 200), st.floats(0.6, 0.95), st.integers(0, 1000))
def test_new_images_of_known_classes_are_kept_on_average(n: int, keep: float, seed: int) -> None:
    """Over all ways to choose which image is the new one: exactly the promise of split conformal prediction."""
    rng = np.random.default_rng(seed)
    cosines = rng.normal(0.2, 0.02, (n + 1, 1))
    kept = 0
    for new in range(n + 1):
        rest = np.delete(cosines, new, axis=0)
        rule = fit_none_rule(rest, np.ones((n, 1), bool), scale=1.0, keep=keep)
        kept += bool(best_evidence(cosines[new : new + 1])[0] >= rule.threshold)
    assert kept / (n + 1) >= keep - 1e-9


def test_without_examples_the_threshold_keeps_and_the_slope_comes_from_classes_left_out() -> None:
    data = separate(99, classes=3)
    member = members(data.labels.tolist(), 3)
    rule = fit_none_rule(data.cosines, member, scale=1e-3)
    assert rule.threshold == np.sort(best_evidence(data.cosines))[4]
    assert rule.slope > 10  # the other classes lie 0.12 lower: soon sure
    assert (rule.scores(data.cosines - 0.1 * member) > 0.9).all()


def test_examples_of_none_of_these_set_the_threshold_between() -> None:
    data = separate(100, foreign=50)
    fitted = fit(data)
    none = fitted.none_scores(data.cosines)
    assert fitted.n_none == 50
    assert (none[:100] < 0.1).all()
    assert (none[100:] > 0.9).all()
    assert fitted.metrics["none_kept"] == fitted.metrics["none_found"] == 1
    assert not fitted.members(data.cosines)[100:].any()


def test_none_score_falls_as_the_best_cosine_rises() -> None:
    fitted = fit(separate(40, foreign=20))
    rows = np.full((50, 5), 0.1)
    rows[:, 2] = np.linspace(0.1, 0.3, 50)
    assert (np.diff(fitted.none_scores(rows)) <= 0).all()


def test_examples_that_look_more_like_the_classes_do_not_turn_the_rule_round() -> None:
    cosines = np.array([[0.1, 0.05]] * 30 + [[0.4, 0.05]] * 30)
    rule = fit_none_rule(cosines, members([0] * 30 + [-1] * 30, 2), scale=70.0)
    assert rule.slope == 70.0
    assert (rule.scores(cosines[:30]) <= 0.5).all()


def test_logistic_regression_finds_a_known_line_and_stays_finite() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0.2, 0.03, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-(80 * x - 15)))
    line = fit_logistic(x, truth)
    assert line.slope == pytest.approx(80, rel=0.05)
    assert line.intercept == pytest.approx(-15, rel=0.05)
    for odd in (np.array([True]), np.array([False, False]), np.array([True, False])):
        assert np.isfinite(fit_logistic(np.linspace(0, 1, len(odd)), odd)).all()


def test_few_examples_prove_no_certainty_and_balance_gives_both_kinds_the_same_weight() -> None:
    same = fit_logistic(np.zeros(4), np.array([True, True, True, False]))
    targets = (3 * 4 / 5 + 1 / 3) / 4  # Platt's, where the share of true ones is 3/4
    assert 1 / (1 + np.exp(-same.intercept)) == pytest.approx(targets, abs=0.02)
    x = np.concatenate([np.linspace(0, 0.6, 1000), np.linspace(0.4, 1, 50)])
    line = fit_logistic(x, np.arange(1050) >= 1000, balanced=True)
    assert -line.intercept / line.slope == pytest.approx(0.5, abs=0.01)


# With 5 of 19 classes (every fourth) not in the vocabulary, fitted on one half: on the other, the share of images
# of known classes kept and of the unknown ones found; without examples of "none of these", and with.
REAL = {
    "RemoteCLIP": ((0.964, 0.613), (0.844, 0.880)),
    "SkyCLIP50": ((0.967, 0.472), (0.742, 0.768)),
}


@pytest.mark.parametrize("model", REAL)
@pytest.mark.parametrize("examples", [False, True])
def test_unknown_classes_of_whurs19(data_dir: Path, model: str, examples: bool) -> None:
    data = whurs19(data_dir, model)
    known = [index for index in range(19) if index not in {0, 4, 8, 12, 16}]
    labels = np.array([known.index(label) if label in known else -1 for label in data.labels])
    cosines, use = data.cosines[:, known], np.arange(len(labels)) % 2 == 0
    use &= examples | (labels >= 0)
    fitted = fit(Labelled(cosines[use], labels[use]))
    none, foreign = fitted.none_scores(cosines[1::2]) > 0.5, labels[1::2] < 0
    rates = ((~none[~foreign]).mean(), none[foreign].mean())
    assert rates == pytest.approx(REAL[model][examples], abs=0.02)
    assert fitted.metrics["none_kept"] == pytest.approx(rates[0], abs=0.04)


@pytest.mark.parametrize("model", REAL)
def test_leaving_out_own_classes_foretells_unknown_ones(data_dir: Path, model: str) -> None:
    """The score's slope, learned without any image of an unknown class, is that of really unknown ones."""
    data = whurs19(data_dir, model)
    slopes = []
    for first in range(4):
        known = [index for index in range(19) if index % 4 != first]
        labels = [known.index(label) if label in known else -1 for label in data.labels]
        cosines, member = data.cosines[:, known], members(labels, len(known))
        told = fit_none_rule(cosines, member, scale=1.0)
        inside = member.any(axis=1)
        untold = fit_none_rule(cosines[inside], member[inside], scale=1.0)
        slopes.append(untold.slope / told.slope)
    assert np.mean(slopes) == pytest.approx(1, abs=0.15)
