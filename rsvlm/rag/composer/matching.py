"""Whether a statement answers a question of fact: what it must share with it, word by word."""

import re
from typing import NamedTuple

from rsvlm.rag.chunk import Chunk

from .codes import has_code, is_of
from .forms import can_answer
from .look import things_named
from .names import is_among, raw_words, singular_words
from .numbers import NUMBER, plain
from .ownnames import has_names
from .rows import is_other_field, says_nothing, told_of
from .sametime import same_time
from .siblings import siblings_in
from .statements import Statement
from .subjects import is_about
from .topics import is_of_unit, on_topic
from .values import value_of
from .wanted import Wanted
from .words import word_list, word_table

_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)


class _Tried(NamedTuple):
    """A statement and what it stands under, with their words in lower case and in the singular."""

    statement: Statement
    around: str
    own: frozenset[str]
    here: frozenset[str]


def answers(wanted: Wanted, statement: Statement, chunk: Chunk) -> float | None:
    """Return how well a statement of a chunk answers: 0..1, more where it begins with what is asked about.

    None where it does not answer.

    Args:
        wanted: What must be in it.
        statement: What is tried.
        chunk: That it is from; its place in its source says what it is about.
    """
    if statement.text.startswith("Sources:"):  # names who says so, not what
        return None
    tried = _tried(statement, chunk)
    if (
        says_nothing(wanted, statement)
        or not can_answer(wanted, statement)
        or not is_about(wanted, statement)
        or not _has_codes(wanted, tried)
        or not has_names(wanted, statement, tried.around)
        or not same_time(wanted, statement, tried.around, chunk)
        or not _has_numbers(wanted, tried)
        or _is_of_sibling(wanted, tried)
        or is_other_field(wanted, statement)
    ):
        return None
    # a name and a code tell it apart; what else is said is only how it is asked
    is_told_apart = bool(wanted.hard.names and wanted.hard.codes)
    if not is_told_apart and not _has_words(wanted, tried):
        return None
    if not is_of_unit(wanted, statement) or (wanted.counted and not wanted.counted & tried.own):
        return None
    topic = on_topic(wanted, statement, tried.own | _heading(tried))
    topic = 0.0 if topic is None and is_told_apart else topic
    if topic is None or value_of(wanted, statement) is None:
        return None
    return _fit(wanted, tried, topic)


def _tried(statement: Statement, chunk: Chunk) -> _Tried:
    # a file's name tells what its sentences are about; of what a row is, the row says
    where = chunk.where if statement.name else chunk.where.replace("_", " ")
    around = f"{where}\n{statement.context}"
    short = word_table()["short"]
    full = frozenset(short[word] for word in raw_words(statement.name.replace("_", " ")) & short.keys())
    own = singular_words(statement.text) | raw_words(statement.text) | full
    return _Tried(statement, around, own, singular_words(f"{statement.text} {around}") | full)


def _has_codes(wanted: Wanted, tried: _Tried) -> bool:
    """Whether a statement, or what it stands under, has all variables and single letters that are asked."""
    codes = (*wanted.hard.codes, *wanted.terms)
    return all(has_code(code, tried.statement.text) or is_of(code, tried.around) for code in codes)


def _has_numbers(wanted: Wanted, tried: _Tried) -> bool:
    """Whether a statement, what it stands under, or its row has all numbers of a question that are no years."""
    years = {str(year) for year in wanted.hard.years}
    text = f"{tried.statement.text}\n{tried.around}\n{tried.statement.row}"
    numbers = {*map(plain, NUMBER.findall(text))}
    return all(plain(number) in numbers for number in wanted.numbers if number not in years)


def _is_of_sibling(wanted: Wanted, tried: _Tried) -> bool:
    """Whether a statement is of another of things that words tell apart: the southern station."""
    told = siblings_in(wanted.said, tried.own)
    return told is False or (told is None and siblings_in(wanted.said, raw_words(tried.around)) is False)


def _has_words(wanted: Wanted, tried: _Tried) -> bool:
    """Whether a statement, or what it stands under, has each word of the question, or what it stands for."""
    text = tried.statement.text
    named = things_named(f"{tried.around}. {text}")
    same = {word for phrase, classes in wanted.things if classes & named for word in phrase}
    if any(re.search(rf"\bthe {re.escape(name)}\b", text, re.IGNORECASE) for name in wanted.hard.names):
        same |= word_list("streams")  # "the Lera" is a river: towns have no article
    here = tried.here | _of_row(wanted, tried.statement)
    return all(word in same or is_among(word, here) for word in wanted.words)


def _of_row(wanted: Wanted, statement: Statement) -> frozenset[str]:
    """The words of the row of a value that is what "which" asks for: of "which station" its other fields."""
    if wanted.asked and is_among(wanted.asked, singular_words(statement.name)):
        return singular_words(told_of(statement.row))
    return frozenset()


def _heading(tried: _Tried) -> frozenset[str]:
    """The words of what a sentence stands under; a line of data says itself what it is about."""
    if tried.statement.name:
        return frozenset()
    return singular_words(tried.around) | raw_words(tried.around.lower())


def _fit(wanted: Wanted, tried: _Tried, topic: float) -> float:
    """How well a statement that answers does so."""
    statement = tried.statement
    here = tried.here | _of_row(wanted, statement)
    near = sum(is_among(word, here) for word in wanted.words) / len(wanted.words) if wanted.words else 1.0
    first = _ARTICLE.sub("", statement.text)[:60].lower()
    codes = (code.lower() for code in wanted.hard.codes)
    begins = any(first.startswith(word) for word in (*wanted.words, *codes))
    is_whole = bool(statement.name) and raw_words(statement.name.lower()) <= wanted.said
    return (near + topic) / 2 + 0.2 * begins + 0.1 * is_whole
