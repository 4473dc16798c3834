"""ROUGE-L by hand, and against rouge_score and pycocoevalcap."""

from collections.abc import Sequence

import pytest
from drawn_texts import references, tokens  # type: ignore[import-not-found] # this folder is on pytest's path
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.eval.text.rouge import coco_rouge_l, common_length, rouge_l
from rsvlm.eval.text.tokens import rouge_tokens


def table_length(first: Sequence[str], second: Sequence[str]) -> int:
    """The longest common subsequence by the table of the textbook."""
    row = [0] * (len(second) + 1)
    for one in first:
        above = row
        row = [0]
        for place, other in enumerate(second):
            row.append(above[place] + 1 if one == other else max(above[place + 1], row[place]))
    return row[-1]


@given(st.lists(st.sampled_from("abc"), max_size=80), st.lists(st.sampled_from("abcd"), max_size=80))
def test_common_length(first: list[str], second: list[str]) -> None:
    assert common_length(first, second) == table_length(first, second)


def test_by_hand() -> None:
    candidate, reference = ["police", "kill", "the", "gunman"], ["police", "killed", "the", "gunman"]
    assert rouge_l(candidate, [reference]) == pytest.approx(0.75)
    assert rouge_l(["the", "gunman", "kill", "police"], [reference]) == pytest.approx(
        0.5
    )  # Lin 2004, section 3.1
    # The best reference counts, not a mix of them ...
    assert rouge_l(["a", "b"], [["a"], ["a", "b", "c", "d"]]) == pytest.approx(2 / 3)
    # ... but for pycocoevalcap: precision 1 of the second, recall 1 of the first.
    assert coco_rouge_l(["a", "b"], [["a"], ["a", "b", "c", "d"]]) == pytest.approx(1.0)
    assert coco_rouge_l(["a", "b"], [["a", "c", "d", "e"]]) == pytest.approx(
        2.44 * 0.5 * 0.25 / (0.25 + 1.44 * 0.5)
    )


def test_nothing_in_common() -> None:
    for score in (rouge_l, coco_rouge_l):
        assert score([], [["a"]]) == score(["a"], [[]]) == score(["a"], [["b"]]) == score([], [[]]) == 0.0
        assert score(["a"], [["b"], ["a"]]) == 1.0


def test_stems_and_signs() -> None:
    assert rouge_tokens("The Roads' 12.5mm, forêt!") == ["the", "road", "12", "5mm", "for", "t"]
    assert rouge_l(rouge_tokens("Houses"), [rouge_tokens("house")]) == 1.0


@settings(deadline=None)
@given(tokens, references, st.sampled_from([" ", "  ", "-", ". "]))
def test_equals_rouge_score(candidate: list[str], golds: list[list[str]], between: str) -> None:
    peer = pytest.importorskip("rouge_score.rouge_scorer")
    scorer = peer.RougeScorer(["rougeL"], use_stemmer=True)
    texts = [between.join(gold) for gold in golds]
    expected = scorer.score_multi(texts, between.join(candidate))["rougeL"].fmeasure
    ours = rouge_l(rouge_tokens(between.join(candidate)), [rouge_tokens(text) for text in texts])
    assert ours == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(tokens.filter(bool), references)
def test_equals_pycocoevalcap(candidate: list[str], golds: list[list[str]]) -> None:
    peer = pytest.importorskip("pycocoevalcap.rouge.rouge")
    expected = peer.Rouge().calc_score([" ".join(candidate)], [" ".join(gold) for gold in golds])
    assert coco_rouge_l(candidate, golds) == pytest.approx(expected, abs=1e-9)
