"""Strict takes one answer, closes what compat lets pass, and never adds to it."""

import random
from collections.abc import Callable

import pytest
from agromind_data import agromind, made  # type: ignore[import-not-found] # noqa: F401 - fixtures
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.eval.agromind import AgroMind, Item, judge
from rsvlm.eval.agromind.judging import FORM, GUESSED, SEVERAL, UNREAD
from rsvlm.eval.agromind.tasks import MANY_LETTERS, NUMBER, ONE_LETTER, QuestionType

TEXTS = "Rice/Rye/Rice with weeds/Bare soil"
MANY = "Above/Below/Left/Right/Upper left/Upper right/Lower left/Lower right/Overlap"


def item_of(kind: int, gold: str, options: str = "") -> Item:
    texts = dict(zip("ABCDEFGHIJ", options.split("/"), strict=False)) if options else {}
    return Item("OC_2_1_1", 1, QuestionType(kind), "", "OC", "Which?", texts, gold, ("a.png",))


@pytest.mark.parametrize(
    ("kind", "gold", "answer", "reason"),
    [
        (1, "B", "A B", SEVERAL),  # naming all, the right one last
        (1, "B", "A, B, C, D: it is (B)", SEVERAL),
        (1, "A", "A: or B: which", SEVERAL),
        (1, "B", "PANDAB: no", UNREAD),  # a letter of a word
        (1, "B", "B Bare soil", SEVERAL),  # two different options, one by its text
        (1, "B", "it is most likely to be rice, bare soil, rye", SEVERAL),
        (9, "A", "Apples", UNREAD),
        (9, "A,B", "A, B, Bare soil", ""),
        (3, "Yes", "yes, no", SEVERAL),
        (3, "No", "yes, no", SEVERAL),
        (3, "Yes", "yes\nno", SEVERAL),
        (2, "2", "1, 2, 3", SEVERAL),
        (2, "2", "0\n1\n2", SEVERAL),
        (2, "2", "image1, image2", SEVERAL),
        (2, "2", "2.5", ""),  # rounded
        (2, "1", "1.5e3", ""),  # three numbers read in one
        (7, "few,wide", "few, many, narrow, wide", ""),
        (7, "few,wide", "wide, few", ""),  # the order says what is few
        (11, "0.1, 0.1, 0.5, 1.0", "-0.1, 0.1, 0.5, 1.0", UNREAD),  # the sign is lost there
        (11, "0.0, 0.0, 0.5, 1.0", "0, 0, 0.5, 1, 0.5, 0, 1, 1", UNREAD),  # a second box
    ],
)
def test_loopholes_are_closed(kind: int, gold: str, answer: str, reason: str) -> None:
    item = item_of(kind, gold, TEXTS if kind in (1, 9) else "")
    if (kind, answer) != (9, "A, B, Bare soil"):
        assert judge(item, answer, mode="compat").right
    strict = judge(item, answer, mode="strict")
    assert not strict.right
    assert strict.reason == reason


def test_no_luck() -> None:
    """Where compat draws a letter, and is right for some seeds, strict never is."""
    item = item_of(1, "B", TEXTS)
    lenient = [judge(item, "hard to say", mode="compat", seed=seed) for seed in range(40)]
    assert {judgement.reason for judgement in lenient} == {GUESSED}
    assert any(judgement.right for judgement in lenient)
    assert not any(judge(item, "hard to say", mode="strict", seed=seed).right for seed in range(40))


@pytest.mark.parametrize(
    ("kind", "gold", "answer"),
    [
        (1, "B", "B"),
        (1, "B", " (B). "),
        (1, "B", "The answer is B"),
        (1, "B", "B: Rye"),
        (1, "C", "C: Rice with weeds"),  # and not Rice too
        (1, "B", "B, I think: B"),
        (1, "B", "The right answer, I think, is rye"),  # no letter, its text in six words
        (5, "A,C", "C, A"),
        (5, "A,C", "A and C"),
        (9, "A,C", "(A), (C)"),
        (3, "No", "no."),
        (3, "No", "No, there is nothing to notice"),
        (2, "2", "2"),
        (2, "2", "2.0"),
        (2, "2", "There are 2 of them."),
        (8, "3", "3, that is 3"),
        (7, "few,wide", "Few, Wide."),
        (7, "Upper left region,1", "upper left region, 1"),
        (11, "0.0, 0.0, 0.5, 1.0", "[0, 0, 0.55, 1]"),
        (11, "0.0, 0.0, 0.5, 1.0", "The box is 0.0 0.0 0.5 1.0"),
    ],
)
def test_honest_answers_are_right(kind: int, gold: str, answer: str) -> None:
    item = item_of(kind, gold, TEXTS if kind in (1, 5, 9) else "")
    assert judge(item, answer, mode="strict") == judge(item, answer, mode="strict", seed=9)
    assert judge(item, answer, mode="strict").right


@pytest.mark.parametrize(
    ("gold", "answer", "named"),
    [
        ("C", "I think C", "C"),  # the pronoun is no ninth option
        ("I", "I", "I"),
        ("I", "(I)", "I"),
        ("C", "I'm sure it's C", "C"),
        ("C", "C, not I", "C,I"),
        ("E", "E: Upper left", "E"),  # which contains "Left"
        ("E", "E: Left", "C,E"),
    ],
)
def test_letters_among_many(gold: str, answer: str, named: str) -> None:
    assert judge(item_of(6, gold, MANY), answer, mode="strict").prediction == named


def test_images_have_no_text_to_be_named_by() -> None:
    item = item_of(4, "B", "a/b/c/d")
    assert judge(item, "B of course, for c and d are a bit dark", mode="strict").right


def test_options_that_read_the_same() -> None:
    """73 items of v1 offer one text twice: the letter decides, and its text beside it is no second answer."""
    item = item_of(1, "B", "Rye/Rice/Rice/Oat")
    assert judge(item, "B: Rice", mode="strict").right
    assert judge(item, "I would say that it is rice", mode="strict").reason == SEVERAL


@pytest.mark.parametrize("answer", ["**B**", "B) Rye", "答案是B", "<answer>B</answer>", "Rye"])
def test_forms_that_the_reference_does_not_read_are_told_apart(answer: str) -> None:
    """Strict may not pass what compat may not, but it says that the model knew."""
    assert judge(item_of(1, "B", TEXTS), answer, mode="strict").reason == FORM


PIECES = st.sampled_from(
    [
        "A", "B", "(A)", "B: ", "Rye", "rice", "I think", "yes", "no", "1", "2", "2.5", "1e1", "0.2", "0.9", ",", "\n",
        " ", "-", ".", "few", "wide", "many words are here to be read", "image2", "x", "'", "AB", "0,0,0.5,1",
    ]
)  # fmt: skip
ITEMS = [
    item_of(1, "B", TEXTS), item_of(6, "I", MANY), item_of(4, "A", "a/b/c/d"), item_of(5, "A,B", "a/b/c/d"),
    item_of(9, "A", TEXTS), item_of(2, "2"), item_of(8, "10"), item_of(3, "No"), item_of(3, "Yes"),
    item_of(7, "few,wide"), item_of(7, "Left,1"), item_of(11, "0.0, 0.0, 0.5, 1.0"),
]  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20), st.integers(0, 3))
def test_never_above_compat(answer: str, seed: int) -> None:
    """Item by item, whatever the answer: what strict calls right, compat calls right, and not by luck."""
    for item in ITEMS:
        if judge(item, answer, mode="strict", seed=seed).right:
            lenient = judge(item, answer, mode="compat", seed=seed)
            assert lenient.right
            assert lenient.reason != GUESSED


FORMS: list[Callable[[str], str]] = [
    str, str.lower, "The answer is {}.".format, "({})".format, "{}\n".format, "**{}**".format, "Answer: {}".format,
    "I believe {} is right".format, "{} because of the colour of the leaves".format,
]  # fmt: skip


def honest(item: Item, draw: random.Random) -> str:
    """An answer of a model that is right in two of three cases, and says it in one of many ways."""
    answer = item.gold
    if draw.random() < 1 / 3:
        if item.kind in ONE_LETTER | MANY_LETTERS:
            answer = draw.choice(list(item.options))
        elif item.kind in NUMBER:
            answer = str(draw.randint(0, 20))
        else:
            answer = draw.choice(["Yes", "No", "Normal", "0, 0, 1, 1"])
    return draw.choice(FORMS)(answer)


def test_real_questions_answered_honestly(agromind: AgroMind) -> None:  # noqa: F811
    draw = random.Random(0)
    items = [item for item in agromind.items if item.kind is not QuestionType.FREE_TEXT]
    answers = [(item, honest(item, draw)) for item in draw.sample(items, 6000)]
    for item, answer in answers:
        strict, lenient = (judge(item, answer, mode=mode) for mode in ("strict", "compat"))
        assert strict.right <= lenient.right
    assert all(judge(item, item.gold, mode="strict").right for item in draw.sample(items, 4000))
