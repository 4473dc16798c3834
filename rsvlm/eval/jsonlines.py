"""Files of one JSON object a line, read so that a broken line is told and not lost."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from rsvlm.datasets.textfiles import CSV, read_utf8
from rsvlm.models.storable import storable

from .errors import EvalError


class Line(NamedTuple):
    """A line of a file: its number from 1, and the object on it, or why there is none."""

    number: int
    row: dict[str, Any] | None
    error: str | None


def read_lines(path: str | os.PathLike[str]) -> list[Line]:
    """The objects of a file of JSON lines; empty lines are passed over.

    Raises:
        EvalError: The file cannot be read, or is a table or one list.
    """
    # Only "\n" ends a line: JSON may hold U+2028 and U+0085 as they are.
    if Path(path).suffix.casefold() in (*CSV, ".parquet"):
        raise EvalError(
            f"{path}: is a table, and answers are read from lines of JSON; write each row as an object"
        )
    text = read_utf8(path)
    if text.lstrip().startswith("["):
        raise EvalError(
            f"{path}: is one JSON list; write its objects a line each (jq -c '.[]' LIST.json > LINES.jsonl)"
        )
    lines = enumerate(text.split("\n"), start=1)
    return [_line(number, text) for number, text in lines if text.strip()]


def _line(number: int, text: str) -> Line:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, None, f"is no JSON ({error})")
    if not isinstance(row, dict):
        return Line(number, None, f"is a JSON {type(row).__name__}, not an object")
    return Line(number, row, None)


def as_text(value: object) -> str | None:
    """What a field says: text as it is, a number or true and false as text, and None for all else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else None


def answer_text(value: object) -> str | None:
    """What is answered: as of `as_text`, None for null.

    Raises:
        EvalError: It is a list or an object, which is no answer that could be compared.
    """
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        raise EvalError(
            f"prediction is {kind}, {json.dumps(value)[:60]}; give one text, or null for no answer"
        )
    return as_text(value)


def text_column(texts: Sequence[str | None]) -> pa.Array:
    """Texts for a table; halves of surrogate pairs, which JSON can hold and UTF-8 cannot, become question marks."""
    return pa.array([None if text is None else storable(text) for text in texts], pa.string())


def texts_column(groups: Sequence[Sequence[str]]) -> pa.Array:
    """As `text_column`, of lists of texts."""
    return pa.array([[storable(text) for text in group] for group in groups], pa.list_(pa.string()))
