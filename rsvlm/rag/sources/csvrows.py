"""Rows of CSV, those included that Python's reader refuses.

It refuses cells of more than 131,072 letters, a limit that is the whole process's and so not ours to raise: the border
of a large country as WKT is longer. It loses its place then, so that the row is read anew here.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Self

from .csvhead import read_head
from .rowwords import Row
from .source import Note

_LONGEST = 2**22
"""Letters of a row; what goes on for longer begins a quote that does not end."""


def csv_rows(text: Iterable[str], note: Note) -> Iterator[Row]:
    """The rows below the one that names the columns.

    Args:
        text: Lines with their ends.
        note: Takes what is no row; an empty one is given in its place.

    Raises:
        RagError: There is no row of names.
    """
    names, sign, after_blanks, below = read_head(iter(text))
    lines = _Lines(below)
    number = 0
    for values in _rows(lines, sign, after_blanks):
        number += 1
        if values is None:
            note(f"row {number}", "begins a quote that does not end; close it, or write it twice")
        elif any(cell.strip() for cell in values[len(names) :]):
            note(f"row {number}", f"has {len(values)} values for {len(names)} columns")
        else:
            yield dict(zip(names, values, strict=False))
            continue
        yield {}


class _Lines:
    """Lines, of which some can be given back.

    Args:
        text: The lines.

    Attributes:
        taken: Those that were taken since it was cleared.
        are_over: Whether one more was asked for than there were.
    """

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self.taken: list[str] = []
        self.are_over = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = next(self._text, None)
        if line is None:
            self.are_over = True
            raise StopIteration
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """All that were taken but the first come again."""
        self._text, self.are_over = chain(self.taken[1:], self._text), False


def _rows(lines: _Lines, sign: str, after_blanks: bool) -> Iterator[list[str] | None]:
    """The cells of each row that is not empty; None: it is none, and takes one line."""
    reader = csv.reader(lines, delimiter=sign, skipinitialspace=after_blanks)
    while True:
        lines.taken.clear()
        try:
            values: list[str] | None = next(reader)
            if (lines.are_over or len(lines.taken) > 1) and not _is_sound(lines.taken, sign, after_blanks):
                values = None
        except StopIteration:
            return
        except csv.Error:
            values = _long_row(lines, sign, after_blanks)
        if values is None:
            lines.give_back()
        if values is None or values:
            yield values


def _is_sound(row: list[str], sign: str, after_blanks: bool) -> bool:
    """Whether each quote that begins in a row ends before the end of a cell."""
    try:
        next(csv.reader(row, delimiter=sign, skipinitialspace=after_blanks, strict=True))
    except csv.Error:
        return False
    return True


def _long_row(lines: _Lines, sign: str, after_blanks: bool = False) -> list[str] | None:
    """The cells of the row that begins with the lines taken, as `csv.reader` would have them; None: it does not end."""
    values: list[str] = []
    cell: list[str] = []
    letters, is_quoted, begins = 0, False, True
    for line in chain(tuple(lines.taken), lines):
        letters += len(line)
        if letters > _LONGEST:
            return None
        at = 0
        while True:
            while begins and after_blanks and line.startswith(" ", at):
                at += 1
            if begins and line.startswith('"', at):
                is_quoted, at = True, at + 1
            begins = False
            if is_quoted:
                end = _end_of_quote(line, at)
                cell.append(line[at:end].replace('""', '"'))
                if end == len(line):
                    break  # it goes on in the next line
                is_quoted, at = False, end + 1
            end = line.find(sign, at)
            cell.append(line[at:].rstrip("\r\n") if end < 0 else line[at:end])
            values.append("".join(cell))
            if end < 0:
                return values
            cell, begins, at = [], True, end + 1
    return None


def _end_of_quote(line: str, at: int) -> int:
    """Where a quoted cell ends in a line, two quotes being one of its signs; the length of the line: not in it."""
    while True:
        end = line.find('"', at)
        if end < 0:
            return len(line)
        if not line.startswith('"', end + 1):
            return end
        at = end + 2
