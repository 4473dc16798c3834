"""Lines that only the width of a page ended, put together again; those of lists, verses and tables stay."""

import re
from itertools import pairwise

_LIST = re.compile(r"\s*(?:[-*+\u2022\u2013]|\d{1,3}[.)])\s")
_NARROWEST = 40
"""Letters of a line that a page's width may have ended."""
_NEAR = 4
"""Lines before and after one by which the width of the page is known."""
_FULL = 0.85
"""Of that width, what a line and the first word below it take at least, if the width ended the line."""
_SHORT = 0.6
"""Of that width, what a heading takes at most."""

_FIELD = re.compile(r"[^\W\d_a-z][^:.!?]{0,40}: \S")
_CELLS = re.compile(r"\S(?: {3,}|\t)\S|\|")
_NARROW_CELLS = re.compile(r"[^\s.!?:;,] {2}\S")
_MOST_CELLS = 8
"""Words of a line whose cells are two blanks apart; in one of more, these only fill it up to the width."""
_VALUES = re.compile(r"(?:\s+[-+\u2212]?\d[\d.,]*%?){2,}\s*$")
_LAST = 80
"""Letters in which values stand at the end of a line."""
_ENDS = re.compile(r"[.!?:;][\"'\u201d\u2019)\]]*$")
_HEADING = re.compile(r"(?:\d+(?:\.\d+)*\s+)?[^\W\d_a-z]")
_GOES_ON = re.compile(r"[^\W\d_A-Z]|[-+\u2212(]?\d")
_SIGNS = ("-", "\u2212")
"""Of a number, where a PDF puts them on a line of their own."""
_HYPHEN = re.compile(r"[^\W_]-$")
_PART = re.compile(r"(?<![\w-])[^\W\d_]+-$")
_REST = re.compile(r"[^\W\d_A-Z]+(?![\w-])")
_HYPHENATED = frozenset(
    {"well", "self", "half", "high", "low", "long", "short", "near", "large", "small", "full", "open", "non", "cross",
     "real", "one", "two", "three", "four", "five", "six", "semi", "multi", "ground", "land", "time"}
)  # fmt: skip
"""Words that keep their hyphen before another, so that one at the end of a line is doubtful."""


def unwrapped(text: str) -> str:
    """A text whose paragraphs have no line ends but those that mean something."""
    return "\n\n".join(map(_unwrapped, re.split(r"\n\s*\n", text.strip())))


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.split("\n")
    begins = [False, *(line.strip()[:1].isupper() for line in lines), False]
    found = [lines[0]]
    goes_on = False
    for number, (line, below) in enumerate(pairwise(lines), 1):
        width = max(map(len, lines[max(number - 1 - _NEAR, 0) : number + _NEAR]))
        # three lines that begin with a capital are those of a list or of verses
        is_listed = all(begins[number : number + 2]) and (begins[number - 1] or begins[number + 2])
        goes_on = width >= _NARROWEST and not is_listed and _is_one(line, below, width, goes_on)
        if not goes_on:
            found += ["\n", below]
            continue
        above, first = found[-1].rstrip(), below.strip()
        found[-1] = above[:-1] if _parts_a_word(above, first) else above
        is_sign = above in _SIGNS and first[:1].isdigit() and found[-3:-2] and found[-3][-1:].isalpha()
        found += [first] if is_sign or _HYPHEN.search(above) else [" ", first]
    return "".join(found)


def _is_one(line: str, below: str, width: int, goes_on: bool) -> bool:
    """Whether a line goes on in the one below it.

    Args:
        line: The line.
        below: The one below it.
        width: Of the page about there.
        goes_on: Whether the line goes on from the one above it.
    """
    above, first = line.rstrip(), below.strip()
    if _LIST.match(below) or _FIELD.match(first) or any(map(_is_of_a_table, (line, below))):
        return False
    is_full = len(above) + 1 + len(first.split(" ", 1)[0]) >= _FULL * width
    if _ENDS.search(above):
        is_short = len(first) <= _SHORT * width and not first.endswith(",")
        return is_full and not (is_short and _HEADING.match(first) and not _ENDS.search(first))
    is_long = goes_on or len(above) >= _NARROWEST or _HYPHEN.search(above) is not None
    return is_full or (is_long and _GOES_ON.match(first) is not None)


def _is_of_a_table(line: str) -> bool:
    told = line.strip()
    if _CELLS.search(told) or _VALUES.search(told[-_LAST:]):
        return True
    return _NARROW_CELLS.search(told) is not None and len(told.split()) <= _MOST_CELLS


def _parts_a_word(line: str, below: str) -> bool:
    """Whether a line ends with a hyphen that parts a word there, and is no part of it."""
    part, rest = _PART.search(line), _REST.match(below)
    if part is None or rest is None:
        return False
    return part[0][1:-1].islower() and part[0][:-1].lower() not in _HYPHENATED
