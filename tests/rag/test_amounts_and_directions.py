"""Amounts, quantifiers, directions and parts of an image: they are measured, or nothing is told of them."""

import pytest
from colour_encoder import BLUE, GREEN, ColourEncoder  # type: ignore[import-not-found] # in tests/
from PIL import Image

from rsvlm.rag import VisualQuestionAnswerer
from rsvlm.rag.questions import understand
from rsvlm.rag.questions.options import alternatives


def beside(at: int) -> Image.Image:
    """Woods up to so many pixels of 120, and water to the right of them."""
    found = Image.new("RGB", (120, 120), GREEN)
    found.paste(BLUE, (at, 0, 120, 120))
    return found


WOODS, HALVES, THIRD, WATER = beside(120), beside(60), beside(80), beside(0)


@pytest.fixture(scope="module")
def answerer() -> VisualQuestionAnswerer:
    return VisualQuestionAnswerer("none", ColourEncoder())


@pytest.mark.parametrize(
    ("image", "question", "short"),
    [
        (HALVES, "Is 10% of the image forest?", "no"),
        (HALVES, "Does water cover 90% or more?", "no"),
        (HALVES, "Does water cover 40% or more?", "yes"),
        (HALVES, "Does forest cover between 60% and 80%?", "no"),
        (HALVES, "Does forest cover 40-60 % of it?", "yes"),
        (HALVES, "Is the image mostly water?", "no"),
        (THIRD, "Is the image mostly forest?", "yes"),
        (HALVES, "Is the whole image water?", "no"),
        (WATER, "Is the whole image water?", "yes"),
        (HALVES, "Does forest cover all of the image?", "no"),
        (WOODS, "Does forest cover all of the image?", "yes"),
        (HALVES, "Is there only forest?", "no"),
        (WOODS, "Is there only forest?", "yes"),
        (HALVES, "Is it >80% forest?", "no"),
        (HALVES, "Is at least eighty percent forest?", "no"),
        (HALVES, "Is the share of forest greater than or equal to 80%?", "no"),
        (HALVES, "Does forest cover more than 12.5% of the image?", "yes"),
        (HALVES, "Does forest cover more than 80 per cent?", "no"),
        (HALVES, "Does forest cover more than 1/4 of the image?", "yes"),
        (HALVES, "Does forest cover two fifths of the image?", "no"),
        (HALVES, "Is half of the image forest?", "yes"),
        (WATER, "Are there fewer than thirty trees?", "yes"),
        (WATER, "Are there exactly 0 trees?", "yes"),
        (WATER, "Are there 500 or more trees?", "no"),
        (WATER, "Are there many trees?", "no"),
        (HALVES, "Is there any water in the whole image?", "yes"),
        (HALVES, "Tile 12: is there a forest?", "yes"),
        (HALVES, "Is there a forest in this image of 05/03/2019?", "yes"),
        (HALVES, "How much of the left half is water?", "0%"),
        (HALVES, "Does water cover at least 90 percent of the right half?", "yes"),
        (HALVES, "Is more than half of the left half forest?", "yes"),
        (HALVES, "Is the left half entirely water?", "no"),
        (HALVES, "What share of the left half is forest? A) 0% B) 50% C) 100%", "C"),
        (THIRD, "Is there more water than forest in the right third?", "yes"),
        (HALVES, "How much is forest and water?", "50%, 50%"),
        (HALVES, "How much is covered by roads and water?", "0%, 50%"),
        (WATER, "How many planes and trees are there?", "0, 0"),
        (HALVES, "Is the lake to the left of the forest?", "no"),
        (HALVES, "Is the forest left of the lake?", "yes"),
        (HALVES, "Is the lake above the forest?", "no"),
        (HALVES, "Is the lake north of the forest?", "no"),
        (HALVES, "Is the lake east of the forest?", "yes"),
        (WOODS, "Is the lake east of the forest?", "no"),
        (HALVES, "In which direction from the forest is the lake?", "right"),
        (HALVES, "In which direction from the lake is the forest?", "left"),
        (HALVES, "In which direction is the lake from the forest? A: Left B: Right", "B"),
        (WOODS, "In which direction from the forest is the lake?", "nowhere"),
    ],
)
def test_what_can_be_measured_is_measured(
    answerer: VisualQuestionAnswerer, image: Image.Image, question: str, short: str
) -> None:
    answer = answerer.ask(image, question)
    assert (answer.short, answer.abstained) == (short, False), answer.text


@pytest.mark.parametrize(
    ("image", "question", "why"),
    [
        (WOODS, "Is the forest larger than 500 hectares?", "no scale"),
        (WOODS, "Are there exactly 500 trees?", "cannot count"),
        (WOODS, "Are there 500 trees?", "cannot count"),
        (WOODS, "Are there 500 or more trees?", "cannot count"),
        (WOODS, "Are there eleven trees?", "cannot count"),
        (WOODS, "Are there more than thirty trees?", "cannot count trees"),
        (HALVES, "Does forest cover less than 60% and water more than 80%?", "“80”"),
        (HALVES, "Is there a lake and more than 20 % forest?", "together"),
        (HALVES, "Are there many trees?", "“many”"),
        (HALVES, "Are there twice as many trees as lakes?", "“twice”"),
        (HALVES, "Are there 3 more trees than lakes?", "“3”"),
        (HALVES, "Is 50% of the lake covered by trees?", "“50”"),
        (HALVES, "Is there a tree within 50 m of the lake?", "“50”"),
        (HALVES, "Is there a forest except in the north?", "“except”"),
        (HALVES, "Is forest the dominant land cover?", "“dominant”"),
        (HALVES, "Are most of the trees green?", "“most”"),
        (HALVES, "Is there a second lake?", "“a second”"),
        (HALVES, "Is there forest in the right half and water in the left half?", "“in the right”"),
        (HALVES, "Is there a forest in the north and a lake in the south?", "“north”"),
        (HALVES, "Is the lake at the edge of the forest?", "“edge”"),
        (HALVES, "Are there trees on both sides of the lake?", "“both sides”"),
        (HALVES, "Are there more than two trees left of the lake?", "“left of”"),
        (HALVES, "What is left of the lake?", "in that direction"),
        (HALVES, "How much forest is there north of the lake?", "one part of it"),
        (HALVES, "Is the forest above or below the lake?", "none of these directions"),
    ],
)
def test_what_is_asked_for_and_not_read_ends_in_no_answer(
    answerer: VisualQuestionAnswerer, image: Image.Image, question: str, why: str
) -> None:
    answer = answerer.ask(image, question)
    assert answer.abstained, answer.text
    assert why in answer.text


@pytest.mark.parametrize(
    ("words", "amount", "is_share"),
    [
        ("more than 12.5% of it", 0.125, True),
        ("more than 0.5 of the image", 0.5, True),
        ("more than one third of the image", 1 / 3, True),
        ("more than two fifths of the image", 0.4, True),
        ("more than 80 per cent of it", 0.8, True),
    ],
)
def test_shares_as_people_write_them(words: str, amount: float, is_share: bool) -> None:
    relation = understand(f"Does forest cover {words}?")[0].relation
    assert relation is not None
    assert (relation.name, relation.amount, relation.is_share) == ("more than", amount, is_share)


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        ("1,000", 1000),
        ("1,500,000", 1.5e6),
        ("twenty-five", 25),
        ("two hundred and fifty", 250),
        ("a dozen", 12),
    ],
)
def test_numbers_as_people_write_them(number: str, amount: float) -> None:
    relation = understand(f"Are there more than {number} houses?")[0].relation
    assert relation is not None
    assert (relation.first and relation.first.name, relation.amount) == ("house", amount)


def test_dates_and_labels_are_no_options() -> None:
    assert not understand("What does the image of 05/03/2019 show?")[0].options
    [asked] = understand("Is it A: forest or B: water?")
    assert [one.text for one in asked.options] == ["forest", "water"]
    assert alternatives("forest/water") == ["forest", "water"]
