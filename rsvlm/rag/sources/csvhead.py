"""What stands above the rows of CSV: the names of the columns, and remarks before them."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import NamedTuple

from ..errors import RagError

_SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
"""A line by which Excel is told what is between cells."""
_NUMBER = re.compile(r"\s*[-+]?\d[\d.,\s]*")
_REMARK = "#"
_LONGEST = 2**16
"""Letters of the names of columns."""


class Head(NamedTuple):
    """What is known of the rows before the first.

    Attributes:
        names: Of the columns, each once, whatever its capitals.
        sign: Between cells.
        lines: Those of the rows.
    """

    names: list[str]
    sign: str
    lines: Iterator[str]


def read_head(text: Iterator[str]) -> Head:
    """Take the names of columns from lines: the first that is no remark, and no title above a table.

    Raises:
        RagError: There are none.
    """
    lines = (line for line in text if line.strip())
    line = next(lines, "")
    told = _SEPARATOR.fullmatch(line)
    if told is not None:
        line = next(lines, "")
    remark = ""
    while line.lstrip("\ufeff").startswith(_REMARK) and (after := next(lines, "")):
        remark, line = line, after
    head, behind = _whole(line, text)
    try:
        while _is_title(head, behind):
            below = chain(behind, text)
            head, behind = _whole(next(one for one in below if one.strip()), below)
        sign = told[1] if told is not None else _sign(head)
        cells, named = cells_of(head, sign), cells_of(remark.lstrip("\ufeff#"), sign)
    except csv.Error as error:
        raise RagError(f"its first line does not name columns ({error})") from None
    if not any(cell.strip() for cell in cells):
        raise RagError("is empty")
    if _names(named, cells):
        return Head(_unlike(named), sign, chain([head], behind, text))
    return Head(_unlike(cells), sign, chain(behind, text))


def cells_of(line: str, sign: str) -> list[str]:
    """The cells of one row."""
    return next(csv.reader(line.splitlines(keepends=True), delimiter=sign), [])


def _sign(line: str) -> str:
    """What is most between cells; where there are as many of two, the other one is in decimals."""
    return max(";\t|,", key=lambda sign: len(cells_of(line, sign)))


def _whole(line: str, text: Iterator[str]) -> tuple[str, list[str]]:
    """A line with those that go on with a quote that is open in it, and the three behind them."""
    while line.count('"') % 2 and len(line) < _LONGEST and (after := next(text, "")):
        line += after
    behind: list[str] = []
    while sum(bool(one.strip()) for one in behind) < 3 and (after := next(text, "")):
        behind.append(after)
    return line, behind


def _is_title(line: str, behind: list[str]) -> bool:
    """Whether a line is one of words above a table: "Table 3: lakes of the region"."""
    words = [cell for cell in cells_of(line, _sign(line)) if cell.strip()]
    if len(words) != 1 or len(words[0].split()) < 2:
        return False
    below = [one for one in behind if one.strip()]
    return any(
        1 < len(cells_of(one, sign := _sign(one))) == len(cells_of(other, sign))
        for one, other in pairwise(below)
    )


def _names(remark: list[str], cells: list[str]) -> bool:
    """Whether a remark names the columns that these cells are in.

    "# station, level" above "A, 4" does, as "#station,level" does; "# levels, in m" above "station, level" does not.
    """
    if len(remark) != len(cells) or len(cells) == 1 or any(map(_is_number, remark)):
        return False
    return any(map(_is_number, cells)) or not any(" " in name for name in remark)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _unlike(names: list[str]) -> list[str]:
    """Names that are there once each; a first column without any has what rows are called by."""
    found: list[str] = []
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        said = " ".join(name.replace("\ufeff", "").split())
        plain = said or ("id" if number == 1 else f"column {number}")
        unlike, copy = plain, 1
        while unlike.lower() in taken:
            copy += 1
            unlike = f"{plain} {copy}"
        taken.add(unlike.lower())
        found.append(unlike)
    return found
