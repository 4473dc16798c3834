"""95 % intervals of means, where the items can carry one: few of them, or all alike, must not look like certainty."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from rsvlm.shares import wilson

from .statistics import DRAWS, Interval, bootstrap_interval

FEWEST = 10
"""Items, or images with all their items, below which a bootstrap has too little to draw from: its intervals are far too
narrow, and of one image, whose draws are all the same, they have no width at all."""

_COLUMN_DRAWS = 1000
"""Resamples for each interval: with seven metrics of captions the intervals would else take longer than the metrics."""


def mean_interval(
    values: ArrayLike, *, groups: ArrayLike | None = None, draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """Return the 95 % interval of the mean of one number an item.

    That is a bootstrap's. Where the items are fewer than `FEWEST`, or all right or all wrong, it is Wilson's for shares
    of right answers (with groups each group counts as one item), and there is none for other numbers. Nor is there one
    for items of fewer than `FEWEST` groups: what lies on one image errs together, and says nothing of other images.

    Args:
        values: (n,).
        groups: (n,) labels of what is drawn together, such as the image of a question.
        draws: Resamples.
        seed: Of the random numbers.

    Raises:
        EvalError: As of `bootstrap_interval`.
    """
    if (
        groups is not None
    ):  # numbered in the order of their labels: text is slow to sort, and they are counted twice
        groups = np.unique(np.asarray(groups), return_inverse=True)[1]
    found = bootstrap_interval(values, groups=groups, draws=draws, seed=seed)
    numbers = np.asarray(values, np.float64)
    n = count_groups(groups, len(numbers))
    if n < min(FEWEST, len(numbers)):  # some are of one group
        return None
    if n >= FEWEST and found.low < found.high:
        return found
    whole = np.isin(numbers, (0, 1)).all()
    return (
        wilson_interval(float(numbers.mean()), n) if whole and (n < FEWEST or found.low in (0, 1)) else None
    )


def mean_intervals(
    columns: Mapping[str, Any], *, groups: ArrayLike | None = None, draws: int = DRAWS, seed: int = 0
) -> dict[str, Interval]:
    """Return the `mean_interval` of several metrics by name; those that have none are left out."""
    found = {name: mean_interval(of, groups=groups, draws=draws, seed=seed) for name, of in columns.items()}
    return {name: ends for name, ends in found.items() if ends is not None}


def column_intervals(
    items: pa.Table, columns: Mapping[str, str], together: str | None = None
) -> dict[str, Interval]:
    """Return 95 % intervals of metrics that are means over items, as of `mean_interval`.

    Args:
        items: One row an item.
        columns: By name of the metric, the column of its values.
        together: Column of the image, or whatever makes items depend on each other: its rows are drawn together,
            those without a value each for itself.
    """
    groups = None if together is None else image_groups(items[together].to_pylist())
    values = {name: items[column].to_numpy().astype(np.float64) for name, column in columns.items()}
    return mean_intervals(values, groups=groups, draws=_COLUMN_DRAWS)


def image_groups(images: Sequence[str | None]) -> NDArray[np.int64]:
    """Return (n,) numbers of the images that items are of; an item without one is by itself."""
    names = [image or f"\0{row}" for row, image in enumerate(images)]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def wilson_interval(share: float, n: int) -> Interval:
    """Return Wilson's 95 % score interval (Wilson 1927) of a share of n independent items.

    >>> wilson_interval(1.0, 75)
    Interval(low=0.9512..., high=1.0)
    """
    return Interval(*wilson(share, n))


def count_groups(groups: ArrayLike | None, n: int) -> int:
    """How many groups n items have; without groups each is one."""
    return n if groups is None else len(np.unique(np.asarray(groups)))


def is_clustered(groups: ArrayLike | None, n: int) -> bool:
    """Whether some of n items are of one group."""
    return count_groups(groups, n) < n


def few_notes(groups: ArrayLike | None, n: int) -> list[str]:
    """Return why n items have no intervals, or nothing where their groups are enough."""
    found = count_groups(groups, n)
    if not is_clustered(groups, n) or found >= FEWEST:
        return []
    images = "1 image" if found == 1 else f"{found} images"
    return [
        f"no 95 % interval: the {n:,} items are of {images}, too few to tell how others would go; take {FEWEST} or more"
    ]
