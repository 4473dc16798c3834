"""Whether a sentence can answer a question by its form: who by naming someone, where by naming another place."""

import re

from rsvlm.rag.questions.reading import singular

from .names import names_in, raw_words
from .statements import Statement
from .subjects import head_of, subject_of
from .wanted import Wanted
from .words import months

_ORDER = frozenset({"first", "last", "earliest", "latest", "oldest", "newest", "youngest"})
_BY = re.compile(r"\bby (?!\d|then\b|the (?:end|time|year)\b)\w+", re.IGNORECASE)
_NOUN = re.compile(r"[^\W\d_]+$")


def can_answer(wanted: Wanted, statement: Statement) -> bool:
    """Whether a sentence has what the word that asks asks for; a line of data says so by its name."""
    if statement.name:
        return True
    if wanted.number and not any(
        (wanted.words, wanted.topics, wanted.counted, wanted.terms, wanted.hard.codes)
    ):
        return False  # "the value at Norhavn": nothing says of what
    if {"which", "what"} & wanted.said and (order := _ORDER & wanted.said):
        return bool(order & raw_words(statement.text))
    if wanted.said & {"who", "whom"}:
        return _names_someone(wanted, statement)
    return "where" not in wanted.said or _is_elsewhere(wanted, statement.text)


def _names_someone(wanted: Wanted, statement: Statement) -> bool:
    """Whether a sentence names, or begins with, someone whom the question does not."""
    text = statement.text
    new = {word for name in names_in(text) for word in raw_words(name)} - wanted.said - months()
    if new or _BY.search(text):
        return True
    head = head_of(subject_of(text))
    noun = _NOUN.search(head.rstrip(" ,;:"))
    return noun is None or singular(noun[0].lower()) not in {singular(word) for word in wanted.said}


def _is_elsewhere(wanted: Wanted, text: str) -> bool:
    """Whether a sentence names no place for what is asked but the one that the question says it is of.

    "It is taken to the tip in Norhavn" does not tell where that of Norhavn is taken.
    """
    owners = [
        name
        for name in wanted.hard.names
        if re.search(rf"\bof {re.escape(name)}\b|\b{re.escape(name)}'s\b", wanted.text)
    ]
    for name in owners:
        inside = re.search(rf"\b(?:in|at|to|near) {re.escape(name)}\b", text)
        if inside and not re.search(rf"\bof {re.escape(name)}\b|\b{re.escape(name)}'s\b", text):
            return False
    return True
