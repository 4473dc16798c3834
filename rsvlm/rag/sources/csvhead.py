"""What stands above the rows of CSV: the names of the columns, and remarks and titles before them."""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from typing import NamedTuple

from ..errors import RagError
from .csvnames import is_number, joined, second_names, unlike

_SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
"""A line by which Excel is told what is between cells."""
_EMPTY = re.compile(r'(?:\ufeff|""|[\s,;|])*')
"""A line of empty cells only."""
_REMARK = "#"
_LONGEST = 2**16
"""Letters of the names of columns."""


class Head(NamedTuple):
    """What is known of the rows before the first.

    Attributes:
        names: Of the columns, each once, whatever its capitals.
        sign: Between cells.
        after_blanks: Whether blanks stand between that sign and the quote that begins a cell.
        lines: Those of the rows.
    """

    names: list[str]
    sign: str
    after_blanks: bool
    lines: Iterator[str]


def read_head(text: Iterator[str]) -> Head:
    """Take the names of columns from lines: the first that is no remark, and no title above a table.

    Raises:
        RagError: There are none.
    """
    lines = _telling(text)
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
            head, behind = _whole(next(_telling(below)), below)
        sign = told[1] if told is not None else _sign(head)
        after_blanks = _has_quotes_after_blanks([head, *behind], sign)
        cells, named = cells_of(head, sign, after_blanks), cells_of(remark.lstrip("\ufeff#"), sign)
        if not any(cell.strip() for cell in cells):
            raise RagError("is empty")
        if _names(named, cells):
            return Head(unlike(named), sign, after_blanks, chain([head], behind, text))
    except csv.Error as error:
        raise RagError(f"its first line does not name columns ({error})") from None
    while second := second_names(cells, [_below(one, sign) for one in islice(_telling(behind), 3)]):
        cells = joined(cells, second)
        behind = behind[behind.index(next(_telling(behind))) + 1 :]
    return Head(unlike(cells), sign, after_blanks, chain(behind, text))


def cells_of(line: str, sign: str, after_blanks: bool = False) -> list[str]:
    """The cells of one row."""
    return next(csv.reader(line.splitlines(keepends=True), delimiter=sign, skipinitialspace=after_blanks), [])


def _below(line: str, sign: str) -> list[str]:
    """The cells of a row below the first; none of one that Python's reader refuses, which is no row of names."""
    try:
        return cells_of(line, sign)
    except csv.Error:
        return []


def _telling(lines: Iterable[str]) -> Iterator[str]:
    """Lines in which something stands."""
    return (line for line in lines if not _EMPTY.fullmatch(line))


def _sign(line: str) -> str:
    """What is most between cells; where there are as many of two, the other one is in decimals."""
    return max(";\t|,", key=lambda sign: len(_below(line, sign)))


def _has_quotes_after_blanks(lines: list[str], sign: str) -> bool:
    return any(f'{sign} "' in line and line.count('"') % 2 == 0 for line in lines)


def _whole(line: str, text: Iterator[str]) -> tuple[str, list[str]]:
    """A line with those that go on with a quote that is open in it, and the three behind them."""
    while line.count('"') % 2 and len(line) < _LONGEST and (after := next(text, "")):
        line += after
    behind: list[str] = []
    telling = 0
    while telling < 3 and (after := next(text, "")):
        behind.append(after)
        telling += not _EMPTY.fullmatch(after)
    return line, behind


def _is_title(line: str, behind: list[str]) -> bool:
    """Whether a line is one of words above a table: "Table 3: lakes of the region", "Report,,,"."""
    row = cells_of(line, _sign(line))
    words = [cell for cell in row if cell.strip()]
    below = list(_telling(behind))
    if len(words) != 1 or len(below) < 2:
        return False
    if len(words[0].split()) == 1:
        sign = _sign(below[0])
        return row[0] == words[0] and _is_above_names(len(row), *(_below(one, sign) for one in below[:2]))
    return any(
        1 < len(_below(one, sign := _sign(one))) == len(_below(other, sign)) for one, other in pairwise(below)
    )


def _is_above_names(width: int, names: list[str], values: list[str]) -> bool:
    """Whether what stands below a word alone is a row of names and one of values, and not two of values."""
    if not 1 < len(names) == len(values) or width not in (1, len(names)):
        return False
    if not all(name.strip() for name in names) or any(map(is_number, names)):
        return False
    return width > 2 or any(map(is_number, values))


def _names(remark: list[str], cells: list[str]) -> bool:
    """Whether a remark names the columns that these cells are in.

    "# station, level" above "A, 4" does, as "#station,level" does; "# levels, in m" above "station, level" does not.
    """
    if len(remark) != len(cells) or len(cells) == 1 or any(map(is_number, remark)):
        return False
    return any(map(is_number, cells)) or not any(" " in name for name in remark)
