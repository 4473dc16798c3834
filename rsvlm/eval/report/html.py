"""Pieces of HTML that all pages here are made of. What others wrote goes through `text` or `escape`."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from rsvlm.offlinepage import offline_page

from .drawings import Drawing
from .picture import cut, to_svg

LONGEST = 300
"""Letters of one text from outside."""


def page(title: str, lead: str, body: Iterable[str]) -> Iterable[str]:
    """A whole page: complete in itself, without scripts, and forbidden to load anything from anywhere.

    Args:
        title: Its name; not yet escaped.
        lead: What stands below it, as HTML.
        body: Its sections, as HTML.
    """
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    return offline_page(cut(title, LONGEST), lead, style, body)


def text(given: object, most: int = LONGEST) -> str:
    """A text from outside: one line, of bounded length, escaped."""
    return escape(cut(str(given), most))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, wide: bool = False) -> str:
    """A table that scrolls sideways where it is too wide.

    Args:
        caption: What it is, as HTML; "" for none.
        head: Cells of its head, from `head_cell`.
        rows: Cells, from `cell` and `row_head`.
        wide: Whether it takes all the width that there is.
    """
    named = f"<caption>{caption}</caption>" if caption else ""
    kind = " class=wide" if wide else ""
    body = "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="group"><table{kind}>{named}<thead><tr>{"".join(head)}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def head_cell(content: str, *, number: bool = False) -> str:
    """A cell of a table's head, from HTML."""
    return f'<th scope="col"{" class=number" if number else ""}>{content}</th>'


def row_head(content: str) -> str:
    """The first cell of a row, from HTML."""
    return f'<th scope="row">{content}</th>'


def cell(content: str, *, number: bool = False, kind: str = "") -> str:
    """A cell from HTML."""
    kind = kind or ("number" if number else "")
    return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"


def bar(
    value: float, *, ends: tuple[float, float] | None = None, chance: float | None = None, label: str = ""
) -> str:
    """A bar of a share 0..1, with a whisker over its interval and a stroke where guessing would be."""
    parts = ['<rect class="line" width="100" height="12" fill-opacity="0.45"/>']
    parts.append(f'<rect class="value" width="{_percent(value)}" height="12"/>')
    if ends is not None:
        low, high = (_percent(end) for end in ends)
        parts.append(f'<line class="whisker" x1="{low}" x2="{high}" y1="6" y2="6"/>')
    if chance is not None:
        place = _percent(chance)
        parts.append(f'<line class="chance" x1="{place}" x2="{place}" y1="-1" y2="13"/>')
    return (
        f'<svg class="inline" role="img" aria-label="{escape(label)}" viewBox="0 0 100 12" '
        f'preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def figure(drawing: Drawing, kind: str = "curve") -> str:
    """A diagram with its heading and note."""
    note = f'<p class="note">{escape(drawing.note)}</p>' if drawing.note else ""
    inner = to_svg(drawing.picture)
    if kind != "curve":
        inner = f'<div class="scroll" tabindex="0" role="group">{inner}</div>'
    return f'<figure class="{kind}"><h3>{escape(drawing.heading)}</h3>{note}{inner}</figure>\n'


def data_uri(content: bytes) -> str:
    """A JPEG as the source of an image."""
    return "data:image/jpeg;base64," + base64.b64encode(content).decode("ascii")


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0), 1):.1f}".removesuffix(".0")
