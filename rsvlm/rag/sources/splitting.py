"""Long texts into pieces that can be quoted: at blank lines, then lines, then sentences, then between words."""

import re
from collections.abc import Iterator

LONGEST = 120
"""Words of a piece."""

_LETTERS = 16
"""Letters that count as a word at least, so that a piece of long ones is no longer than others."""

_LONGEST_WORD = 400
"""Letters; what has more of them without a space is no word, and is cut."""

_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+")
"""Chinese and Japanese are written without spaces: each sign counts as a word."""

_SENTENCES = re.compile(
    r"[.!?\u2026][\"'\u201d\u2019\u00bb)\]]*\s+(?=[^\sa-z])|[\u3002\uff01\uff1f]+[\u300d\u300f\uff09]*"
)
_ENDS = (
    re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+"),
    re.compile(r"\n"),
    _SENTENCES,
    re.compile(r"[;:]\s+"),
    re.compile(rf"\s+|(?<=[{_WIDE}])|[^\s{_WIDE}]{{{_LONGEST_WORD}}}"),
)
"""What parts of a text end with, from the coarsest to the finest."""

_SHORTENED = re.compile(
    r"\b(?:[^\W\d_]|[Dd]r|[Mm]rs?|[Ss]te?|[Nn]o|[Nn]r|[Pp]rof|[Mm]t|[Ff]igs?|[Cc]a|[Cc]f|vs|approx|e\.g|i\.e|al"
    r"|[Vv]ol|pp?|[Ee]d|[Jj]r|[Ii]nc|[Ll]td|[Aa]ve|[Ee]st)\.\s+$"
)
"""A full stop that ends no sentence: "St. Gallen", "J. Smith", "Fig. 3"."""


def words(text: str) -> int:
    """How many words a text has; every 16 letters count as one at least."""
    lengths = [found.end() - found.start() for found in _WORD.finditer(text)]
    return max(len(lengths), -(-sum(lengths) // _LETTERS))


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Cut a text into pieces of at most so many words. Nothing but white space between pieces is lost.

    A paragraph, line or sentence that fits is never cut, and no word is.
    """
    return [piece for cut in _split(text, longest, 0) if (piece := cut.strip())]


def _split(text: str, longest: int, level: int) -> Iterator[str]:
    if level == len(_ENDS) or words(text) <= longest:
        yield text
        return
    held, count = "", 0
    for part in _parts(text, level):
        size = words(part)
        if size > longest:  # what is held goes before its beginning, and its end before what follows
            *whole, held = _split(held + part, longest, level + 1)
            yield from whole
            count = words(held)
        elif count + size > longest:
            yield held
            held, count = part, size
        else:
            held, count = held + part, count + size
    yield held


def _parts(text: str, level: int) -> Iterator[str]:
    """The parts of a text, each with what it ends with."""
    start = 0
    for end in _ENDS[level].finditer(text):
        if end.end() == start or (_ENDS[level] is _SENTENCES and _is_shortened(text, end)):
            continue
        yield text[start : end.end()]
        start = end.end()
    if start < len(text):
        yield text[start:]


def _is_shortened(text: str, end: re.Match[str]) -> bool:
    return _SHORTENED.search(text, max(end.start() - 12, 0), end.end()) is not None
