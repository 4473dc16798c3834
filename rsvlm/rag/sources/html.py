"""HTML as sections: what a reader of the page sees, without scripts, styles, navigation and hidden parts."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import NamedTuple

from .sections import Section

_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)  # they have no end
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "nav", "head", "svg", "math", "iframe", "object", "canvas", "audio",
     "video", "select", "button"}
)  # fmt: skip
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
     "figure", "footer", "form", "header", "hr", "main", "ol", "p", "pre", "section", "summary", "table", "ul"}
)  # fmt: skip
_LINES = frozenset({"br", "li", "tr"})
_CELLS = frozenset({"td", "th"})
_CELL = "\x1f"
"""Begins a cell of a table in the text of a section; white space, so that no page has it."""
_TEN = re.compile(r"(?<![\d.,])10$")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LIST_PARTS, _TABLE_PARTS = frozenset({"dd", "dt"}), frozenset({"tr", "td", "th"})
_ENDED_BY = {
    "li": frozenset({"li"}), "dd": _LIST_PARTS, "dt": _LIST_PARTS, "tr": _TABLE_PARTS, "td": _CELLS, "th": _CELLS,
    "option": frozenset({"option"}),
}  # fmt: skip
"""Elements that need no end, by what ends them where it begins."""
_END_PARAGRAPHS = frozenset({*_BLOCKS, *_HEADINGS, *_TABLE_PARTS, "li", "nav"})
_OTHER_SCOPE = frozenset({"table", "caption", "td", "th", "button", "object", "template"})
"""Elements in which nothing ends a paragraph that is open around them."""

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


class _Element(NamedTuple):
    """An element that is open.

    Attributes:
        tag: What it is.
        hides: Whether what is in it is not seen.
        in_paragraph: Whether a block that begins in it ends a paragraph.
    """

    tag: str
    hides: bool
    in_paragraph: bool


class _Page(HTMLParser):
    """What has been read of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[_Element] = []
        self._names: Counter[str] = Counter()  # so that an end without its beginning need not be searched for
        self._hiding = 0
        self._sections: list[Section] = []
        self._level, self._heading = 0, ""
        self._title: list[str] = []
        self._text: list[str] = []
        self._raised: list[str] = []  # what ends each raised text that is open

    def finish(self) -> tuple[str, list[Section]]:
        """The title and the sections."""
        self._end_section(0)
        return " ".join("".join(self._title).split()), self._sections

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_before(tag)
        if tag in _VOID:
            self._break(tag)
            return
        told = dict(attrs)
        hides = (
            tag in _UNSEEN
            or "hidden" in told
            or told.get("aria-hidden") == "true"
            or told.get("role") == "navigation"
            or bool(_NOT_SHOWN.search(told.get("style") or ""))
        )
        around = bool(self._open) and self._open[-1].in_paragraph
        self._open.append(_Element(tag, hides, tag == "p" or (around and tag not in _OTHER_SCOPE)))
        self._names[tag] += 1
        self._hiding += hides
        if tag in _HEADINGS and not self._hiding:
            self._end_section(_HEADINGS[tag])
        if tag == "sup":
            self._raise()
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as HTMLParser calls it
        # nothing is in it that it could hide or head; as an open one it would, down to the end of the page
        self._end_before(tag)
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self._names[tag] and not self._hiding:
            self._heading, self._text = " ".join("".join(self._text).split()), []
        if tag == "sup" and self._raised and not self._hiding:
            self._text.append(self._raised.pop())
        if self._names[tag]:
            self._close(tag)
        self._break(tag, begins=False)

    def handle_data(self, data: str) -> None:
        inside = self._open[-1].tag if self._open else ""
        if inside == "title" and not self._names["svg"]:
            self._title.append(data)
        elif not self._hiding:
            self._text.append(data if self._names["pre"] else re.sub(r"\s+", " ", data))

    def _end_before(self, tag: str) -> None:
        """End what ends where this element begins, if nothing said so before."""
        if tag in _END_PARAGRAPHS and self._open and self._open[-1].in_paragraph:
            self._close("p")
        while self._open and self._open[-1].tag in _ENDED_BY.get(tag, ()):
            self._close(self._open[-1].tag)

    def _close(self, tag: str) -> None:
        """End an element, and all in it that were not ended."""
        while True:
            ended = self._open.pop()
            self._names[ended.tag] -= 1
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

    def _break(self, tag: str, *, begins: bool = True) -> None:
        if not self._hiding:
            cell = _CELL if tag in _CELLS and begins else ""
            self._text.append("\n\n" if tag in _BLOCKS else "\n" if tag in _LINES else cell)

    def _end_section(self, next_level: int) -> None:
        text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(self._text))
        text = re.sub(rf"(?m)^{_CELL}[ \t]*", "", text)
        # cells with nothing in them count, or what is behind them would stand below other names
        text = re.sub(rf"[ \t]*{_CELL}[ \t]*", " | ", text)
        body = re.sub(r"\n{3,}", "\n\n", text).strip(" \t\n")
        if body or self._heading:
            self._sections.append(Section(self._level, self._heading, body))
        self._level, self._heading, self._text = next_level, "", []
