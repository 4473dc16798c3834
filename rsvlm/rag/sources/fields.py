"""Names and values as lines of text: "name: value; name: value"."""

import re
from collections.abc import Iterable, Iterator, Sequence

from .splitting import split, words

_NUMBER = re.compile(r"[-+\u2212]?\d")
_BETWEEN_NUMBERS = re.compile(r"(?<=\d)[^\S\n]*\n\s*(?=[-+\u2212]?\d)")
_LONGEST_LEAD = 12
"""Words of a field that is said again."""
_SHORTEST_PART = 20
"""Words of the value that is cut, at least."""

Field = tuple[str, str]
"""A name, or "" where there is none, and a value."""


def lines_of(fields: Sequence[Field], longest: int) -> Iterator[str]:
    """Fields as lines of at most so many words, all of which begin with what says what they are of.

    That are the first field and the first that is no number, as far as they are short.
    """
    told = list(map(_told, fields))
    if words("; ".join(told)) <= longest:
        yield "; ".join(told)
        return
    short = [
        (one, value) for one, (_, value) in zip(told, fields, strict=True) if words(one) <= _LONGEST_LEAD
    ]
    first = [one for one, _ in short[:1] if one == told[0]]
    in_letters = [one for one, value in short if not _NUMBER.match(value)]
    lead = list(dict.fromkeys([*first, *in_letters[:1]]))
    held: list[str] = []
    for one in _parts(fields, longest - words("; ".join(lead))):
        if held and words("; ".join([*held, one])) > longest:
            yield "; ".join(held)
            held = list(lead)
        held.append(one)
    yield "; ".join(held)


def named(text: str) -> str:
    """A name of a value, in one line."""
    return valued(text).rstrip(": ").replace(": ", " ")


def valued(text: str) -> str:
    """A value, in one line."""
    return in_one_line(text).replace("; ", ", ").rstrip(";")


def in_one_line(text: str) -> str:
    """A text without line ends; numbers below one another stay apart."""
    return " ".join((_BETWEEN_NUMBERS.sub(", ", text) if "\n" in text else text).split())


def _told(field: Field) -> str:
    return ": ".join(filter(None, field))


def _parts(fields: Iterable[Field], longest: int) -> Iterator[str]:
    """Fields as they are told, one that is too long in several."""
    for name, value in fields:
        if words(_told((name, value))) <= longest:
            yield _told((name, value))
        else:
            yield from (
                _told((name, part)) for part in split(value, max(longest - words(name), _SHORTEST_PART))
            )
