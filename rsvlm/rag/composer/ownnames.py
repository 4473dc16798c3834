"""Whether a statement is of the names that a question says, and not of others."""

import re

from rsvlm.rag.questions.known import is_word

from .names import hard_words_of, is_named, names_in, raw_words
from .statements import Statement
from .wanted import Wanted

_MEASURES = frozenset({"tall", "elevation", "long", "wide", "deep", "large"})
_BESIDE = re.compile(
    r"\b(?:over|above|near|around|towards|through|beside|behind|past|below|under) (?:the )?(?:[A-Z][\w'-]* ?)+"
)
_SUBJECT = re.compile(r"(?:,| is| are| was| were| has| had| lies)\b")


def has_names(wanted: Wanted, statement: Statement, around: str) -> bool:
    """Whether a statement, or what it stands under, has all names, and it is not about others."""
    names = wanted.hard.names
    own = statement.text
    if not statement.name and any(group & _MEASURES for group in wanted.topics):
        own = _BESIDE.sub(
            " ", own
        )  # what flies 80 m over it, or lies near it, says nothing of its own height
    inside = [is_named(name, own, wanted.said) for name in names]
    if not all(own or is_named(name, around, wanted.said) for own, name in zip(inside, names, strict=True)):
        return False
    if not names and (wanted.hard.months or wanted.hard.years):
        # a measured value of one place: a name that the question does not say is that of another
        others = hard_words_of(f"{around}\n{statement.text}").names
        others = tuple(name for name in others if not _only_begins(name, statement.text, bool(wanted.days)))
        return all(wanted.said & raw_words(name.lower()) for name in others)
    if not names or any(inside) or statement.name:
        return True
    lines = [
        line for line in statement.context.splitlines() if not any(is_named(name, line) for name in names)
    ]
    return not any(_is_of_another(wanted, text) for text in (statement.text, *lines))


def _only_begins(name: str, text: str, is_entry: bool) -> bool:
    """Whether a name is but the plain word that begins a sentence: "Herons nest here".

    Of what is told of a day, it may also be a part of what was seen: "Transect C: 28 godwits".
    """
    if not text.startswith(name):
        return False
    return is_word(name.lower()) or (is_entry and len(name.rpartition(" ")[2]) == 1)


def _is_of_another(wanted: Wanted, text: str) -> bool:
    """Whether a sentence that stands under a name is about another one: "Lake Birch is deep" under "Lake Alder"."""
    asked = frozenset(word for name in wanted.hard.names for word in raw_words(name.lower()))
    for other in names_in(text):
        words, place = raw_words(other.lower()), text.find(other)
        if words <= asked:
            continue
        before = text[:place].lower().split()
        if words & asked or (before and before[-1] in wanted.kinds):
            return True
        is_first = not [word for word in before if word != "the"]
        if is_first and _SUBJECT.match(text, place + len(other)):
            return True
    return False
