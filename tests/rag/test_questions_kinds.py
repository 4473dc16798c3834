"""The kind of a question: our own questions, and the examples of every rule."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from rsvlm.rag import RagError
from rsvlm.rag.questions import KINDS, understand
from rsvlm.rag.questions.parts import part_of
from rsvlm.rag.questions.reading import table
from rsvlm.rag.questions.rules import Rule, compares, is_aside, rules, without_lead

QUESTIONS = yaml.safe_load(Path(__file__).with_name("questions.yaml").read_text(encoding="utf-8"))
EXAMPLES = [(rule, example) for rule in rules() for example in rule.examples]


def kinds(question: str, images: int = 1) -> list[str]:
    return [asked.kind for asked in understand(question, images=images)]


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_our_questions(kind: str) -> None:
    questions = QUESTIONS[kind]
    wrong = {question: found for question in questions if (found := kinds(question)) != [kind]}
    assert len(questions) > 40
    assert not wrong


@pytest.mark.parametrize("row", QUESTIONS["several"], ids=lambda row: row["question"])
def test_several_questions_in_one_and_several_images(row: dict[str, Any]) -> None:
    assert kinds(row["question"], row.get("images", 1)) == row["kinds"]


def test_every_rule_has_an_example_and_a_kind() -> None:
    for rule in rules():
        assert rule.examples, rule.pattern.pattern
        assert rule.kind in (*KINDS, "amount")


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples_are_told_by_their_rule(rule: Rule, example: str) -> None:
    told = part_of(example).rule
    assert told is not None
    assert told.pattern.pattern == rule.pattern.pattern


@pytest.mark.parametrize(
    ("name", "tells"), [("asides", is_aside), ("compared", compares)], ids=["asides", "compared"]
)
def test_examples_of_the_tables_besides_the_rules(name: str, tells: Callable[[str], bool]) -> None:
    lists = table("rules.yaml")["lists"]
    for row in table("rules.yaml")[name]:
        pattern = re.sub(r"\{([a-z]+)\}", lambda match: f"(?:{lists[match[1]]})", row["pattern"])
        assert row["examples"], row["pattern"]
        for example in row["examples"]:
            line = part_of(example).line
            assert tells(line), example
            assert re.search(pattern, line), example


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("I farm near the river. What is this?", "what"),
        ("Don't explain anything, just count the cars.", "count"),
        ("How many trucks? Digits only.", "count"),
        ("I don't know the term 'fen'. What is that?", "fact"),
        ("The pier is gone. Agree or disagree?", "yes-no"),
        ("Tile 12: is there any evidence of logging?", "yes-no"),
    ],
)
def test_what_is_told_is_no_question(question: str, kind: str) -> None:
    assert kinds(question) == [kind]


def test_options_that_are_told_before_the_question() -> None:
    [asked] = understand("I can't decide whether it's a tennis court or a pool. Which is it?")
    assert [option.text for option in asked.options] == ["tennis court", "pool"]


def test_what_it_means_is_told_before_the_question() -> None:
    [asked] = understand("I don't see a single boat. Do you?")
    assert [thing.name for thing in asked.things] == ["ship"]


def test_spellings_of_both_sides_of_the_atlantic() -> None:
    for one, other in (
        ("What colour is the harbour?", "What color is the harbor?"),
        ("Summarise the scene", "Summarize the scene"),
        ("what is in the centre", "what is in the center"),
    ):
        first, second = understand(one)[0], understand(other)[0]
        assert (first.kind, first.mode, first.region) == (second.kind, second.mode, second.region)
        assert [thing.classes for thing in first.things] == [thing.classes for thing in second.things]


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        ("Is there a river?", "presence"),
        ("Is this a harbour?", "identity"),
        ("Is the roof red?", "attribute"),
        ("Is the lake beside a road?", "relation"),
        ("How much is forest?", "share"),
        ("How big is the lake?", "area"),
        ("How long is the runway?", "length"),
        ("What is this?", "scene"),
        ("What is the main land cover?", "main cover"),
        ("What is in the upper left corner?", "in region"),
        ("What lies next to the river?", "beside"),
        ("What colour is the roof?", "colour"),
        ("What kind of trees are these?", "type"),
        ("What can be seen?", "seen"),
        ("How many ships? A) 1 B) 2 C) 3", "count"),
        ("What is this? A) forest B) river", "what"),
        ("Is this a forest or a river?", "what"),
    ],
)
def test_modes(question: str, mode: str) -> None:
    assert understand(question)[0].mode == mode


def test_what_only_leads_in_is_cut() -> None:
    leads = (
        "could you tell me ",
        "i would like to know ",
        "do you know ",
        "and ",
        "if so ",
        "in this image ",
    )
    for first, second in itertools.product(("", "and ", "if so ", "hello "), leads):
        assert without_lead(f"{first}{second}how many ships there are") == "how many ships there are"


def test_with_two_images_which_of_them_is_asked() -> None:
    assert kinds("which has more forest?", images=2) == ["compare"]
    assert kinds("which one shows the harbour?", images=2) == ["compare"]


def test_a_question_without_things_is_about_those_before() -> None:
    first, second, third = understand("Are there roads? How many? Where?")
    assert first.things == second.things == third.things
    percent, water = understand("What percentage is forest? And water?")
    assert (percent.mode, percent.things[0].name) == ("share", "forest")
    assert (water.kind, water.mode, water.things[0].name) == ("how-much", "share", "water")


def test_the_text_of_each_is_its_own() -> None:
    asked = understand("Is there a lake? If so, how big is it? And what is around it?")
    assert [one.text for one in asked] == [
        "Is there a lake?",
        "If so, how big is it?",
        "And what is around it?",
    ]


@pytest.mark.parametrize("question", ["", "  ", "\n\t", "\x00\x07"])
def test_empty_questions_are_refused(question: str) -> None:
    with pytest.raises(RagError, match="the question is empty; ask something"):
        understand(question)
