"""Rows of tables, and what is nested in them, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import RagError
from .fields import Field, lines_of, named, valued
from .nothing import is_empty
from .splitting import LONGEST
from .text import cleaned

LONGEST_ROW = 2**20
"""Letters of a row."""

_DEEPEST = 12
"""Objects within one another."""

Row = Mapping[str, Any]


def in_words(row: Row, longest: int = LONGEST) -> str:
    """A row as RSWK tells one: "name: value; name: value"; objects of a list in it on lines of their own.

    Args:
        row: Values by names.
        longest: Words of a line.

    Raises:
        RagError: It is too long, or nested too deep.
    """
    lines: dict[tuple[int, ...], list[Field]] = {}
    letters = 0
    for line, name, value in _fields(row, "", (), 1):
        letters += len(name) + len(value)
        if letters > LONGEST_ROW:
            raise RagError(f"has more than {LONGEST_ROW >> 20} MiB of text")
        lines.setdefault(line, []).append((name, value))
    return "\n".join(said for fields in lines.values() for said in lines_of(fields, longest))


def texts_of(value: Any) -> list[str]:
    """A cell as texts: of a list, each."""
    if isinstance(value, list | tuple):
        return [said for one in value for said in texts_of(one)]
    if isinstance(value, Mapping):
        return [in_words({str(name): one for name, one in value.items()})]
    return [] if is_empty(value) else [said] if (said := text_of(value)) else []


def text_of(value: Any) -> str:
    """A cell as text."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, list | tuple | Mapping):
        return ", ".join(texts_of(value))
    return cleaned(str(value))


def _fields(
    row: Row, over: str, line: tuple[int, ...], depth: int
) -> Iterator[tuple[tuple[int, ...], str, str]]:
    """The line, name and value of all that is told; what is nested has the names that it is under before its own."""
    if depth > _DEEPEST:
        raise RagError("is nested too deep")
    for number, (key, value) in enumerate(row.items()):
        name = f"{over} {named(str(key).replace('_', ' '))}".strip()
        if isinstance(value, Mapping):
            yield from _fields(value, name, line, depth + 1)
        elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
            for place, one in enumerate(value):
                item = one if isinstance(one, Mapping) else {"": one}
                yield from _fields(item, name, (*line, number, place), depth + 1)
        elif not is_empty(value) and (said := valued(text_of(value))):
            yield line, name, said
