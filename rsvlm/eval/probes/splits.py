"""Which items a probe learns from, chooses on and is judged by: seeded, and without leaks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.eval.errors import EvalError

Ints = NDArray[np.int64]

BLOCK = 1.0
"""Side of a spatial block in degrees, some 100 km of latitude."""


def leaked_rows(train: Sequence[str], test: Sequence[str]) -> Ints:
    """Return the training items whose picture is a test picture, too.

    Args:
        train: A hash of each picture, "" where there is none.
        test: Those of the test items.
    """
    seen = set(test) - {""}
    return np.array([row for row, value in enumerate(train) if value in seen], np.int64)


def stratified(labels: ArrayLike, n: int, seed: int) -> Ints:
    """Return n items drawn so that classes keep their shares, sorted; all items where n is not below their number.

    Args:
        labels: (m,) the class of each item; any equal value for items without.
        n: How many.
        seed: Of the random numbers.
    """
    classes = np.asarray(labels)
    if n >= len(classes):
        return np.arange(len(classes))
    order = np.random.default_rng(seed).permutation(len(classes))
    drawn = order[np.argsort(classes[order], kind="stable")]  # shuffled within classes
    # every m/n-th of a list that is sorted by class: each class gives its share, rounded
    places = np.floor((np.arange(n) + 0.5) * len(classes) / n).astype(np.int64)
    return np.sort(drawn[places])


def few_shot(labels: ArrayLike, shots: int, seed: int) -> Ints:
    """Return `shots` items of each class, or all of a class with fewer, drawn at random, sorted.

    Raises:
        EvalError: shots is below 1.
    """
    if shots < 1:
        raise EvalError(f"{shots} shots of each class; take 1 or more")
    classes = np.asarray(labels)
    order = np.random.default_rng(seed).permutation(len(classes))
    chosen = [order[classes[order] == label][:shots] for label in np.unique(classes)]
    return np.sort(np.concatenate(chosen))


def held_out(
    labels: ArrayLike, share: float, seed: int, groups: ArrayLike | None = None
) -> tuple[Ints, Ints]:
    """Divide items into a part to learn from and a part to choose on.

    Args:
        labels: (n,) the class of each item; they keep their shares where there are no groups.
        share: Of the second part.
        seed: Of the random numbers.
        groups: (n,): items of one group stay together.

    Returns:
        Item numbers of both parts, sorted; neither is empty if there are 2 items or groups.
    """
    classes = np.asarray(labels)
    n_groups = 0 if groups is None else len(np.unique(np.asarray(groups)))
    if groups is not None and n_groups > 1:  # one group alone cannot be divided by groups
        folds = group_folds(groups, min(n_groups, max(2, round(1 / share))), seed)
        return np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    chosen = stratified(classes, min(max(1, round(share * len(classes))), len(classes) - 1), seed)
    return np.setdiff1d(np.arange(len(classes)), chosen), chosen


def random_folds(labels: ArrayLike, folds: int, seed: int) -> Ints:
    """Return the fold of each item, 0 to folds - 1, so that classes are spread evenly over the folds."""
    classes = np.asarray(labels)
    _check_folds(folds, len(classes), "items")
    order = np.random.default_rng(seed).permutation(len(classes))
    spread = order[np.argsort(classes[order], kind="stable")]
    found = np.empty(len(classes), np.int64)
    found[spread] = np.arange(len(classes)) % folds
    return found


def group_folds(groups: ArrayLike, folds: int, seed: int) -> Ints:
    """Return the fold of each item so that groups stay whole and folds are about as large as each other.

    The largest groups are placed first, each into the fold that is smallest; the seed decides between equals.

    Raises:
        EvalError: There are fewer groups than folds.
    """
    names, members, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    _check_folds(folds, len(names), "groups")
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load, fold_of = np.zeros(folds, np.int64), np.empty(len(names), np.int64)
    for group in order.tolist():
        fold_of[group] = load.argmin()
        load[fold_of[group]] += sizes[group]
    return fold_of[members]


def spatial_blocks(places: ArrayLike, size: float = BLOCK) -> list[str]:
    """Return the block of a grid of longitude and latitude in which each place lies.

    Neighbours look alike: an error measured on items beside those that were learned from is too small (Roberts et al.
    2017). Blocks are `size` degrees high and at least as wide on the ground.

    Args:
        places: (n, 2) longitude and latitude in degrees.
        size: Degrees of latitude.

    Raises:
        EvalError: A place is unknown, or the size is not above 0.
    """
    found = np.asarray(places, np.float64)
    if size <= 0 or np.isnan(found).any():
        unknown = int(np.isnan(found).any(axis=1).sum())
        raise EvalError(
            f"{unknown} items have no place, in blocks of {size} degrees; spatial folds need all of them"
        )
    rows = np.floor(found[:, 1] / size)
    narrowest = np.cos(np.radians(np.minimum(np.maximum(np.abs(rows), np.abs(rows + 1)) * size, 89.0)))
    around = np.maximum(np.floor(360 * narrowest / size), 1)  # whole blocks, so that none is cut at Greenwich
    columns = np.floor((found[:, 0] % 360) / 360 * around)
    return [f"{int(row)}_{int(column)}" for row, column in zip(rows, columns, strict=True)]


def _check_folds(folds: int, n: int, what: str) -> None:
    if not 2 <= folds <= n:
        raise EvalError(
            f"{folds} folds of {n} {what}; take at least 2 folds, and no more than there are {what}"
        )
