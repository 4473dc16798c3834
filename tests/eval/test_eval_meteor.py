"""METEOR by hand, and against nltk."""

from dataclasses import dataclass
from typing import Any

import pytest
from drawn_texts import references, tokens  # type: ignore[import-not-found] # this folder is on pytest's path
from hypothesis import given, settings

from rsvlm.eval.text import WordNet
from rsvlm.eval.text.meteor import align, meteor
from rsvlm.eval.text.porter import stem

MEANINGS = (
    ("house", "dwelling", "home"), ("forest", "wood", "Woods"), ("road", "route"), ("near", "close"), ("big", "larg"),
    ("home", "place"),
)  # fmt: skip


def synonyms(word: str) -> frozenset[str]:
    return frozenset({word, *(other for group in MEANINGS if word in group for other in group)})


@dataclass
class Meaning:
    """What nltk calls a synset and, as `Name`, a lemma."""

    names: tuple[str, ...]

    def lemmas(self) -> "list[Name]":
        return [Name(name) for name in self.names]


@dataclass
class Name:
    text: str

    def name(self) -> str:
        return self.text


class Meanings:
    """Stands in for nltk's reader of WordNet."""

    def synsets(self, word: str) -> list[Meaning]:
        return [Meaning(group) for group in MEANINGS if word in group]


def test_by_hand() -> None:
    # 3 of 4 words match in 2 runs of neighbours: "a big" and "house".
    precision, recall = 3 / 4, 3 / 3
    mean = precision * recall / (0.9 * precision + 0.1 * recall)
    expected = (1 - 0.5 * (2 / 3) ** 3) * mean
    assert meteor(["A", "big", "blue", "house"], [["a", "big", "house"]], None) == pytest.approx(expected)


def test_what_matches() -> None:
    assert align(["houses"], ["house"], None) == [(0, 0)]
    assert align(["houses"], ["dwelling"], None) == []
    assert align(["houses"], ["dwelling"], lambda word: frozenset({word, "dwell", "hous"})) == [(0, 0)]
    assert align(["near"], ["close"], synonyms) == [(0, 0)]
    # Words match from the last one back, each with the last that is free.
    assert align(["a", "a"], ["a", "b", "a", "a"], None) == [(0, 2), (1, 3)]


def test_same_words_in_another_order_score_less() -> None:
    straight = meteor(["a", "b", "c", "d"], [["a", "b", "c", "d"]], None)
    scattered = meteor(["d", "c", "b", "a"], [["a", "b", "c", "d"]], None)
    assert straight == pytest.approx(1 - 0.5 / 4**3)
    assert scattered == pytest.approx(0.5)


def test_nothing_in_common() -> None:
    assert meteor([], [["a"]], None) == meteor(["a"], [[]], None) == meteor([], [[]], None) == 0.0
    assert meteor(["a"], [["b"], ["a"]], None) == 0.5


@settings(deadline=None)
@given(tokens, references)
def test_equals_nltk(candidate: list[str], golds: list[list[str]]) -> None:
    peer = pytest.importorskip("nltk.translate.meteor_score")
    # nltk looks up the synonyms of stems, as we do: the meanings that stand in for WordNet hold some of each.
    expected = peer.meteor_score(golds, candidate, wordnet=Meanings())
    assert meteor(candidate, golds, synonyms) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(candidate=tokens, golds=references)
def test_equals_nltk_with_real_synonyms(
    real_wordnet: WordNet, candidate: list[str], golds: list[list[str]]
) -> None:
    peer = pytest.importorskip("nltk.translate.meteor_score")

    class Real:
        def synsets(self, word: str) -> list[Any]:
            return [Meaning(tuple(real_wordnet.synonyms(word)))]

    expected = peer.meteor_score(golds, candidate, wordnet=Real())
    assert meteor(candidate, golds, real_wordnet.synonyms) == pytest.approx(expected, abs=1e-9)


def test_stems_of_the_words_that_stand_for_each_other() -> None:
    assert (
        stem("houses") == "hous"
    )  # which WordNet does not know: METEOR looks up stems, and so misses "dwelling"
    assert meteor(["houses"], [["dwelling"]], synonyms) == 0.0
