"""Answers on disk as evaluation keeps them, each verbatim; how the file grows is told in models.

The first line says what was asked, of which questions, and of whom.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rsvlm.eval.errors import EvalError
from rsvlm.models.generators.answerfile import (
    AnswerFileError,
    AnswerLines,
    head_of,
    open_lines,
    rows_of,
    whole_lines,
)
from rsvlm.models.generators.protocol import Answer

_HEAD = "run"
_KEPT = ("tokens_in", "tokens_out", "cost", "cut", "model")


class AnswerFile:
    """Answers as they come in. Made by `open_answers`."""

    def __init__(self, lines: AnswerLines) -> None:
        """Continue a file that was opened."""
        self.answers = {row["key"]: _answer(row) for row in lines.rows}
        self.pictures: dict[str, str] = {
            row["key"]: row["picture"] for row in lines.rows if row.get("picture")
        }
        self._lines = lines

    def add(self, key: str, answer: Answer, picture: str | None = None) -> None:
        """Keep the answer to an item; the same failure is said once.

        Args:
            key: The item.
            answer: Its answer.
            picture: What tells its picture from others, where that is known.
        """
        answer = replace(answer, seconds=0.0, cached=False)  # how it came about this time is not kept
        if answer.error is not None and answer == self.answers.get(key):
            return
        self.answers[key] = answer
        row = {"key": key, "answer": answer.text, "error": answer.error}
        if picture is not None:
            self.pictures[key] = row["picture"] = picture
        more = {name: value for name, value in asdict(answer).items() if name in _KEPT and value}
        self._lines.add(row | more)


@contextmanager
def open_answers(path: Path, head: Mapping[str, Any]) -> Iterator[AnswerFile]:
    """Open a file of answers to go on with it, or begin it; a line that a killed run left half written is dropped.

    Args:
        path: The file; its folder is made.
        head: What decides the answers, JSON-able.

    Raises:
        EvalError: It holds answers to something else, or another program is writing it.
    """
    try:
        with open_lines(path, _HEAD, head) as lines:
            yield AnswerFile(lines)
    except AnswerFileError as error:
        raise EvalError(str(error)) from None


def read_answers(path: str | os.PathLike[str]) -> dict[str, Answer]:
    """Return the answers of a file, by the key of the item.

    Args:
        path: What `open_answers` wrote, or another program: lines with `key` and `answer` (None: no answer).

    Raises:
        EvalError: It cannot be read, or is no such file.
    """
    try:
        lines = whole_lines(Path(path))
    except AnswerFileError as error:
        raise EvalError(str(error)) from None
    rows = _foreign(Path(path)) if head_of(lines, _HEAD) is None else rows_of(lines[1:])
    return {row["key"]: _answer(row) for row in rows}


def _foreign(path: Path) -> list[dict[str, Any]]:
    """The answers of another program, of whose lines none may be lost."""
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        if not rows_of([line]):
            raise EvalError(
                f"{path}: is no file of answers: line {number} of text is no object with key and answer (text or null)"
            )
    if not lines:
        raise EvalError(f"{path}: holds no answers")
    return rows_of(lines)


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(row.get("answer"), row.get("error"), **{name: row[name] for name in _KEPT if name in row})
