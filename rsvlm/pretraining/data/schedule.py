"""Which source each place of an epoch is for: exact shares, evenly spread."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def exact_counts(weights: Sequence[float], total: int) -> list[int]:
    """Divide a number by weights, so that each part is less than 1 away from its share and their sum is the total."""
    shares = np.asarray(weights, np.float64) / np.sum(weights) * total
    counts = np.floor(shares).astype(np.int64)
    largest = np.argsort(counts - shares, kind="stable")
    counts[largest[: total - int(counts.sum())]] += 1
    return [int(count) for count in counts]


def spread(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return a sequence in which each number i occurs `counts[i]` times, at even distances."""
    places = np.concatenate([(np.arange(count) + 0.5) / max(count, 1) for count in counts])
    numbers = np.repeat(np.arange(len(counts)), counts)
    return numbers[np.argsort(places, kind="stable")]
