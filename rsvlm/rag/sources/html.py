"""HTML as sections: what a reader of the page sees, without scripts, styles, navigation and hidden parts."""

import re
from collections import Counter
from html.parser import HTMLParser

from .grid import Cell, told
from .htmllists import BELOW, ITEM, TERM, TERM_END, TOLD, TOLD_END, lists_told
from .htmlparts import Element, Table
from .htmltags import (
    BLOCKS,
    CELLS,
    END_PARAGRAPHS,
    ENDED_BY,
    HEADINGS,
    LINES,
    OTHER_SCOPE,
    ROW_GROUPS,
    UNSEEN,
    VOID,
)
from .sections import Section

_TEN = re.compile(r"(?<![\d.,])10$")
_DEEPEST = 10
"""Tables, or lists of terms, within one another that are read as such."""
# Before Python 3.13.6, html.parser takes a time with the square of the length for what begins and does not end.
_REMARKS = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>", re.DOTALL)
_UNENDED = re.compile(r"<(?![^<>]*>)")

_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)


def charset_of(content: bytes) -> str | None:
    """The encoding that a page says it has."""
    found = _CHARSET.search(content[:4096])
    return found[1].decode("ascii", "ignore") if found else None


def read_html(text: str) -> tuple[str, list[Section]]:
    """Return the title of a page ("" where it has none) and its sections."""
    page = _Page()
    page.feed(_UNENDED.sub("&lt;", _REMARKS.sub("", text)))
    page.close()
    return page.finish()


class _Page(HTMLParser):
    """What has been read of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []
        self._names: Counter[str] = Counter()  # so that an end without its beginning need not be searched for
        self._hiding = 0
        self._sections: list[Section] = []
        self._level, self._heading = 0, ""
        self._title: list[str] = []
        self._text: list[str] = []
        self._raised: list[str] = []  # what ends each raised text that is open
        self._tables: list[Table] = []

    def finish(self) -> tuple[str, list[Section]]:
        """The title and the sections."""
        self._end_section(0)
        return " ".join("".join(self._title).split()), self._sections

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_before(tag)
        if tag in VOID:
            self._break(tag)
            return
        told_of = dict(attrs)
        hides = (
            tag in UNSEEN
            or "hidden" in told_of
            or told_of.get("aria-hidden") == "true"
            or told_of.get("role") == "navigation"
            or bool(_NOT_SHOWN.search(told_of.get("style") or ""))
        )
        around = bool(self._open) and self._open[-1].in_paragraph
        self._open.append(Element(tag, hides, tag == "p" or (around and tag not in OTHER_SCOPE)))
        self._names[tag] += 1
        self._hiding += hides
        if tag in HEADINGS and not self._hiding:
            self._end_section(HEADINGS[tag])
        if tag == "sup":
            self._raise()
        self._break(tag)
        if not self._hiding:
            self._begin_part(tag, told_of)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as HTMLParser calls it
        # nothing is in it that it could hide or head; as an open one it would, down to the end of the page
        self._end_before(tag)
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in HEADINGS and self._names[tag] and not self._hiding:
            self._heading, self._text = " ".join(_shown("".join(self._text)).split()), []
        if tag == "sup" and self._raised and not self._hiding:
            self._text.append(self._raised.pop())
        if self._names[tag]:
            self._close(tag)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        inside = self._open[-1].tag if self._open else ""
        if inside == "title" and not self._names["svg"]:
            self._title.append(data)
        elif not self._hiding:
            self._text.append(data if self._names["pre"] else re.sub(r"\s+", " ", data))

    def _end_before(self, tag: str) -> None:
        """End what ends where this element begins, if nothing said so before."""
        if tag in END_PARAGRAPHS and self._open and self._open[-1].in_paragraph:
            self._close("p")
        while self._open and self._open[-1].tag in ENDED_BY.get(tag, ()):
            self._close(self._open[-1].tag)

    def _close(self, tag: str) -> None:
        """End an element, and all in it that were not ended."""
        while True:
            ended = self._open.pop()
            self._names[ended.tag] -= 1
            if not self._hiding:
                self._end_part(ended.tag)
            self._hiding -= ended.hides
            if ended.tag == tag:
                return

    def _raise(self) -> None:
        """Keep raised digits out of the number before them: 10 to the 6 is not 106, nor a footnote part of a number."""
        if self._hiding:
            return
        before = "".join(self._text[-3:])
        power, after_digit = bool(_TEN.search(before)), before[-1:].isdigit()
        self._text.append("^" if power else " (" if after_digit else "")
        self._raised.append(")" if after_digit and not power else "")

    def _break(self, tag: str) -> None:
        if not self._hiding:
            self._text.append(
                "\n\n" if tag in BLOCKS else "\n" if tag in LINES else " " if tag in CELLS else ""
            )

    def _begin_part(self, tag: str, attributes: dict[str, str | None]) -> None:
        """Begin a table, a list, or a part of one."""
        if tag in ("dt", "dd") and self._names["dt"] + self._names["dd"] <= _DEEPEST:
            self._text.append(TERM if tag == "dt" else TOLD)
        elif tag == "li" or (tag in ("ul", "ol") and self._names["li"]):
            self._text.append(ITEM if tag == "li" else BELOW)
        if tag == "table" and self._names["table"] <= _DEEPEST:
            self._tables.append(Table(len(self._text)))
        if not self._tables:
            return
        table = self._tables[-1]
        if tag in ROW_GROUPS:
            table.in_head = tag == "thead"
        elif tag == "tr":
            table.rows.append([])
        elif tag in CELLS:
            table.rows = table.rows or [[]]
            table.cell, table.is_head = len(self._text), tag == "th" or table.in_head
            table.span = _count(attributes.get("colspan")), _count(attributes.get("rowspan"))

    def _end_part(self, tag: str) -> None:
        """End a table, a term, what is said of it, or a cell."""
        if tag in ("dt", "dd") and self._names["dt"] + self._names["dd"] < _DEEPEST:
            self._text.append(TERM_END if tag == "dt" else TOLD_END)
        if not self._tables:
            return
        table = self._tables[-1]
        if tag in CELLS and table.cell is not None:
            table.rows[-1].append(Cell(_shown("".join(self._text[table.cell :])), table.is_head, *table.span))
            del self._text[table.cell :]
            table.cell = None
        elif tag == "thead":
            table.in_head = False
        elif tag == "table" and self._names["table"] < _DEEPEST:
            del self._tables[-1]
            self._text += ["\n\n", told(table.rows), "\n\n"]

    def _end_section(self, next_level: int) -> None:
        for table in reversed(self._tables):  # a page that is laid out in a table
            self._text[table.start : table.start] = [told(table.rows), "\n\n"]
            table.rows, table.start = [[]], 0
            table.cell = None if table.cell is None else 0
        body = _shown("".join(self._text))
        if body or self._heading:
            self._sections.append(Section(self._level, self._heading, body))
        self._level, self._heading, self._text = next_level, "", []


def _shown(text: str) -> str:
    lines = re.sub(r"[ \t]*\n[ \t]*", "\n", lists_told(text))
    return re.sub(r"\n{3,}", "\n\n", lines).strip(" \t\n")


def _count(text: str | None) -> int:
    """How many columns or rows a cell spans."""
    return int(text) if text and text.isascii() and text.isdigit() and int(text[:5]) > 0 else 1
