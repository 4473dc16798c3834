"""Which pairs are the best of their group: a share of each, exactly, whatever scores are equal."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Best:
    """The best pairs.

    Attributes:
        kept: (pairs,) whether each is among the best of its group.
        begins: (groups,) the lowest score among the best of each group; NaN where no pair has a score.
    """

    kept: Bools
    begins: Floats


def best(
    scores: Floats,
    groups: npt.NDArray[np.int32],
    count: int,
    share: float,
    keys: Callable[[], Iterable[str]],
) -> Best:
    """Choose the best share of each group.

    Of a group with n scores, `ceil(share * n)` are kept, so at least one. Of equal scores at its border those of the
    keys that come first by alphabet are kept: that depends on nothing but the pairs.

    Args:
        scores: (pairs,), NaN where there is none; such a pair is never kept.
        groups: (pairs,) the group of each, from 0.
        count: How many groups there are.
        share: Above 0, at most 1.
        keys: Gives the keys of all pairs, in order. It is called only where a border has equal scores.
    """
    kept = np.zeros(len(scores), np.bool_)
    begins = np.full(count, np.nan, np.float32)
    exact = Fraction(repr(float(share)))  # 0.07 of 100 is 7, and not the 8 of binary fractions
    contested: list[tuple[npt.NDArray[np.int64], int]] = []
    for numbers in _by_group(scores, groups):
        room = math.ceil(exact * len(numbers))
        border = scores[numbers[room - 1]]
        begins[groups[numbers[0]]] = border
        kept[numbers[:room]] = True
        if room < len(numbers) and scores[numbers[room]] == border:
            tied = numbers[scores[numbers] == border]
            contested.append((tied, int(kept[tied].sum())))
    _settle(kept, contested, keys)
    return Best(kept, begins)


def _by_group(scores: Floats, groups: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int64]]:
    """The numbers of the pairs of each group that has scores, best first."""
    scored = np.flatnonzero(np.isfinite(scores))
    order = scored[np.lexsort((-scores[scored], groups[scored]))]
    if not len(order):
        return []
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _settle(
    kept: Bools, contested: list[tuple[npt.NDArray[np.int64], int]], keys: Callable[[], Iterable[str]]
) -> None:
    """Give the room among equal scores to the first keys."""
    if not contested:
        return
    asked = np.zeros(len(kept), np.bool_)
    for tied, _ in contested:
        asked[tied] = True
    names = {number: key for number, key in enumerate(keys()) if asked[number]}
    for tied, room in contested:
        kept[tied] = False
        kept[sorted(tied.tolist(), key=names.__getitem__)[:room]] = True
