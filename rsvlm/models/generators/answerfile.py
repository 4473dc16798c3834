"""Answers on disk: a file of JSON lines that grows by a line an answer, and survives being cut at any byte.

The first line says what decides the answers; each further line holds the key of an item and its answer, or why there is
none. Of several lines for an item the last one counts.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rsvlm.imagery.frames import fingerprint
from rsvlm.models.errors import ModelError

_SYNC_EVERY = 1.0
"""Seconds between flushes to the disk; to the operating system each line goes at once, so that a killed program loses
none, and a power cut what a second brought."""


class AnswerFileError(ModelError):
    """A file that holds something else than the answers of this run, or is being written; the message says which."""


class AnswerLines:
    """The lines of an open file. Made by `open_lines`.

    Attributes:
        rows: What the file held when it was opened, without its first line.
    """

    def __init__(self, path: Path, rows: Sequence[dict[str, Any]]) -> None:
        """Continue a file whose rows were read."""
        self.rows = rows
        self._file = path.open("ab")
        self._synced = time.monotonic()

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row."""
        self._file.write(_line(row))
        self._file.flush()
        if time.monotonic() - self._synced > _SYNC_EVERY:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def close(self) -> None:
        """Bring all to the disk."""
        os.fsync(self._file.fileno())
        self._file.close()


@contextmanager
def open_lines(path: Path, name: str, head: Mapping[str, Any]) -> Iterator[AnswerLines]:
    """Open a file of answers to go on with it, or begin it; a line that a killed run left half written is dropped.

    Args:
        path: The file; its folder is made.
        name: What `head` is called in the first line.
        head: What decides the answers, JSON-able.

    Raises:
        AnswerFileError: It holds answers to something else, or another program is writing it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(
        path.with_name(f".{path.name}.lock"), thread_local=False
    )  # any thread may end what it began
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AnswerFileError(
            f"{path}: another run is writing it; wait for it, or take another file"
        ) from None
    try:
        found = _continued(path, name, json.loads(json.dumps(head)))
        if found is None:
            path.write_bytes(_line({name: head}))
        lines = AnswerLines(path, found or [])
        try:
            yield lines
        finally:
            lines.close()
    finally:
        lock.release()


def whole_lines(path: Path) -> list[bytes]:
    """Return all lines that are whole.

    Raises:
        AnswerFileError: The file cannot be read.
    """
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise AnswerFileError(f"{path}: cannot be read ({error.strerror})") from None


def head_of(lines: Sequence[bytes], name: str) -> dict[str, Any] | None:
    """Return what the first line says of the run; None where it is no such line."""
    head = (_object(lines[0]) if lines else {}).get(name)
    return head if isinstance(head, dict) else None


def rows_of(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Read lines; one that a crash of the system left as rubbish is passed over, and its item asked again."""
    found = []
    for row in map(_object, lines):
        key, text, error = row.get("key"), row.get("answer"), row.get("error")
        if isinstance(key, str) and isinstance(text, str | None) and isinstance(error, str | None):
            found.append(row)
    return found


def file_mark(path: str | os.PathLike[str]) -> str | None:
    """Return what tells a file from another of its name: size, and a hash of blocks from its first to its last bytes.

    It is the same on every host: answers that were copied with their images are not asked again.

    Returns:
        None where it cannot be read.
    """
    try:
        return "-".join(map(str, fingerprint(Path(path)).values()))
    except (OSError, ValueError):
        return None


def _continued(path: Path, name: str, head: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return what a file holds, cut to whole lines; None where it is to be begun."""
    if not path.exists():
        return None
    lines = whole_lines(path)
    if not lines and _line({name: head}).startswith(path.read_bytes()):
        return None  # killed before its first line was whole
    stored = head_of(lines, name)
    if stored is None:
        raise AnswerFileError(
            f"{path}: is no file of answers, or holds answers of another run; name another file"
        )
    if stored != head:
        differ = sorted(one for one in {*stored, *head} if stored.get(one) != head.get(one))
        raise AnswerFileError(
            f"{path}: holds answers of another run (it differs in {', '.join(differ)}); name another file"
        )
    os.truncate(path, sum(len(line) + 1 for line in lines))
    return rows_of(lines[1:])


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row).encode("ascii") + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
