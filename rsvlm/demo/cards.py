"""Evidence as HTML: a card each, with its picture, its text, where it is from, and why it was found."""

import re
from collections.abc import Sequence

from rsvlm.rag import Evidence
from rsvlm.retrieval.thumbnails import Thumbnails

from .escaping import data_address, plain
from .evidencepictures import evidence_picture

SIDE = 200
"""Pixels of a picture on a card."""
_CITED, _FOUND = 700, 280
"""Characters that are shown of a text that is cited, and of one that was only found."""
_CUT_FRONT, _CUT_BACK = re.compile(r"^\S{0,30}\s+"), re.compile(r"\s+\S{0,30}$")
"""What is left of a word where a text was cut; longer ones are no words, but scripts without blanks."""


def evidence_cards(evidence: Sequence[Evidence], *, cited: bool, empty: str = "") -> str:
    """Return cards.

    Args:
        evidence: The best first.
        cited: Whether an answer cites them by their numbers; else they are what was found, by rank.
        empty: What is said where there are none.
    """
    name = "evidence" if cited else "found"
    if not evidence:
        return f'<p class="quiet">{plain(empty)}</p>' if empty else ""
    with Thumbnails(SIDE) as thumbnails:
        cards = [_card(one, name, _picture(one, thumbnails), _CITED if cited else _FOUND) for one in evidence]
    return f'<ol class="cards {name}">{"".join(cards)}</ol>'


def _picture(one: Evidence, thumbnails: Thumbnails) -> str:
    if one.chunk.image is None:
        return ""
    picture = evidence_picture(one.chunk, thumbnails)
    if picture is None:
        return '<span class="none">its picture cannot be opened</span>'
    return f'<img src="{data_address(picture, SIDE)}" alt="What this evidence is about">'


def _card(one: Evidence, name: str, picture: str, length: int) -> str:
    facts = "".join(f"<li>{plain(fact)}</li>" for fact in _facts(one))
    return (
        f'<li id="{name}-{one.number}" tabindex="-1"><span class="number" aria-hidden="true">{one.number}</span>'
        f'{picture}<div><p class="source">{plain(one.title)}</p>'
        f"<blockquote>{marked(one.chunk.text, one.quote, length)}</blockquote>"
        f'<ul class="facts">{facts}</ul></div></li>'
    )


def marked(text: str, quote: str, length: int = _CITED) -> str:
    """Return a text as HTML with a sentence of it marked; of a long one, what stands around that."""
    match = re.search(r"\s+".join(map(re.escape, quote.split())), text) if quote.strip() else None
    start, end = match.span() if match else (0, 0)
    first = max(0, min(start, (start + end - length) // 2))
    last = max(end, first + length)
    before, within, after = text[first:start], text[start:end], text[end:last]
    if first and not text[first - 1].isspace():
        before = _CUT_FRONT.sub("", before)
    if last < len(text) and not text[last].isspace():
        after = _CUT_BACK.sub("", after)
    return (
        ("… " if first else "")
        + plain(before)
        + (f"<mark>{plain(within)}</mark>" if within else "")
        + plain(after)
        + (" …" if last < len(text) else "")
    )


def _facts(one: Evidence) -> list[str]:
    chunk = one.chunk
    parts = [("words", one.by_words), ("meaning", one.by_text), ("picture", one.by_image)]
    why = ", ".join(f"{name} {value:.2f}" for name, value in parts if value is not None)
    found = [f"score {one.score:.2f}" + (f" ({why})" if why else ""), chunk.type]
    if one.km is not None:
        found.append(f"{one.km:,.1f} km away")
    if chunk.datetime is not None:
        found.append(f"{chunk.datetime:%Y-%m-%d}")
    if chunk.labels:
        found.append(", ".join(chunk.labels[:5]))
    if chunk.licence:
        found.append(chunk.licence)
    return found
