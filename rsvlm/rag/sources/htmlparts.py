"""Elements and tables of a page that are open while it is read."""

from dataclasses import dataclass, field
from typing import NamedTuple

from .grid import Cell


class Element(NamedTuple):
    """An element that is open.

    Attributes:
        tag: What it is.
        hides: Whether what is in it is not seen.
        in_paragraph: Whether a block that begins in it ends a paragraph.
    """

    tag: str
    hides: bool
    in_paragraph: bool


@dataclass
class Table:
    """A table that is open.

    Attributes:
        start: How many texts were there before it.
        rows: Those that have ended, and the one that is open.
        cell: How many texts were there before the cell that is open; None: none is.
        span: Columns and rows that this one spans.
        in_head: Whether rows are those that name columns.
        is_head: Whether the open cell names a column or a row.
    """

    start: int
    rows: list[list[Cell]] = field(default_factory=list)
    cell: int | None = None
    span: tuple[int, int] = (1, 1)
    in_head: bool = False
    is_head: bool = False
