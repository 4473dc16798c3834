"""Answers on disk: a file of JSON lines that grows by a line an answer, and survives being cut at any byte.

The first line says what was asked, of which questions, and of whom; each further line holds the key of an item and its
answer, verbatim, or why there is none. Of several lines for an item the last one counts.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rsvlm.eval.errors import EvalError
from rsvlm.models.generators.protocol import Answer

_SYNC_EVERY = 1.0
"""Seconds between flushes to the disk; to the operating system each line goes at once, so that a killed program loses
none, and a power cut what a second brought."""
_KEPT = ("tokens_in", "tokens_out", "cost", "cut", "model")


class AnswerFile:
    """Answers as they come in. Made by `open_answers`."""

    def __init__(self, path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        """Continue a file whose rows were read."""
        self.answers = {row["key"]: _answer(row) for row in rows}
        self.pictures: dict[str, str] = {row["key"]: row["picture"] for row in rows if row.get("picture")}
        self._file = path.open("ab")
        self._synced = time.monotonic()

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
        self._write(_line(row | more))

    def close(self) -> None:
        """Bring all to the disk."""
        os.fsync(self._file.fileno())
        self._file.close()

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()
        if time.monotonic() - self._synced > _SYNC_EVERY:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()


@contextmanager
def open_answers(path: Path, head: Mapping[str, Any]) -> Iterator[AnswerFile]:
    """Open a file of answers to go on with it, or begin it; a line that a killed run left half written is dropped.

    Args:
        path: The file; its folder is made.
        head: What decides the answers, JSON-able.

    Raises:
        EvalError: It holds answers to something else, or another program is writing it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise EvalError(f"{path}: another run is writing it; wait for it, or take another file") from None
    try:
        found = _continued(path, head)
        if found is None:
            path.write_bytes(_line({"run": head}))
        file = AnswerFile(path, found or [])
        try:
            yield file
        finally:
            file.close()
    finally:
        lock.release()


def read_answers(path: str | os.PathLike[str]) -> dict[str, Answer]:
    """Return the answers of a file, by the key of the item.

    Args:
        path: What `open_answers` wrote, or another program: lines with `key` and `answer` (None: no answer).

    Raises:
        EvalError: It cannot be read, or is no such file.
    """
    lines = _lines(Path(path))
    return {
        row["key"]: _answer(row)
        for row in (_foreign(Path(path)) if _head(lines) is None else _rows(lines[1:]))
    }


def _foreign(path: Path) -> list[dict[str, Any]]:
    """The answers of another program, of whose lines none may be lost."""
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    for number, line in enumerate(lines, start=1):
        if not _rows([line]):
            raise EvalError(
                f"{path}: is no file of answers: line {number} of text is no object with key and answer (text or null)"
            )
    if not lines:
        raise EvalError(f"{path}: holds no answers")
    return _rows(lines)


def _continued(path: Path, head: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return what a file holds, cut to whole lines; None where it is to be begun."""
    if not path.exists():
        return None
    lines = _lines(path)
    if not lines and _line({"run": head}).startswith(path.read_bytes()):
        return None  # killed before its first line was whole
    stored = _head(lines)
    if stored != json.loads(json.dumps(head)):
        parts = sorted(name for name in head if stored is None or stored.get(name) != head[name])
        raise EvalError(
            f"{path}: holds answers of another run (it differs in {', '.join(parts) or 'more'}); name another file"
        )
    os.truncate(path, sum(len(line) + 1 for line in lines))
    return _rows(lines[1:])


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row).encode("ascii") + b"\n"


def _lines(path: Path) -> list[bytes]:
    """Return all lines that are whole."""
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise EvalError(f"{path}: cannot be read ({error.strerror})") from None


def _head(lines: list[bytes]) -> dict[str, Any] | None:
    run = (_object(lines[0]) if lines else {}).get("run")
    return run if isinstance(run, dict) else None


def _rows(lines: list[bytes]) -> list[dict[str, Any]]:
    """Read lines; one that a crash of the system left as rubbish is passed over, and its item asked again."""
    found = []
    for row in map(_object, lines):
        key, text, error = row.get("key"), row.get("answer"), row.get("error")
        if isinstance(key, str) and isinstance(text, str | None) and isinstance(error, str | None):
            found.append(row)
    return found


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(row.get("answer"), row.get("error"), **{name: row[name] for name in _KEPT if name in row})


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
