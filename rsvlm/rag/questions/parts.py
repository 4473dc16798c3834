"""A question by itself, as rules see it, and how a text is split into such."""

import re
from typing import NamedTuple

from .asked import HardWords
from .hardwords import hard_words
from .reading import Word
from .rules import Rule, rule_for, shortened, without_lead
from .spelling import read
from .splitting import MOST_PARTS, clauses, sentences, without_premise, without_slips
from .things import Found, find_things

_ALTERNATIVES = re.compile(r"(?:\w+ ){1,4}or(?: \w+){1,3}")
"""A choice without more words: "forest or scrub"."""


class Part(NamedTuple):
    """A question by itself.

    Attributes:
        text: As asked.
        words: Its words without what it is based on ("Judging by the colours, ...").
        things: What they name.
        line: Its words for patterns, without what only leads in; variables are CODE.
        marked: The same with commas, and "#" for each thing.
        hard: Its hard words.
    """

    text: str
    words: list[Word]
    things: tuple[Found, ...]
    line: str
    marked: str
    hard: HardWords

    @property
    def rule(self) -> Rule | None:
        """The rule that tells its kind, None where none does."""
        return rule_for(self.line, self.marked)


def parts_of(text: str) -> list[Part]:
    """Split a text into its questions, and the sentences between them."""

    def asks(words: str) -> bool:
        part = part_of(words)
        return part.rule is not None or bool(_ALTERNATIVES.fullmatch(part.line))

    found: list[Part] = []
    for sentence in _asking(sentences(without_slips(text))):
        found += [part_of(clause) for clause in clauses(sentence, asks)]
    return found[:MOST_PARTS]


def _asking(every: list[str]) -> list[str]:
    """Of too many sentences those with a question mark, or the last ones."""
    if len(every) <= MOST_PARTS:
        return every
    return [one for one in every if "?" in one][:MOST_PARTS] or every[-MOST_PARTS:]


def part_of(text: str) -> Part:
    """Read words as one question."""
    begin = len(text) - len(without_premise(text))
    words = [word.moved(begin) for word in read(text[begin:])]
    things = find_things(text, words)
    hard = hard_words(text)
    return Part(text, words, things, _line(words, hard), _marked(words, things), hard)


def _line(words: list[Word], hard: HardWords) -> str:
    codes = {code.lower() for code in hard.codes}
    plain = [word.text for word in words if word.text.isalnum() or word.text == "n't"]
    return _for_patterns(["CODE" if word in codes else word for word in plain])


def _marked(words: list[Word], things: tuple[Found, ...]) -> str:
    starts = {found.first: found for found in things}
    marked: list[str] = []
    place = 0
    while place < len(words):
        marked.append("#" if place in starts else words[place].text)
        place = starts[place].last if place in starts else place + 1
    return _for_patterns(marked)


def _for_patterns(words: list[str]) -> str:
    return shortened(without_lead(shortened(" ".join(words))))
