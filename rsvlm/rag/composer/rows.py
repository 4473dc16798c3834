"""Whether a value of a row of data is the one that a question asks for."""

from .codes import has_code
from .names import is_among, raw_words, singular_words
from .statements import Statement
from .wanted import Wanted
from .words import word_list

_WHEN = frozenset({"year", "month", "day"})
"""Names of values that say which time a row is of."""
_ASKING = frozenset({"what", "which", "who", "whose", "where", "when", "how"})
_TRUE = frozenset({"true", "false", "yes", "no"})


def says_nothing(wanted: Wanted, statement: Statement) -> bool:
    """Whether a statement says what the question says itself, or which row it is of.

    "name: Vaduz" and "year: 2019" are no level of Vaduz in 2019, nor is the heading "Level" what the level is.
    """
    if not statement.name:
        return raw_words(statement.text.lower()) <= wanted.said | word_list("beside")
    value = raw_words(statement.value.lower())
    if (
        statement.name.strip().lower() in _WHEN
        and not wanted.time
        and not {statement.name.lower()} & wanted.said
    ):
        return True
    return value <= wanted.said or (value <= _TRUE and bool(wanted.said & _ASKING))


def is_other_field(wanted: Wanted, statement: Statement) -> bool:
    """Whether another value of the row is what "which" asks for, or none is, as nothing is asked of the row."""
    if not statement.name:
        return False
    if wanted.asked:
        if is_among(wanted.asked, singular_words(statement.name)):
            return False
        names = (field.rpartition(":")[0] for field in statement.row.split(";"))
        if any(is_among(wanted.asked, singular_words(name)) for name in names):
            return True
    if wanted.words or wanted.topics or any(has_code(code, statement.text) for code in wanted.hard.codes):
        return False
    of_names = {word for name in wanted.hard.names for word in raw_words(name.lower())}
    return not (raw_words(statement.name.lower()) & wanted.said) - of_names


def told_of(row: str) -> str:
    """The fields of a row, names and values, but those that say yes or no of it: "flooded: false"."""
    return "; ".join(
        field
        for field in row.split(";")
        if not raw_words(field.rpartition(":")[2].lower()) <= _TRUE | {"0", "1"}
    )
