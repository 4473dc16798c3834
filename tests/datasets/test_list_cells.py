"""Cells of text that hold a list of texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.datasets.columns import listed


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'it\\'s']", ["a", "it's"]),
        ("['a'\n 'b']", ["a", "b"]),  # an array of NumPy
        (" ['a',]", ["a"]),
        ("[]", []),
        ("[1, 2]", "[1, 2]"),
        ("[sic] a field", "[sic] a field"),
        ("['a'] and ['b']", "['a'] and ['b']"),
        ("[__import__('os')]", "[__import__('os')]"),
        ("[" * 100_000, "[" * 100_000),
        ("a, b", "a, b"),
        ("", ""),
    ],
)
def test_cells(cell: str, texts: str | list[str]) -> None:
    assert listed(cell) == texts


@given(st.lists(st.text()))
def test_as_json_and_python_write_them(texts: list[str]) -> None:
    assert listed(json.dumps(texts)) == texts
    assert listed(repr(texts)) == texts


@given(st.text())
def test_a_text_stays_one_or_is_a_list(text: str) -> None:
    assert isinstance(listed(text), str | list)
