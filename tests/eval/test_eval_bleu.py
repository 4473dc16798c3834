"""BLEU by hand, and against nltk and pycocoevalcap."""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from drawn_texts import items  # type: ignore[import-not-found] # this folder is on pytest's path
from hypothesis import given, settings

from rsvlm.eval import EvalError
from rsvlm.eval.text.bleu import RS_RAG_WEIGHTS, coco_sentence_bleu, corpus_bleu, sentence_bleu
from rsvlm.eval.text.ngrams import Ngrams, count_ngrams

Items = Sequence[tuple[list[str], list[list[str]]]]


def count(drawn: Items) -> Ngrams:
    return count_ngrams([candidate for candidate, _ in drawn], [references for _, references in drawn])


def test_by_hand() -> None:
    # 3 of 4 words, 1 of 3 bigrams ("a big"), no trigram of 2, no 4-gram of 1; the reference has 5 words.
    counts = count([(["a", "big", "blue", "house"], [["a", "big", "house", "by", "water"]])])
    brevity = math.exp(1 - 5 / 4)
    expected = [
        brevity * 3 / 4,
        brevity * math.sqrt(3 / 4 * 1 / 3),
        brevity * (3 / 4 * 1 / 3 * 0.1 / 2) ** 0.33,
        brevity * (3 / 4 * 1 / 3 * 0.1 / 2 * 0.1 / 1) ** 0.25,
    ]
    np.testing.assert_allclose(sentence_bleu(counts)[0], expected, rtol=1e-12)


def test_a_word_counts_as_often_as_a_reference_has_it() -> None:
    counts = count(
        [
            (
                ["the"] * 7,
                [["the", "cat", "is", "on", "the", "mat"], ["there", "is", "a", "cat", "on", "the", "mat"]],
            )
        ]
    )
    assert sentence_bleu(counts)[0, 0] == pytest.approx(2 / 7)  # Papineni et al., example 2


def test_nearest_length_and_of_two_the_shorter() -> None:
    candidate = ["a"] * 4
    longer = count([(candidate, [["a"] * 5, ["a"] * 8])])
    tied = count([(candidate, [["a"] * 5, ["a"] * 3])])
    assert sentence_bleu(longer)[0, 0] == pytest.approx(math.exp(1 - 5 / 4))
    assert sentence_bleu(tied)[0, 0] == 1.0


def test_corpus_is_no_mean_of_sentences() -> None:
    counts = count([(["a"], [["a"]]), (["b", "c", "d"], [["b", "x", "y"]])])
    assert corpus_bleu(counts)[0] == pytest.approx(2 / 4)
    assert sentence_bleu(counts)[:, 0].mean() == pytest.approx((1 + 1 / 3) / 2)


def test_identical_and_different() -> None:
    text = ["many", "green", "trees", "around", "it"]
    counts = count([(text, [text]), (text, [["nothing", "here"]]), ([], [text])])
    np.testing.assert_allclose(sentence_bleu(counts), [[1, 1, 1, 1], [0] * 4, [0] * 4])


def test_a_short_text_has_no_fourgrams() -> None:
    counts = count([(["beach"], [["beach"]])])
    np.testing.assert_allclose(sentence_bleu(counts)[0], [1, 0.1**0.5, 0.1**0.66, 0.1**0.75])


def test_nothing_to_compare_with() -> None:
    with pytest.raises(EvalError, match="item 1 has no reference"):
        count_ngrams([["a"], ["b"]], [[["a"]], []])
    with pytest.raises(EvalError, match="2 predictions and 1 lists of references"):
        count_ngrams([["a"], ["b"]], [[["a"]]])
    assert sentence_bleu(count_ngrams([], [])).shape == (0, 4)


@settings(deadline=None)
@given(items)
def test_equals_nltk(drawn: Items) -> None:
    nltk = pytest.importorskip("nltk.translate.bleu_score")
    smoothing = nltk.SmoothingFunction().method1
    expected = [
        [nltk.sentence_bleu(references, candidate, weights, smoothing) for weights in RS_RAG_WEIGHTS]
        for candidate, references in drawn
    ]
    np.testing.assert_allclose(sentence_bleu(count(drawn)), expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(items)
def test_equals_pycocoevalcap(drawn: Items) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old escapes in its source
        bleu = pytest.importorskip("pycocoevalcap.bleu.bleu")
    golds = {number: [" ".join(text) for text in references] for number, (_, references) in enumerate(drawn)}
    answers = {number: [" ".join(candidate)] for number, (candidate, _) in enumerate(drawn)}
    corpus, sentences = bleu.Bleu(4).compute_score(golds, answers, verbose=0)
    np.testing.assert_allclose(corpus_bleu(count(drawn)), corpus, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        coco_sentence_bleu(count(drawn)), np.transpose(sentences), rtol=1e-9, atol=1e-12
    )
