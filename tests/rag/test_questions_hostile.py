"""Any text is read: a kind for it, in a time that its length bounds."""

import random
import string
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.rag import RagError
from rsvlm.rag.questions import KINDS, understand
from rsvlm.rag.questions.reading import LONGEST, cleaned
from rsvlm.rag.questions.rules import LONGEST_LINE, rules, shortened
from rsvlm.rag.questions.splitting import MOST_PARTS

PIECES = [
    "what ", "is ", "or ", "and is ", "how many ", "forest ", "of ", "the ", "image", ",", "? ", ". ", "A) ", "B) ",
    "1. ", "more than ", "north ", '"', "'", "(", ")", "not ", "n't ", "%", "2019-03 ", "NDVI ", "Ab de Cd ", "☃",
    "🚢🚢 ", "مرحبا ", "どこ", "\x00", "\u202e",
    "\ud800", "-", "\u2013", "which image ", "a a ", ":", ";", "/", "\n",
]  # fmt: skip


def check(text: str) -> None:
    if not cleaned(text):
        with pytest.raises(RagError, match="the question is empty"):
            understand(text)
        return
    asked = understand(text)
    assert 1 <= len(asked) <= MOST_PARTS
    assert all(one.kind in KINDS for one in asked)
    assert sum(len(one.text) for one in asked) <= LONGEST + MOST_PARTS


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@settings(max_examples=250, deadline=None)
def test_any_words_of_questions(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "piece",
    [*PIECES, "A) x ", "x or ", "a, ", "lake, sea, or ", "a-", "Ab ", "zzyzxqqq ", "is it and is it ", "("],
)
def test_a_million_letters(piece: str) -> None:
    check(piece * (1_000_000 // len(piece)))


def steps(text: str) -> int:
    """How many lines of Python run to read a text."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        understand(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("piece", ["and is it ", "Ab de ", "is there a lake? "])
def test_steps_grow_no_faster_than_the_text(piece: str) -> None:
    understand(piece)  # tables are read once
    short, double, fourfold = (steps(piece * (size // len(piece))) for size in (400, 800, 1600))
    assert double < 3 * short
    assert fourfold < 3 * double


def test_of_a_long_text_beginning_and_end_are_read() -> None:
    text = cleaned(f"first {'x' * 10**6} last")
    assert len(text) <= LONGEST + 1
    assert text.startswith("first ")
    assert text.endswith(" last")
    assert understand("blah. " * 10**5 + "How many ships are there?")[-1].kind == "count"


def test_patterns_see_lines_of_limited_length_and_repeat_no_repeats() -> None:
    assert len(shortened("x" * 10**6)) <= LONGEST_LINE + 1
    for rule in rules():
        text = rule.pattern.pattern
        assert not any(bad in text for bad in ("+)+", "*)*", "+)*", "*)+", ".*.*", ".+.+")), text


def test_random_letters_are_no_trouble() -> None:
    chooser = random.Random(8)
    for _ in range(30):
        check("".join(chooser.choices(string.printable + "äöüß漢字", k=2000)))
