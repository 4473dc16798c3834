"""The temperature of a softmax, fitted on labelled images, and how good probabilities are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scores import Floats, as_rows, log_softmax

SMALLEST, LARGEST = 1.0, 10_000.0
"""Bounds of a fitted scale. At 1 all classes are as good as equal; above 10,000 a difference of 0.001 decides."""

SPREAD = 0.5
"""How far a fitted scale may be expected from the encoder's own: standard deviation of its natural logarithm."""

BINS = 15
"""Bins of the expected calibration error, as in Guo et al."""

_TINY = 1e-7  # float32 scores come as 0 and 1: their logarithm is cut here
_STEPS = 41
_GOLDEN = (5**0.5 - 1) / 2

Labels = NDArray[np.integer[Any]]


def nll(shares: Floats) -> float:
    """Return the mean negative log likelihood (natural log) of what is true, from the shares that were given to it."""
    return float(-np.log(np.maximum(shares, _TINY)).mean())


def fit_scale(cosines: Floats, labels: Labels, prior: float) -> float:
    """Return the scale whose softmax fits labelled images best (temperature scaling, Guo et al. 2017, section 4.2).

    It minimises the summed negative log likelihood and (ln scale - ln prior)^2 / (2 SPREAD^2): without the second
    term a few images that are all right would give an endless scale. Some 50 images outweigh it. (WHU-RS19,
    SkyCLIP-50, 20 labelled images: NLL of the others .29 with it, 1.97 without, .33 with the encoder's own 100.)
    Searched on a grid of logarithms, then by golden section; the same input gives the same scale to the last bit.

    Args:
        cosines: (n, c).
        labels: (n,), the index of each image's class; n may be 1, and classes may be without an image.
        prior: The encoder's own scale.

    Returns:
        A scale within `SMALLEST` and `LARGEST`.
    """
    rows = as_rows(cosines)
    rows = rows - rows[np.arange(len(labels)), labels][:, None]

    def cost(log_scale: float) -> float:
        likelihood = log_softmax(rows, np.exp(log_scale))[np.arange(len(labels)), labels].sum()
        return float((log_scale - np.log(prior)) ** 2 / (2 * SPREAD**2) - likelihood)

    grid = np.linspace(np.log(SMALLEST), np.log(LARGEST), _STEPS)
    best = int(np.argmin([cost(point) for point in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _STEPS - 1)]
    return float(np.clip(np.exp(_golden_section(cost, low, high)), SMALLEST, LARGEST))


def _golden_section(cost: Any, low: float, high: float) -> float:
    inner, outer = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_inner, at_outer = cost(inner), cost(outer)
    while high - low > 1e-6:
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - _GOLDEN * (high - low)
            at_inner = cost(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + _GOLDEN * (high - low)
            at_outer = cost(outer)
    return (low + high) / 2


def expected_calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Return how far confidence and accuracy lie apart: the ECE.

    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equations 2, 3 and 5:
    answers are put into bins of equal width by confidence, bin m holding ((m - 1) / M, m / M]; the ECE is the mean
    of |accuracy - mean confidence| over the bins, each weighted by its share of the answers.

    Args:
        confidence: (n,) in 0..1: the largest softmax of each image, or the score of each pair of image and class.
        right: (n,): whether the answer was right, or the image has the class.
        bins: M.

    Returns:
        0 for perfect calibration, at most 1.
    """
    belief = np.asarray(confidence, np.float64)
    bin_of = np.clip(np.ceil(belief * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=right - belief, minlength=bins)
    return float(np.abs(gaps).sum() / len(belief))
