"""Questions among words that say nothing of what is asked, and words alike that do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rsvlm.captioning.english import article
from rsvlm.rag.questions import understand
from rsvlm.rag.questions.framed import without_frame
from rsvlm.rag.questions.reading import table

FORMS = yaml.safe_load((Path(__file__).parent / "framed_questions.yaml").read_text(encoding="utf-8"))
THINGS = ("bridge", "river", "tree", "parking lot", "airplane")


def questions(kind: str) -> list[tuple[str, str]]:
    """Each form with one of the things."""
    named = [THINGS[place % len(THINGS)] for place in range(len(FORMS[kind]))]
    return [
        (form.format(a=f"{article(name)} {name}", thing=name, things=f"{name}s"), name)
        for form, name in zip(FORMS[kind], named, strict=True)
    ]


@pytest.mark.parametrize(("question", "name"), questions("frames"))
def test_what_is_said_besides_is_not_what_is_asked(question: str, name: str) -> None:
    [asked] = understand(question)
    assert asked.kind == "yes-no"
    assert [one.name for one in asked.things] == [name]
    assert (asked.unread, asked.unread_place, asked.relation, asked.region) == ("", "", None, None)
    assert not asked.negated
    assert not asked.said


@pytest.mark.parametrize(("question", "name"), questions("claims"))
def test_amounts_parts_and_comparisons_are_kept(question: str, name: str) -> None:
    alone = without_frame(question)
    assert alone == question or " more " in alone


@pytest.mark.parametrize("row", table("framed.yaml")["cores"], ids=lambda row: row["asks"])
def test_examples_are_told(row: dict[str, Any]) -> None:
    for example in row["examples"]:
        [asked] = understand(example)
        assert asked.text != example
        assert (asked.kind, asked.unread, asked.unread_place) == ("yes-no", "", "")
        if row["asks"] in ("more", "less"):
            assert asked.relation is not None
            assert asked.relation.second is not None
            names = asked.relation.first and asked.relation.first.name, asked.relation.second.name
            assert (asked.relation.name, *names) == (row["asks"], "forest", "water")
        elif row["asks"] == "share":
            assert asked.relation is not None
            assert asked.relation.amount == 0.3
            assert asked.relation.is_share


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        (
            "I need one line: does water cover less than 12.5 % of it?",
            "Is less than 12.5% of this image water?",
        ),
        ("3 of us ask: is no more than 20% of this forest?", "Is at most 20% of this image forest?"),
        ("Does the share of forest reach 40 percent?", "Is at least 40% of this image forest?"),
        (
            "i counted 2 hours, are there more lakes than roads in this pic",
            "Are there more lakes than roads in this image?",
        ),
    ],
)
def test_the_question_alone(question: str, alone: str) -> None:
    assert without_frame(question) == alone


@pytest.mark.parametrize(
    "question",
    [
        "Is there more forest than water in the left half?",
        "Are there twice as many trees as bridges?",
        "Is at least 30% of the left half forest?",
        "Does the lake cover more than 30% of the forest?",
        "Is there a bridge over the river?",
        "In 2019, is there a bridge in this image?",
        "In the second image, is there a bridge?",
        "If there is a bridge in this image, how many lanes has it?",
        "Is there a bridge in this image and is it made of steel?",
        "Is there a bridge in this image, made of steel?",
        "I do not think there is a bridge in this image, am I right?",
        "Does the picture show a bridge that leads nowhere?",
        "Are there any bridges in the image of Paris?",
        "In the forest, is there a bridge?",
        "Is there a river in this image? Is there a lake in it?",
    ],
)
def test_what_says_more_of_the_question_stays(question: str) -> None:
    assert without_frame(question) == question
