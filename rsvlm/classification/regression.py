"""Logistic regression on one number: how scores become odds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .scores import Float64s, Floats, logistic

RIDGE = 0.1
"""Weight of the squared coefficients of the standardised line: keeps them finite where the classes do not overlap."""

_ROUNDS = 100


class Line(NamedTuple):
    """Log odds of "true" = slope * x + intercept."""

    slope: float
    intercept: float


def fit_logistic(x: Floats, truth: NDArray[np.bool_], *, balanced: bool = False) -> Line:
    """Fit the log odds of `truth` as a line in x, as Platt did (1999).

    By Newton's method with halved steps, on x standardised, with a ridge of `RIDGE` on the two coefficients and
    Platt's targets: (p + 1) / (p + 2) for the p true ones and 1 / (m + 2) for the m others, since a few examples
    prove no certainty. Always finite.

    Args:
        x: (n,); n is 1 or more.
        truth: (n,); with only one of the two kinds the slope is about 0.
        balanced: Whether both kinds weigh as much as each other, however many there are.
    """
    values = np.asarray(x, np.float64)
    centre, spread = values.mean(), values.std() or 1.0
    design = np.stack([(values - centre) / spread, np.ones_like(values)], axis=1)
    true = int(truth.sum())
    other = len(truth) - true
    target = np.where(truth, (true + 1) / (true + 2), 1 / (other + 2))
    weight = np.ones_like(values)
    if balanced and true and other:
        weight = np.where(truth, len(truth) / (2 * true), len(truth) / (2 * other))
    slope, intercept = _newton(design, target, weight)
    return Line(float(slope / spread), float(intercept - slope * centre / spread))


def _newton(design: Float64s, target: Float64s, weight: Float64s) -> Float64s:
    def cost(line: Float64s) -> float:
        logits = design @ line
        return float(weight @ (np.logaddexp(0, logits) - target * logits) + RIDGE / 2 * line @ line)

    line = np.zeros(2)
    for _ in range(_ROUNDS):
        share = logistic(design @ line)
        gradient = design.T @ (weight * (share - target)) + RIDGE * line
        curvature = (design.T * (weight * share * (1 - share))) @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while cost(line - step) > cost(line) and np.abs(step).max() > 1e-12:
            step = step / 2
        line = line - step
        if np.abs(step).max() < 1e-10:
            break
    return line
