"""Lists of pages: terms with what is said of them, and items with those below them."""

import re
from collections.abc import Sequence

TERM, TERM_END, TOLD, TOLD_END, ITEM, BELOW = "\x01\x02\x03\x04\x05\x06"
"""Marks that no text has: a term, what is said of it, an item, and a list in it that begins."""

_MARKS = re.compile(f"([{TERM}{TERM_END}{TOLD}{TOLD_END}])")
_ITEM_WITH_OTHERS = re.compile(rf"{ITEM}([^{ITEM}{BELOW}]*){BELOW}\s*")
_MARKS_OF_ITEMS = re.compile(f"[{ITEM}{BELOW}]")
_LONGEST_HEAD = 20
"""Words of an item that heads those below it."""

_Part = tuple[str, str]
"""The mark of a term or of what is said of it, or "", and a text."""


def lists_told(text: str) -> str:
    """A text with marks as one without: "term: what is said of it" in a line, "item:" above those below it."""
    text = _MARKS_OF_ITEMS.sub(
        "", _ITEM_WITH_OTHERS.sub(lambda found: f"{heading(found[1].strip())}\n", text)
    )
    open_ones: list[tuple[str, list[_Part]]] = [("", [])]

    def end() -> None:
        if len(open_ones) > 1:
            mark, parts = open_ones.pop()
            open_ones[-1][1].append((mark, _joined(parts).strip()))

    for part in _MARKS.split(text):
        if part in (TERM, TOLD):
            open_ones.append((part, []))
        elif part in (TERM_END, TOLD_END):
            end()
        else:
            open_ones[-1][1].append(("", part))
    while len(open_ones) > 1:
        end()
    return _joined(open_ones[0][1])


def heading(item: str) -> str:
    """An item of a list as what those below it stand under."""
    return f"{item}:" if item[-1:] not in ".!?:;," and len(item.split()) <= _LONGEST_HEAD and item else item


def _joined(parts: Sequence[_Part]) -> str:
    """Texts in order, with terms and what follows them in lines of their own."""
    said: list[str] = []
    terms: list[str] = []
    told: list[str] = []
    for mark, text in (*parts, ("", "")):
        if mark == TOLD:
            told.append(text)
            continue
        if not mark and not text.strip() and text:
            if not terms and not told:
                said.append(text)
            continue
        if told or not mark:
            said += _lines(terms, told)
            terms, told = [], []
        if mark:
            terms.append(text)
        else:
            said.append(text)
    return "".join(said)


def _lines(terms: list[str], told: list[str]) -> list[str]:
    term = ", ".join(filter(None, terms))
    if not told or not term:
        return [f"{one}\n" for one in filter(None, [term, *told])]
    if any("\n" in one or ": " in one for one in told):
        return [f"{heading(term)}\n", *(f"{one}\n\n" for one in told)]
    return [f"{term.rstrip(': ')}: {', '.join(told)}\n"]
