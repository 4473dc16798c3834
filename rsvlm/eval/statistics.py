"""How sure a number is: bootstrap intervals, paired tests of two models, calibration, and several seeds.

Everything is seeded: the same input gives the same interval.
"""

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.classification.temperature import BINS, expected_calibration_error

from .errors import EvalError

Float64s = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 2000
"""Resamples of a bootstrap. An end of a 95 % interval then has a standard error of about 1/60 of its width."""

_AT_ONCE = 2**22
"""Indices drawn at once: 32 MiB."""

_T_975 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
)  # fmt: skip
"""97.5 % quantiles of Student's t by degrees of freedom, from 1."""


class Interval(NamedTuple):
    """The ends of a 95 % interval."""

    low: float
    high: float


class PairedDifference(NamedTuple):
    """How much better the first of two models is: the mean difference, its interval, and the p-value of "none"."""

    difference: float
    interval: Interval
    p: float


class McNemar(NamedTuple):
    """Items that only the first or only the second model got right, and the exact two-sided p-value of "equal"."""

    only_first: int
    only_second: int
    p: float


class Seeds(NamedTuple):
    """A metric over several seeds: mean, sample standard deviation, and the 95 % t interval of the mean."""

    n: int
    mean: float
    std: float
    interval: Interval


def bootstrap_interval(
    values: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Return a 95 % percentile bootstrap interval of the mean (Efron and Tibshirani 1993, chapter 13).

    Args:
        values: (n,): one number an item, such as 1 for right and 0 for wrong.
        groups: (n,) any labels: items of one label (captions of one image, questions about one scene) are drawn
            together, since they are not independent.
        draws: Resamples.
        seed: Of the random numbers.

    Returns:
        Both ends are the mean where all values, or all groups, are the same, or there is but one.

    Raises:
        EvalError: No values, NaN among them, or groups of another length.
    """
    sums, counts = _grouped(values, groups)
    low, high = np.quantile(_resampled_means(sums, counts, draws, seed), (0.025, 0.975))
    return Interval(float(low), float(high))


def bootstrap_of(
    statistic: Callable[[Ints], float], n: int, *, draws: int = DRAWS // 2, seed: int = 0
) -> Interval:
    """Return a 95 % percentile interval of any statistic of n items (or of n groups of items).

    Args:
        statistic: What it is for the items of these indices; an item may come several times.
        n: Items.
        draws: Resamples.
        seed: Of the random numbers.

    Raises:
        EvalError: n is 0.
    """
    if n < 1:
        raise EvalError("no items to draw from; an interval needs at least 1")
    rng = np.random.default_rng(seed)
    values = [statistic(rng.integers(0, n, n)) for _ in range(draws)]
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))


def paired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    draws: int = 5 * DRAWS,
    seed: int = 0,
) -> PairedDifference:
    """Compare two models on the same items by resampling items (Koehn 2004).

    Args:
        first: (n,) one number an item, such as 1 for right.
        second: (n,) the other model's, in the same order.
        groups: As of `bootstrap_interval`.
        draws: Resamples.
        seed: Of the random numbers.

    Returns:
        The p-value is two-sided: twice the smaller share of resamples in which the difference is at most, or at
        least, 0, where the sample itself counts as one more on both sides; so it is never 0.

    Raises:
        EvalError: The models were given different numbers of items, or none.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape:
        raise EvalError(f"{one.size} items of one model against {other.size}; compare them on the same items")
    sums, counts = _grouped(one - other, groups)
    means = _resampled_means(sums, counts, draws, seed)
    low, high = np.quantile(means, (0.025, 0.975))
    smaller = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (smaller + 1) / (draws + 1))
    return PairedDifference(float(sums.sum() / counts.sum()), Interval(float(low), float(high)), p)


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Compare two models' right and wrong answers by McNemar's exact test: a sign test on the items that differ.

    Args:
        first_right: (n,) bool.
        second_right: (n,) bool, in the same order.

    Raises:
        EvalError: Lengths differ.
    """
    one, other = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if one.shape != other.shape:
        raise EvalError(f"{one.size} items of one model against {other.size}; compare them on the same items")
    only_first, only_second = int((one & ~other).sum()), int((other & ~one).sum())
    return McNemar(only_first, only_second, _sign_test(only_first, only_second))


def reliability_table(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> list[dict[str, float]]:
    """Return what a reliability picture shows: confidence and accuracy by bin of confidence.

    Args:
        confidence: (n,) in 0..1; items without a confidence (NaN) claim nothing and are left out.
        right: (n,) bool.
        bins: Of equal width; bin m holds ((m - 1) / bins, m / bins], the first one 0, too (Guo et al. 2017).

    Returns:
        A row a bin that holds items: low, high, n, confidence (mean), accuracy.
    """
    belief, correct = _claims(confidence, right)
    bin_of = np.clip(np.ceil(belief * bins).astype(np.int64) - 1, 0, bins - 1)
    return [
        {
            "low": number / bins,
            "high": (number + 1) / bins,
            "n": float((bin_of == number).sum()),
            "confidence": float(belief[bin_of == number].mean()),
            "accuracy": float(correct[bin_of == number].mean()),
        }
        for number in np.unique(bin_of).tolist()
    ]


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Return the expected calibration error (ECE) over `reliability_table`'s bins; 0 where nothing was claimed."""
    belief, correct = _claims(confidence, right)
    return expected_calibration_error(belief, correct, bins) if len(belief) else 0.0


def over_seeds(values: Sequence[float]) -> Seeds:
    """Summarise one metric over runs that differ by their seed only.

    The interval is Student's t; of one run alone it is the value itself, for nothing is known of the spread.

    Raises:
        EvalError: No values.
    """
    if not len(values):
        raise EvalError("no runs to summarise; give at least 1 value")
    n, mean = len(values), float(np.mean(values))
    std = float(np.std(values, ddof=1)) if n > 1 else 0.0
    half = _t_quantile(n - 1) * std / n**0.5 if n > 1 else 0.0
    return Seeds(n, mean, std, Interval(mean - half, mean + half))


def _grouped(values: ArrayLike, groups: ArrayLike | None) -> tuple[Float64s, Float64s]:
    """Return the sum and the number of the values of each group; without groups each value is one."""
    numbers = np.asarray(values, np.float64)
    if numbers.ndim != 1 or not len(numbers) or np.isnan(numbers).any():
        raise EvalError(f"a bootstrap needs a list of numbers without NaN, not an array of {numbers.shape}")
    if groups is None:
        return numbers, np.ones(len(numbers))
    labels = np.asarray(groups)
    if labels.shape != numbers.shape:
        raise EvalError(f"{len(labels)} groups for {len(numbers)} values; give one each")
    _, index = np.unique(labels, return_inverse=True)
    return np.bincount(index, weights=numbers).astype(np.float64), np.bincount(index).astype(np.float64)


def _resampled_means(sums: Float64s, counts: Float64s, draws: int, seed: int) -> Float64s:
    """Return the means of resamples of groups, (draws,).

    Equal groups are exchangeable: where few differ (right and wrong answers: two) it is drawn how often each kind
    comes, which has the same distribution as drawing every group and costs next to nothing.
    """
    rng = np.random.default_rng(seed)
    kinds, kind_counts = np.unique(np.stack([sums, counts], axis=1), axis=0, return_counts=True)
    if len(kinds) <= max(2, len(sums) // 16):
        drawn = rng.multinomial(len(sums), kind_counts / len(sums), size=draws)
        return np.asarray((drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1]))
    means = np.empty(draws)
    block = max(1, _AT_ONCE // len(sums))
    for start in range(0, draws, block):
        index = rng.integers(0, len(sums), (min(block, draws - start), len(sums)))
        means[start : start + block] = sums[index].sum(axis=1) / counts[index].sum(axis=1)
    return means


def _sign_test(one: int, other: int) -> float:
    """Return 2 P(X <= min), X binomial with n = one + other and p = 1/2, at most 1; in whole numbers, so exact."""
    n = one + other
    term = total = 1
    for step in range(min(one, other)):
        term = term * (n - step) // (step + 1)
        total += term
    return min(1.0, float(2 * total / 2**n))


def _claims(confidence: ArrayLike, right: ArrayLike) -> tuple[Float64s, NDArray[np.bool_]]:
    belief, correct = np.asarray(confidence, np.float64), np.asarray(right, bool)
    if belief.shape != correct.shape or belief.ndim != 1:
        raise EvalError(f"{belief.size} confidences for {correct.size} answers; give one each")
    claimed: NDArray[Any] = ~np.isnan(belief)
    if ((belief[claimed] < 0) | (belief[claimed] > 1)).any():
        raise EvalError("a confidence lies outside 0..1; give shares of belief, not cosines or logits")
    return belief[claimed], correct[claimed]


def _t_quantile(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, to 1e-4 (above 20: Abramowitz and Stegun 26.7.5)."""
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
