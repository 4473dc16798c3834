"""Multi-label: from which evidence on an image has a class, and how sure that is."""

from typing import NamedTuple

import numpy as np

from .regression import fit_logistic
from .scores import Float64s, Floats, Mask, evidence

SHARED_WEIGHT = 5.0
"""Images of a class at which its own threshold and the shared one weigh the same.

Measured on WHU-RS19 images mixed one to three together, 0 to 50 tried: micro F1 with 30 labelled mixtures .57 with
weight 0, .66 with 5, .65 with 20 (RemoteCLIP), .52, .61 and .60 (SkyCLIP-50); with 500, .69 and .64 for all up to 20.
"""


class Thresholds(NamedTuple):
    """Evidence from which on an image has a class: `per_class` (c,), and the one that all classes share."""

    per_class: Float64s
    shared: float


class Platt(NamedTuple):
    """Score of a class = sigmoid(scale * (evidence - threshold of the class) + bias)."""

    scale: float
    bias: float


def best_f1_threshold(values: Floats, truth: Mask) -> float:
    """Return the threshold that gives the best F1 where an image counts as positive at or above it.

    Every cut between two different values is tried; the threshold lies half way between them. Of equal F1, the
    highest threshold.

    Args:
        values: (n,), n 1 or more; higher speaks for the class.
        truth: (n,); without any true one the threshold lies just above all values.
    """
    order = np.argsort(-np.asarray(values, np.float64), kind="stable")
    falling, hits = np.asarray(values, np.float64)[order], np.cumsum(truth[order])
    if not hits[-1]:
        return float(np.nextafter(falling[0], np.inf))
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + hits[-1])
    cut = np.append(falling[:-1] > falling[1:], True)
    best = int(np.argmax(np.where(cut, f1, -1.0)))
    if best + 1 == len(falling):
        return float(falling[best])
    between = (falling[best] + falling[best + 1]) / 2
    return float(between if between > falling[best + 1] else falling[best])


def fit_thresholds(cosines: Floats, member: Mask) -> Thresholds:
    """Fit a threshold on the evidence of each class, for the best F1 of the class.

    The threshold of a class with p labelled images is (p * its own + `SHARED_WEIGHT` * the shared one) / (p +
    `SHARED_WEIGHT`), where the shared one gives the best F1 over all pairs of image and class: few images prove
    little. A class without any has the shared one. Thresholds lie on `evidence`, not on the cosine: on
    WHU-RS19 images mixed one to three together that gives a micro F1 of .75 instead of .66 with RemoteCLIP, .64
    instead of .61 with SkyCLIP-50.

    Args:
        cosines: (n, c).
        member: (n, c), the classes that each image has.
    """
    rows = evidence(cosines)
    shared = best_f1_threshold(rows.ravel(), member.ravel())
    positives = member.sum(axis=0)
    own = np.full(rows.shape[1], shared)
    for index in np.flatnonzero(positives):
        own[index] = best_f1_threshold(rows[:, index], member[:, index])
    return Thresholds((positives * own + SHARED_WEIGHT * shared) / (positives + SHARED_WEIGHT), shared)


def fit_platt(cosines: Floats, member: Mask, thresholds: Float64s, scale: float) -> Platt:
    """Fit the sigmoid that turns distance from the thresholds into a probability: one for all classes.

    Args:
        cosines: (n, c).
        member: (n, c), the classes that each image has.
        thresholds: (c,), on the evidence.
        scale: Taken where the labels would turn the scores round (none or all are positive, or they contradict).

    Returns:
        Scale and bias; logistic(bias) is the score of a class at its threshold.
    """
    line = fit_logistic((evidence(cosines) - thresholds).ravel(), member.ravel())
    return Platt(line.slope, line.intercept) if line.slope > 0 else Platt(float(scale), line.intercept)


def f1_scores(found: Mask, member: Mask) -> tuple[float, float]:
    """Return micro F1 over all pairs of image and class, and macro F1 over the classes that some image has."""
    hits, sizes = (found & member).sum(axis=0), found.sum(axis=0) + member.sum(axis=0)
    present = member.any(axis=0)
    if not present.any():
        return 0.0, 0.0
    return float(2 * hits.sum() / sizes.sum()), float((2 * hits[present] / sizes[present]).mean())
