"""`Source`: something that chunks are read from."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from rsvlm.errors import one_line

from ..chunk import Chunk
from ..errors import RagError
from .text import cleaned, looked_up

_FORM = 5
"""A number for each way to make chunks of the same file; in the digest, so that they are made anew."""

NO_TEXT = "holds no text"

_MOST_PROBLEMS = 1000


class Problem(NamedTuple):
    """Something that could not be read: where it is, and why."""

    file: str
    reason: str


Note = Callable[[str, str], None]
"""Takes what could not be read and why; "" for the file itself."""

Read = Callable[[Note], Iterator[Chunk]]
"""Yields chunks whose source is not set yet and whose `where` need not be unique."""


@dataclass
class Source:
    """Something that chunks are read from, by `read_source`.

    Attributes:
        name: Its absolute path, with "/" between the parts; the `source` of all its chunks.
        kind: "pairs dataset", "index", "images", "RSWK", "table", "map", "PDF", "document" or "folder".
        licence: Of what does not say its own.
        problems: What could not be read, filled while `chunks` runs: a thousand, and the files of a folder beyond.
        unread: The files and folders in a folder that problems are about, not single rows or pages of them.
    """

    name: str
    kind: str
    licence: str | None
    _read: Read = field(repr=False)
    _content: Callable[[], str] = field(repr=False)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what its chunks are, hexadecimal.

        Raises:
            RagError: It cannot be read.
        """
        try:
            told = [_FORM, self.kind, self.licence, self._content()]
        except OSError as error:
            raise RagError(f"{self.name}: cannot be read ({error.strerror or error})") from None
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def chunks(self) -> Iterator[Chunk]:
        """Read it: chunks whose keys are there once each, in its own order.

        Raises:
            RagError: Nothing in it can be read.
        """
        self.problems.clear()
        self.unread.clear()
        taken: dict[str, int] = {}
        try:
            for chunk in self._read(self._note):
                if text := cleaned(chunk.text):
                    yield replace(
                        chunk, source=self.name, where=looked_up(chunk.where, taken), text=text,
                        licence=chunk.licence or self.licence, name=chunk.name and one_line(chunk.name),
                    )  # fmt: skip
        except (RagError, OSError) as error:
            self._note("", str(error).removeprefix(f"{self.name}: "))
        if not taken:
            file, reason = self.problems[0] if self.problems else (self.name, NO_TEXT)
            raise RagError(f"{file}: {reason}")

    def _note(self, where: str, reason: str) -> None:
        is_file = self.kind == "folder" and bool(where) and _is_there(f"{self.name}/{where}")
        if is_file:
            self.unread.add(where)
        if is_file or len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(
                Problem(f"{self.name}, {where}" if where else self.name, one_line(cleaned(reason), most=300))
            )


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for a name that is too long
