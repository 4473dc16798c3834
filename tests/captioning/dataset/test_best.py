"""The best share of each group, exactly, by hand."""

import numpy as np
import pytest

from rsvlm.captioning.dataset.choosing.best import best

NAN = float("nan")


def kept(scores: list[float], groups: list[int], share: float, keys: str = "") -> list[int]:
    def names() -> list[str]:
        assert keys, "keys were read, though no border has equal scores"
        return list(keys)

    chosen = best(np.array(scores, np.float32), np.array(groups, np.int32), max(groups) + 1, share, names)
    return np.flatnonzero(chosen.kept).tolist()


def test_a_share_of_each_group() -> None:
    scores = [0.1, 0.9, 0.2, 0.8, 0.5, 0.4, 0.3]
    assert kept(scores, [0] * 7, 0.3) == [1, 3, 4]  # ceil(2.1)
    assert kept(scores, [0, 1, 0, 1, 0, 1, 0], 0.5) == [1, 3, 4, 6]
    assert kept(scores, [0, 1, 0, 1, 0, 1, 0], 1) == list(range(7))


def test_a_group_of_one_is_kept() -> None:
    assert kept([0.9, 0.8, 0.7, 0.6, -0.5], [0, 0, 0, 0, 1], 0.01) == [0, 4]


@pytest.mark.parametrize(
    ("share", "of", "count"), [(0.07, 100, 7), (0.3, 10, 3), (0.1, 30, 3), (0.29, 100, 29), (1e-9, 100, 1)]
)
def test_shares_are_meant_in_decimals(share: float, of: int, count: int) -> None:
    """0.07 * 100 is 7.000000000000001 to a computer."""
    assert len(kept([number / of for number in range(of)], [0] * of, share)) == count


def test_without_a_score_nothing_is_kept_or_counted() -> None:
    assert kept([NAN, 0.4, 0.3, NAN, 0.2, 0.1, NAN], [0, 0, 0, 0, 0, 0, 1], 0.5) == [1, 2]


def test_equal_scores_are_settled_by_key() -> None:
    scores = [0.9, 0.5, 0.5, 0.5, 0.5, 0.1]
    assert kept(scores, [0] * 6, 0.5, keys="fedcba") == [0, 3, 4]
    assert kept(scores, [0] * 6, 0.5, keys="abcdef") == [0, 1, 2]
    assert kept([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], 0.5, keys="dcba") == [2, 3]


def test_equal_scores_that_all_fit_ask_for_no_key() -> None:
    assert kept([0.9, 0.5, 0.5, 0.1], [0] * 4, 0.75) == [0, 1, 2]


def test_where_the_best_begin() -> None:
    scores, groups = np.array([0.25, 0.5, 0.75, NAN], np.float32), np.array([0, 0, 1, 2], np.int32)
    begins = best(scores, groups, 3, 0.5, list).begins
    np.testing.assert_array_equal(begins, np.array([0.5, 0.75, NAN], np.float32))


def test_against_sorting_all_pairs() -> None:
    """Many equal scores, in groups of all sizes, beside a plain sort."""
    chance = np.random.default_rng(5)
    scores = (chance.integers(0, 12, 500) / 16).astype(np.float32)
    groups = (chance.random(500) ** 2 * 9).astype(np.int32)
    keys = [f"{key:04d}" for key in chance.permutation(500).tolist()]
    expected: list[int] = []
    for group in range(9):
        mine = sorted(np.flatnonzero(groups == group).tolist(), key=lambda row: (-scores[row], keys[row]))
        expected += mine[: -(-len(mine) * 3 // 10)]
    chosen = best(scores, groups, 9, 0.3, lambda: keys)
    assert np.flatnonzero(chosen.kept).tolist() == sorted(expected)
