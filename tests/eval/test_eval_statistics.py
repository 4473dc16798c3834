"""Intervals, paired tests, calibration and seeds, against scipy and properties that must hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rsvlm.eval.errors import EvalError
from rsvlm.eval.statistics import (
    bootstrap_interval,
    bootstrap_of,
    calibration_error,
    mcnemar,
    over_seeds,
    paired_bootstrap,
    reliability_table,
)


@pytest.mark.parametrize("kind", ["right and wrong", "few kinds", "skewed"])
def test_bootstrap_is_that_of_scipy(kind: str) -> None:
    rng = np.random.default_rng(0)
    makers = {
        "right and wrong": rng.random(60) < 0.8,
        "few kinds": rng.integers(0, 3, 60),
        "skewed": rng.exponential(size=60),
    }
    values = makers[kind].astype(float)
    ours = bootstrap_interval(values, draws=20_000)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * width + 1 / 60 * (kind == "right and wrong"))
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * width + 1 / 60 * (kind == "right and wrong"))


def test_drawing_kinds_is_drawing_items() -> None:
    values = (np.arange(200) < 150).astype(float)
    few = bootstrap_interval(values, draws=20_000)
    jittered = values + np.linspace(0, 1e-6, 200)
    many = bootstrap_interval(jittered, draws=20_000)
    assert many.low == pytest.approx(few.low, abs=0.005)
    assert many.high == pytest.approx(few.high, abs=0.005)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for run in range(300):
        low, high = bootstrap_interval(rng.random(80) < 0.7, draws=500, seed=run)
        hits += low <= 0.7 <= high
    assert 0.90 <= hits / 300 <= 0.985


def test_many_items_are_drawn_part_by_part() -> None:
    values = np.random.default_rng(6).normal(size=5_000)  # too many for all resamples at once
    error = stats.sem(values)
    assert bootstrap_interval(values) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.15 * error
    )


def test_groups_widen_the_interval() -> None:
    # 20 images, 5 captions each that are all right or all wrong: only 20 things are known, not 100.
    image = np.repeat(np.arange(20), 5)
    values = (image < 12).astype(float)
    alone, grouped = bootstrap_interval(values), bootstrap_interval(values, groups=image)
    by_image = bootstrap_interval(np.arange(20) < 12)
    assert grouped.high - grouped.low > 1.8 * (alone.high - alone.low)
    assert grouped == pytest.approx(by_image, abs=0.051)


def test_bootstrap_is_seeded_and_has_plain_ends() -> None:
    values = np.random.default_rng(2).normal(size=50)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)
    assert bootstrap_interval([0.5]) == (0.5, 0.5)
    assert bootstrap_interval([1, 1, 1]) == (1, 1)
    assert bootstrap_interval([1, 0, 1], groups=["a"] * 3) == pytest.approx((2 / 3, 2 / 3))
    for bad in ([], [np.nan], [[1.0]]):
        with pytest.raises(EvalError):
            bootstrap_interval(bad)
    with pytest.raises(EvalError, match="groups"):
        bootstrap_interval([1, 2], groups=[1])


def test_bootstrap_of_any_statistic() -> None:
    values = np.random.default_rng(3).normal(size=100)
    low, high = bootstrap_of(lambda drawn: float(np.median(values[drawn])), 100)
    assert low < np.median(values) < high
    with pytest.raises(EvalError):
        bootstrap_of(lambda drawn: 0.0, 0)


def test_paired_bootstrap_sees_what_single_intervals_do_not() -> None:
    rng = np.random.default_rng(4)
    first = rng.random(500) < 0.6
    second = first.copy()
    second[np.flatnonzero(first)[:12]] = False  # 12 items worse, none better
    found = paired_bootstrap(first, second)
    assert found.difference == pytest.approx(12 / 500)
    assert found.interval.low > 0
    assert found.p < 0.001
    single, other = bootstrap_interval(first), bootstrap_interval(second)
    assert single.low < other.high
    assert paired_bootstrap(second, first).difference == -found.difference
    same = paired_bootstrap(first, first)
    assert (same.difference, same.interval, same.p) == (0, (0, 0), 1)
    with pytest.raises(EvalError, match="same items"):
        paired_bootstrap([1, 0], [1])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 20))
def test_mcnemar_is_the_exact_binomial_test(one: int, other: int, both: int) -> None:
    first = [True] * one + [False] * other + [True] * both
    second = [False] * one + [True] * other + [True] * both
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (one, other)
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("compare", [mcnemar, paired_bootstrap])
def test_one_answer_is_not_held_against_many(compare: Callable[[Any, Any], object]) -> None:
    for first, second in (([True], [True, False, True]), ([True, False, True], [True])):
        with pytest.raises(EvalError, match="same items"):
            compare(first, second)


def test_mcnemar_with_many_items() -> None:
    first = np.arange(30_000) < 14_700
    found = mcnemar(first, ~first)
    assert found.p == pytest.approx(stats.binomtest(14_700, 30_000).pvalue, rel=1e-6)


def test_reliability_by_hand() -> None:
    # Bins of a half: (0, .5] holds .5 and 0, right once; (.5, 1] holds .6 and 1, both right. NaN failed.
    confidence, right = [0.5, 0.0, 0.6, 1.0, np.nan], [True, False, True, True, False]
    table = reliability_table(confidence, right, bins=2)
    assert [tuple(row.values()) for row in table] == [(0, 0.5, 2, 0.25, 0.5), (0.5, 1, 2, 0.8, 1.0)]
    assert list(table[0]) == ["low", "high", "n", "confidence", "accuracy"]
    assert calibration_error(confidence, right, bins=2) == pytest.approx((2 * 0.25 + 2 * 0.2) / 4)
    assert calibration_error([], []) == 0
    assert reliability_table([], []) == []
    with pytest.raises(EvalError, match=r"0\.\.1"):
        calibration_error([12.5], [True])
    with pytest.raises(EvalError, match="give one each"):
        calibration_error([0.5, 0.6], [True])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_error_is_that_of_the_table(claims: list[tuple[float, bool]]) -> None:
    confidence, right = [claim[0] for claim in claims], [claim[1] for claim in claims]
    table = reliability_table(confidence, right)
    expected = sum(row["n"] * abs(row["accuracy"] - row["confidence"]) for row in table) / len(claims)
    assert calibration_error(confidence, right) == pytest.approx(expected, abs=1e-12)
    assert sum(row["n"] for row in table) == len(claims)


@pytest.mark.parametrize("n", [2, 3, 5, 21, 22, 40, 200])
def test_seeds_have_students_interval(n: int) -> None:
    values = np.random.default_rng(n).normal(0.8, 0.02, n)
    found = over_seeds(values.tolist())
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert found.interval == pytest.approx((low, high), abs=1e-5)
    assert found.n == n
    assert found.std == pytest.approx(values.std(ddof=1))


def test_one_seed_knows_no_spread() -> None:
    assert over_seeds([0.5]) == (1, 0.5, 0.0, (0.5, 0.5))
    with pytest.raises(EvalError):
        over_seeds([])
