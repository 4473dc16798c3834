"""Texts are cut where people would cut them, and nothing of them is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.rag import Chunk
from rsvlm.rag.sources.sections import Section, chunks_of
from rsvlm.rag.sources.splitting import split, words
from rsvlm.rag.sources.text import cleaned, looked_up

WORDS = st.sampled_from(
    ["rain", "falls", "St.", "Gallen.", "e.g.", "in", "3.5", "mm;", "東京の水", "Über", "?", "x" * 50]
)
GAPS = st.sampled_from([" ", " ", " ", " ", "\n", "\n\n", " \n \n ", ". ", "! ", "。"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=300).map(lambda parts: "".join(map("".join, parts)))


def squeezed(texts: list[str]) -> str:
    return "".join("".join(texts).split())


@settings(deadline=None)
@given(TEXTS, st.integers(20, 130))
def test_nothing_is_lost_no_word_is_cut_and_no_piece_is_too_long(text: str, longest: int) -> None:
    pieces = split(text, longest)
    assert squeezed(pieces) == squeezed([text])
    assert all(0 < words(piece) <= longest for piece in pieces)
    whole = text.split()
    spoken = [word for piece in pieces for word in piece.split()]
    if "東" not in text and "。" not in text:
        assert spoken == whole


@settings(deadline=None)
@given(st.text(max_size=3000))
def test_any_text_at_all(text: str) -> None:
    pieces = split(text, 25)
    assert squeezed(pieces) == squeezed([text])
    assert all(words(piece) <= 25 for piece in pieces)


def test_paragraphs_then_sentences() -> None:
    first = "The Rhine is the border in the west. " * 3
    second = "Dr. Frick lives near St. Gallen. He measures rain, e.g. in May. It was 3.5 mm."
    assert split(f"{first}\n\n{second}", 30) == [first.strip(), second]
    assert split(second, 8) == [
        "Dr. Frick lives near St. Gallen.",
        "He measures rain, e.g. in May.",
        "It was 3.5 mm.",
    ]


def test_signs_without_spaces_are_cut_at_their_sentences() -> None:
    text = "瑞士的首都是伯尔尼。" * 3
    assert split(text, 12) == ["瑞士的首都是伯尔尼。"] * 3


def test_what_no_word_is_that_long() -> None:
    pieces = split("A" * 100_000)
    assert squeezed(pieces) == "A" * 100_000
    assert max(map(len, pieces)) <= 120 * 16


def test_a_paragraph_that_fits_is_not_cut() -> None:
    paragraphs = [" ".join([letter] * 70) for letter in "abc"]
    assert split("\n\n".join(paragraphs), 100) == paragraphs


SECTIONS = st.lists(
    st.builds(Section, st.integers(1, 6), st.sampled_from(["Rain", "Snow", "A " * 30, "C# and more"]), TEXTS),
    max_size=8,
)


@settings(deadline=None, max_examples=50)
@given(SECTIONS, st.sampled_from(["", "Climate"]))
def test_sections_keep_order_and_all_words(sections: list[Section], title: str) -> None:
    taken: dict[str, int] = {}
    chunks = list(chunks_of(sections, Chunk("", "", ""), title))
    keys = [looked_up(chunk.where, taken) for chunk in chunks]
    assert len(set(keys)) == len(keys)
    assert not any("#" in key for key in keys)
    assert all(words(chunk.text) <= 125 for chunk in chunks)
    rest = squeezed([chunk.text for chunk in chunks])
    for section in sections:
        for word in section.body.split()[:20]:
            at = rest.find("".join(word.split()))
            assert at >= 0
            rest = rest[at:]


def test_headings_stand_before_texts() -> None:
    sections = [
        Section(1, "Climate", "It is mild."), Section(2, "Rain", "900 mm a year."), Section(2, "Rain", "More in May."),
        Section(2, "Snow", ""), Section(1, "Soil", "Clay."),
    ]  # fmt: skip
    chunks = list(chunks_of(sections, Chunk("", "", "")))
    assert [(chunk.where, chunk.text) for chunk in chunks] == [
        ("Climate, 1", "Climate: It is mild."),
        ("Climate > Rain, 1", "Climate > Rain: 900 mm a year."),
        ("Climate > Rain, 2", "Climate > Rain: More in May."),
        ("Climate, 2", "Climate: Snow"),
        ("Soil, 1", "Soil: Clay."),
    ]


@pytest.mark.parametrize(
    ("given_", "found"),
    [("a\x00b\r\nc\ud800", "ab\nc"), ("\ufeff x\u00ady ", "xy"), ("tab\tstays", "tab\tstays")],
)
def test_texts_can_be_stored(given_: str, found: str) -> None:
    assert cleaned(given_) == found


def test_places_in_a_source_are_unique_and_in_one_line() -> None:
    taken: dict[str, int] = {}
    assert [looked_up(one, taken) for one in ("C#\nx", "a", "a", "a", "a, 2", "a")] == [
        "C\uff03 x", "a", "a, 2", "a, 3", "a, 2, 2", "a, 4",
    ]  # fmt: skip
