"""How much of a chip something covers, and the words for it."""

import pytest
from chips import chip, thing  # type: ignore[import-not-found]

from rsvlm.captioning.natural.facts import read_facts
from rsvlm.captioning.natural.shares import fraction, group_share, percent

WOOD = "natural=wood"


def share(*areas: tuple[str, float | None], gsd: float | None = 0.5) -> float | None:
    """The share of a chip of 200 x 100 pixels that the things of the first one's name cover."""
    things = [thing(tags, (0, 0, 90, 90), area_m2=area) for tags, area in areas]
    facts = read_facts(chip(*things, width=200, gsd=gsd))
    return group_share(facts, next(iter(facts.groups.values())))


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ([(WOOD, 1000.0)], 0.2),  # of 5000 square metres
        ([(WOOD, 1000.0), (WOOD, 1500.0)], 0.5),
        ([(WOOD, 3000.0), (WOOD, 2100.0)], 1.0),  # as good as all
        ([(WOOD, 3000.0), (WOOD, 2200.0)], 0.6),  # they must overlap
        ([(WOOD, 6000.0)], 1.0),
        ([(WOOD, 1000.0), (WOOD, None)], 0.2),
    ],
)
def test_areas_of_one_tag_are_added_where_they_have_room(
    areas: list[tuple[str, float | None]], expected: float
) -> None:
    assert share(*areas) == pytest.approx(expected)


def test_areas_of_one_name_and_two_tags_may_lie_in_each_other() -> None:
    assert share(("natural=gravel", 1000.0), ("landcover=gravel", 1500.0), ("natural=gravel", 1000.0)) == 0.4


def test_without_a_place_no_share_is_known() -> None:
    assert share((WOOD, 1000.0), gsd=None) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.019, ""), (0.02, "part"), (0.219, "part"), (0.22, "about a quarter"), (0.28, "about a quarter"),
        (0.29, "part"), (0.30, "about a third"), (0.36, "about a third"), (0.37, "less than half"),
        (0.45, "about half"), (0.55, "about half"), (0.56, "more than half"), (0.62, "more than half"),
        (0.63, "about two thirds"), (0.70, "about two thirds"), (0.71, "more than half"),
        (0.72, "about three quarters"), (0.78, "about three quarters"), (0.79, "most"), (0.8, "most"),
        (0.949, "most"), (0.95, "almost all"), (1.0, "almost all"),
    ],
)  # fmt: skip
def test_the_narrowest_words_for_a_share(value: float, words: str) -> None:
    assert fraction(value) == words


@pytest.mark.parametrize(
    ("value", "whole"), [(0.0, 0), (0.004, 0), (0.005, 1), (0.125, 13), (0.124, 12), (0.997, 100), (1.0, 100)]
)
def test_percent_is_rounded_half_up(value: float, whole: int) -> None:
    assert percent(value) == whole
