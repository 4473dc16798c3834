"""Words that tell things of one kind apart: the northern station and the southern one, the total and the mean."""

from collections.abc import Set
from functools import cache

from .words import word_table


def siblings_in(asked: Set[str], said: Set[str]) -> bool | None:
    """Whether words of a statement are of the same of several siblings as those of a question.

    >>> siblings_in({"the", "northern", "station"}, {"southern", "station"}), siblings_in({"north"}, {"station"})
    (False, None)

    Returns:
        None: where one of the two says nothing of it.
    """
    told = None
    for groups in _families():
        of_asked = [group for group in groups if group & asked]
        of_said = [group for group in groups if group & said]
        if of_asked and of_said:
            told = any(group in of_said for group in of_asked)
            if not told:
                return False
    return told


@cache
def _families() -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(tuple(frozenset(group.split()) for group in family) for family in word_table()["siblings"])
