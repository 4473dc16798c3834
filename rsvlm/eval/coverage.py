"""How much was answered, and how well: of those who may say that they do not know."""

import numpy as np
from numpy.typing import ArrayLike


def coverage_metrics(correct: ArrayLike, answered: ArrayLike) -> dict[str, float]:
    """Return `coverage`, the share that was answered, and `accuracy_answered`, the share of these that is right.

    Of no answers no share is right or wrong: there is no `accuracy_answered` then.

    >>> coverage_metrics([True, False, False], [True, True, False])
    {'coverage': 0.6666666666666666, 'accuracy_answered': 0.5}

    Args:
        correct: (n,) whether each answer is right.
        answered: (n,) whether there is one.
    """
    right, there = np.asarray(correct, np.bool_), np.asarray(answered, np.bool_)
    coverage = {"coverage": float(there.mean())}
    return coverage | ({"accuracy_answered": float(right[there].mean())} if there.any() else {})
