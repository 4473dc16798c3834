"""CIDEr-D by hand, and against pycocoevalcap."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from drawn_texts import items  # type: ignore[import-not-found] # this folder is on pytest's path
from hypothesis import given, settings

from rsvlm.eval.text.cider import cider
from rsvlm.eval.text.ngrams import Ngrams, count_ngrams

Items = Sequence[tuple[list[str], list[list[str]]]]


def count(drawn: Items) -> Ngrams:
    return count_ngrams([candidate for candidate, _ in drawn], [references for _, references in drawn])


def test_by_hand() -> None:
    # "a" is in both items' references and weighs nothing; "lake" is in one of 2 and weighs ln 2, "boat" is in none
    # and weighs as much: the cosine of the first candidate's words is 1/sqrt(2), and so is that of its bigrams.
    # It has 2 bigrams, the reference 1: exp(-1/72). A mean over 4 orders, times 10.
    counts = count([(["a", "lake", "boat"], [["a", "lake"]]), (["hill"], [["a", "park"]])])
    unigrams, bigrams = 1 / math.sqrt(2), 1 / math.sqrt(2)
    expected = 10 * (unigrams + bigrams) / 4 * math.exp(-1 / 72)
    np.testing.assert_allclose(cider(counts), [expected, 0.0], rtol=1e-12)


def test_a_repeated_word_counts_as_often_as_in_the_reference() -> None:
    once = cider(count([(["lake"], [["lake"]]), (["x"], [["park"]])]))
    thrice = cider(count([(["lake"] * 3, [["lake"]]), (["x"], [["park"]])]))
    assert once[0] == pytest.approx(10 / 4)
    assert thrice[0] == pytest.approx(10 / 4 * math.exp(-(2**2) / 72) / 3)


def test_references_are_averaged() -> None:
    one = cider(count([(["lake"], [["lake"]]), (["x"], [["park"]])]))
    two = cider(count([(["lake"], [["lake"], ["sea"]]), (["x"], [["park"]])]))
    assert two[0] == pytest.approx(one[0] / 2)


def test_sets_where_nothing_is_rare() -> None:
    assert cider(count([(["lake"], [["lake"]])])).tolist() == [0.0]
    assert cider(count([(["lake"], [["lake"]])] * 3)).tolist() == [0.0] * 3
    assert cider(count([([], [["lake"]]), ([], [["park"]])])).tolist() == [0.0, 0.0]
    assert cider(count_ngrams([], [])).tolist() == []


@settings(deadline=None)
@given(items)
def test_equals_pycocoevalcap(drawn: Items) -> None:
    peer = pytest.importorskip("pycocoevalcap.cider.cider")
    golds = {number: [" ".join(text) for text in references] for number, (_, references) in enumerate(drawn)}
    answers = {number: [" ".join(candidate)] for number, (candidate, _) in enumerate(drawn)}
    _, expected = peer.Cider().compute_score(golds, answers)
    np.testing.assert_allclose(cider(count(drawn)), expected, rtol=1e-9, atol=1e-9)
