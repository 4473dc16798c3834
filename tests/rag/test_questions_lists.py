"""Lists of answers, and two things set against each other, wherever in a text they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.rag.questions import Asked, understand
from rsvlm.rag.questions.enumerations import enumeration_in

RANGES = ("0-25 %", "25-50 %", "50-75 %", "75-100 %")
PARTS = ("top left", "top right", "bottom left", "bottom right")
COVERS = ("forest", "water", "farmland", "pasture")


def listed(items: tuple[str, ...]) -> str:
    return f"{', '.join(items[:-1])} or {items[-1]}"


def only(question: str) -> Asked:
    [asked] = understand(question)
    return asked


@pytest.mark.parametrize(
    "form",
    [
        "How much of it is forest: {}?", "roughly how much forest is in here, {}", "percent forest? {}",
        "The form allows {} only. What share of this tile is forest?",
        "how many procent of it is forest? it must be {}",
        "Would you say forest takes up {} of the photo?", "Proportion of forest, namely {}. Which box do I tick?",
    ],
)  # fmt: skip
def test_ranges(form: str) -> None:
    asked = only(form.format(listed(RANGES)))
    assert (asked.kind, asked.mode) == ("which", "how-much")
    assert tuple(option.text for option in asked.options) == RANGES
    assert asked.things[0].name == "forest"


@pytest.mark.parametrize(
    "form",
    [
        "where is most of the forest, {}", "The forest is mainly in wich part of the image: {}?",
        "Is the bulk of the forest found at the {}?", "Main location of the forest within the frame ({})?",
        "We only care about the forest. Which part of this aerial photo has most of it: {}?",
    ],
)  # fmt: skip
def test_parts_of_an_image(form: str) -> None:
    asked = only(form.format(listed(PARTS)))
    assert (asked.kind, asked.mode) == ("which", "where")
    assert tuple(option.text for option in asked.options) == PARTS
    assert asked.things[0].name == "forest"


@pytest.mark.parametrize(
    "form",
    [
        "Please classify the scene. The possible classes are {}.", "Scene type? ({})",
        "I may only choose from {}. Which one fits best?", "We sort photos into folders named {}. Which one is it?",
        "Of {}, only one matches this image. Tell me which.", "Which of {} covers the largest part of it?",
        "Multiple choice: {}. Which one is shown in the satellite image?",
    ],
)  # fmt: skip
def test_things(form: str) -> None:
    asked = only(form.format(listed(COVERS)))
    assert asked.kind == "which"
    assert tuple(option.text for option in asked.options) == COVERS


@pytest.mark.parametrize(
    "question",
    [
        "Are there any ships, boats or rafts?",
        "Do you see a road, a river or a lake?",
        "Describe the roads, fields or woods.",
    ],
)
def test_what_offers_nothing(question: str) -> None:
    assert all(not one.options for one in understand(question))


@pytest.mark.parametrize(
    ("question", "first", "name", "second"),
    [
        ("Does forest outweigh farmland in area?", "forest", "more", "farmland"),
        ("Forest is outnumbered by farmland here, right?", "forest", "less", "farmland"),
        ("is it true that forest has more surface then farmland", "forest", "more", "farmland"),
        ("less forest than farmland by area? y/n", "forest", "less", "farmland"),
        ("would you say farmland takes up more space than forest?", "farmland", "more", "forest"),
        ("Comparing the two by area, does forest dominate over farmland?", "forest", "more", "farmland"),
        (
            "Between forest and farmland, is farmland the one with the larger area?",
            "farmland",
            "more",
            "forest",
        ),
    ],
)
def test_comparisons(question: str, first: str, name: str, second: str) -> None:
    asked = only(question)
    assert asked.kind == "yes-no"
    assert asked.relation is not None
    assert asked.relation.first is not None
    assert asked.relation.second is not None
    assert (asked.relation.first.name, asked.relation.name, asked.relation.second.name) == (
        first,
        name,
        second,
    )


def test_what_is_asked_twice_is_one_question() -> None:
    assert only("Check the image for bridges. Is there at least one? yes/no").things[0].name == "bridge"
    assert only("Count every bridge and give me just the number.").kind == "count"


@given(st.text("abc ,;:?!().or0-9%\n", max_size=2000))
def test_any_text_has_a_list_or_none(text: str) -> None:
    found = enumeration_in(text)
    assert found is None or (len(found.items) >= 3 and len(found.rest) <= len(text) + 1)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("I was told there might be a lake around here. Do you actually see one?", "yes-no"),
        ("Yes or no: this image contains a lake area.", "yes-no"),
        ("For my homework: does a lake appear in this picture taken from above?", "yes-no"),
        ("Our file needs the exact number of lakes in this image. How many do you count?", "count"),
        ("My students disagree about how many lakes are in this picture. What is the right number?", "count"),
        (
            "I'm filling in a form and need the lake count for this photo. What number should I put down?",
            "count",
        ),
    ],
)
def test_what_another_sentence_says(question: str, kind: str) -> None:
    asked = only(question)
    assert (asked.kind, asked.things[0].name) == (kind, "lake")
