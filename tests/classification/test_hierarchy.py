"""Hierarchies: sums that agree at every level, and the finest answer that the scores allow."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.classification.errors import ClassificationError
from rsvlm.classification.hierarchy import Answer, Hierarchy
from rsvlm.vocabularies import vocabulary


class Node(NamedTuple):
    name: str
    parent: str | None = None


# Part of the FAO tree of crops, three levels, beside a class that stands alone.
CROPS = Hierarchy.of(
    [
        Node("Soft wheat", "Wheat"),
        Node("Durum wheat", "Wheat"),
        Node("Maize", "Cereals"),
        Node("Olives", "Oilseeds"),
        Node("Forest"),
    ],
    [Node("Cereals"), Node("Wheat", "Cereals"), Node("Oilseeds")],
)


def rounded(answer: Answer | None) -> Answer | None:
    return answer and answer._replace(score=round(answer.score, 6))


def only(row: list[float], confidence: float = 0.7) -> Answer | None:
    (answer,) = CROPS.answers(np.array([row]), confidence)
    return rounded(answer)


def test_levels_and_names() -> None:
    names = ("Soft wheat", "Durum wheat", "Maize", "Olives", "Forest", "Cereals", "Wheat", "Oilseeds")
    assert CROPS.names == names
    assert CROPS.levels.tolist() == [3, 3, 2, 2, 1, 1, 2, 1]


def test_the_finest_answer_that_is_sure_enough() -> None:
    assert only([0.8, 0.1, 0.1, 0, 0]) == Answer("Soft wheat", 3, 0.8, True)
    assert only([0.5, 0.4, 0.1, 0, 0]) == Answer("Wheat", 2, 0.9, False)
    assert only([0.4, 0.2, 0.3, 0.1, 0]) == Answer("Cereals", 1, 0.9, False)
    assert only([0, 0, 0, 0.1, 0.9]) == Answer("Forest", 1, 0.9, True)
    assert only([0.2, 0.1, 0.1, 0.3, 0.3]) is None


def test_an_image_that_failed_has_no_answer() -> None:
    assert CROPS.answers(np.array([[np.nan] * 5, [1, 0, 0, 0, 0]]))[0] is None


def test_of_two_halves_the_first_counts() -> None:
    assert only([0.5, 0.5, 0, 0, 0], 0.5) == Answer("Soft wheat", 3, 0.5, True)


shares = st.lists(st.floats(0.001, 1), min_size=5, max_size=5).map(lambda row: np.array([row]) / sum(row))


@given(shares)
def test_children_sum_to_their_parent(row: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    chance = dict(zip(CROPS.names, CROPS.probabilities(row)[0], strict=True))
    assert chance["Wheat"] == pytest.approx(chance["Soft wheat"] + chance["Durum wheat"])
    assert chance["Cereals"] == pytest.approx(chance["Wheat"] + chance["Maize"])
    assert chance["Oilseeds"] == chance["Olives"]
    assert chance["Cereals"] + chance["Oilseeds"] + chance["Forest"] == pytest.approx(1)


@given(shares, st.floats(0.5, 1), st.floats(0.5, 1))
def test_more_confidence_never_gives_a_finer_answer(
    row: np.ndarray[tuple[int, int], np.dtype[np.float64]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    bold, careful = CROPS.answers(row, low)[0], CROPS.answers(row, high)[0]
    if careful is not None:
        assert bold is not None
        assert bold.level >= careful.level
        assert careful.score >= high
        if low > 0.5:  # the careful answer holds the bold one
            places = [CROPS.names.index(answer.name) for answer in (bold, careful)]
            assert not (CROPS.holds[:, places[0]] & ~CROPS.holds[:, places[1]]).any()


def test_a_flat_list_has_one_level() -> None:
    flat = Hierarchy.of([Node("a"), Node("b")])
    assert [rounded(answer) for answer in flat.answers(np.array([[0.9, 0.1], [0.6, 0.4]]))] == [
        Answer("a", 1, 0.9, True),
        None,
    ]


def sure_of(name: str, shares: dict[int | str, float]) -> Answer | None:
    """The answer for an image whose belief is spread over the classes with these codes."""
    words = vocabulary(name)
    scores = [[shares.get(entry.code, 0.0) if entry.code is not None else 0.0 for entry in words.classes]]
    return rounded(Hierarchy.of(words.classes, words.parents).answers(np.array(scores))[0])


def test_corine_with_its_three_levels_and_names_that_two_levels_share() -> None:
    words = vocabulary("corine")
    tree = Hierarchy.of(words.classes, words.parents)
    assert np.bincount(tree.levels).tolist() == [0, 5, 15, 44]
    assert sure_of("corine", {311: 0.4, 312: 0.3, 313: 0.3}) == Answer("Forests", 2, 1.0, False)
    assert sure_of("corine", {311: 0.4, 321: 0.4, 111: 0.2}) == Answer(
        "Forest and semi natural areas", 1, 0.8, False
    )
    assert sure_of("corine", {231: 1.0}) == Answer("Pastures", 3, 1.0, True)
    assert sure_of("corine", {111: 0.5, 512: 0.5}) is None


def test_sen4agrinet_with_branches_of_two_and_three_levels() -> None:
    words = vocabulary("sen4agrinet")
    tree = Hierarchy.of(words.classes, words.parents)
    assert set(tree.levels.tolist()) == {1, 2, 3}
    assert sure_of("sen4agrinet", {110: 0.5, 120: 0.3, 972: 0.2}) == Answer("Cereals", 1, 0.8, False)
    top = tree.levels[len(words.classes) :] == 1
    scores = np.full((1, len(words.classes)), 1 / len(words.classes))
    alone = tree.levels[: len(words.classes)] == 1
    wide = tree.probabilities(scores)[0, len(words.classes) :][top].sum()
    assert wide + alone.mean() == pytest.approx(1)


@pytest.mark.parametrize(
    ("classes", "parents", "words"),
    [
        ([], [], "without classes"),
        ([Node("a", "b")], [], "'a' has the parent 'b', which is not there"),
        ([Node("a", "b")], [Node("b", "c"), Node("c", "d")], "'c' has the parent 'd'"),
        ([Node("a", "b")], [Node("b", "c"), Node("c", "b")], "form a ring: b > c > b"),
        ([Node("a", "b")], [Node("b"), Node("b")], "two parents are called 'b'"),
    ],
)
def test_trees_that_are_none(classes: list[Node], parents: list[Node], words: str) -> None:
    with pytest.raises(ClassificationError, match=words):
        Hierarchy.of(classes, parents)


def test_scores_of_other_classes_and_a_confidence_out_of_bounds() -> None:
    with pytest.raises(ClassificationError, match="scores of 2 classes"):
        CROPS.probabilities(np.zeros((1, 2)))
    for confidence in (0.49, 1.01, float("nan")):
        with pytest.raises(ClassificationError, match="confidence is"):
            CROPS.answers(np.zeros((1, 5)), confidence)
