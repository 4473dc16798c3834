"""Tables of documents in words: each row with the names of its columns, as rows of CSV are told."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .fields import in_one_line, lines_of, named, valued
from .nothing import is_empty

_MOST_CELLS = 100_000
"""Of a table with its cells that span several; in a larger one each is told once."""
_NUMBER = re.compile(r"[-+\u2212]?\d[\d.,\s]*\s*\S{0,6}")
_LONGEST_LINE = 80
"""Words, so that one has room below headings."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: As a reader sees it.
        is_head: Whether it names a column or a row.
        width: How many columns it spans.
        height: How many rows.
    """

    text: str
    is_head: bool = False
    width: int = 1
    height: int = 1


Row = Sequence[Cell]


def told(rows: Sequence[Row]) -> str:
    """A table as lines of text.

    Args:
        rows: As they stand, with a cell that spans several rows in the first of these.

    Returns:
        "name: value; name: value" of each row below names of columns; "name: value" where each row has a name and one
        value; else the cells of a row with `|` between them. Where nothing is named and cells have paragraphs, a page
        is laid out in a table: these are told one below the other.
    """
    table = [row for row in _spread(rows) if any(cell.text for cell in row)]
    cells = [cell for row in table for cell in row]
    if not any(cell.is_head for cell in cells) and any("\n\n" in cell.text for cell in cells):
        return "\n\n".join(cell.text for row in rows for cell in row if cell.text)
    width = max(map(len, table), default=0)
    names, below = _names(table, width)
    if names:
        return "\n".join(line for row in below for line in _named(row, names) if line)
    if width == 2 and all(len(row) == 2 and row[0].is_head and not row[1].is_head for row in table):
        return "\n".join(
            f"{named(name.text)}: {valued(value.text)}" for name, value in table if not is_empty(value.text)
        )
    return "\n".join(" | ".join(in_one_line(cell.text) for cell in row) for row in table)


def _spread(rows: Sequence[Row]) -> list[list[Cell]]:
    """Rows in which a cell that spans several stands in each of its places."""
    found: list[list[Cell]] = []
    cells = 0
    # what comes down from above, by columns, and into how many rows
    hanging: dict[int, tuple[Cell, int]] = {}
    for row in rows:
        line: list[Cell] = []
        left = iter(row)
        if cells > _MOST_CELLS:
            hanging.clear()
        while True:
            if (above := hanging.pop(len(line), None)) is not None:
                if above[1] > 1:
                    hanging[len(line)] = above[0], above[1] - 1
                line.append(above[0])
            elif (new := next(left, None)) is not None:
                for _ in range(new.width if cells + len(line) + new.width < _MOST_CELLS else 1):
                    if new.height > 1:
                        hanging[len(line)] = new, new.height - 1
                    line.append(new)
            elif hanging and max(hanging) > len(line):
                line.append(Cell(""))
            else:
                break
        cells += len(line)
        found.append(line)
    return found


def _names(table: list[list[Cell]], width: int) -> tuple[list[str], list[list[Cell]]]:
    """The names of columns, of all rows that have them, and the rows below; no names: the table has none."""
    heads = next((n for n, row in enumerate(table) if not all(cell.is_head for cell in row)), len(table))
    while heads and len(set(map(id, table[0]))) == 1 and width > 1:  # a title over all columns
        table, heads = table[1:], heads - 1
    if not heads and _looks_like_names(table, width):
        heads = 1
    if not heads or width < 2 or len(table) == heads or any(len(row) > width for row in table):
        return [], table
    columns = [[row[n].text for row in table[:heads] if n < len(row)] for n in range(width)]
    return [named(" ".join(dict.fromkeys(filter(None, one)))) for one in columns], table[heads:]


def _looks_like_names(table: list[list[Cell]], width: int) -> bool:
    """Whether the first row names columns though nothing marks it: words, above a column of numbers."""
    if len(table) < 2 or width < 3 or any(len(row) != width for row in table):
        return False  # two columns may as well be names and values
    first = [cell.text for cell in table[0]]
    if not all(first) or len(set(first)) < width or any(map(_NUMBER.fullmatch, first)):
        return False
    return any(all(_NUMBER.fullmatch(row[n].text) for row in table[1:]) for n in range(width))


def _named(row: Sequence[Cell], names: Sequence[str]) -> Iterator[str]:
    """A row as lines of names and values."""
    if (
        len(row) > 1 and len(set(map(id, row))) == 1
    ):  # over all columns: what the rows below it have in common
        yield f"{named(row[0].text)}:"
    else:
        told = ((name, valued(cell.text)) for cell, name in zip(row, names, strict=False))
        yield from lines_of([(name, value) for name, value in told if not is_empty(value)], _LONGEST_LINE)
