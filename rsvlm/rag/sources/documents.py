"""Documents as chunks: Markdown, HTML, plain text and PDF."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rsvlm.datasets.times import moment

from ..chunk import Chunk
from ..errors import RagError
from .html import charset_of, read_html
from .markdown import front_matter, read_front_matter, read_markdown
from .nothing import is_empty
from .pdf import read_pdf
from .places import place_of
from .plain import read_plain
from .sections import chunks_of
from .source import Note
from .splitting import split
from .text import LARGEST, cleaned, decoded, read_whole

BLANK = Chunk(source="", where="", text="")
"""What chunks are made of by filling in what is known."""

LARGEST_MARKDOWN = 2**22
"""Bytes; what is made to be hard to parse takes a second for 100 kB."""

MARKDOWN = (".md", ".markdown", ".mkd")
HTML = (".html", ".htm", ".xhtml")
_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE)
PLAIN = (".txt", ".text", ".rst")

_NEEDS_OCR = "pages that are pictures need OCR first"


def read_document(path: Path, note: Note) -> Iterator[Chunk]:
    """The chunks of a file of text.

    Raises:
        RagError: It is too large, or no text.
    """
    content = read_whole(path, LARGEST_MARKDOWN if path.suffix.lower() in MARKDOWN else LARGEST)
    page = path.suffix.lower() in HTML or is_html(content)
    text, guessed = decoded(content, charset_of(content) if page else None)
    if guessed:
        note("", guessed)
    text = cleaned(text)
    if page:
        title, sections = read_html(text)
        yield from chunks_of(sections, BLANK, title)
        return
    if path.suffix.lower() not in MARKDOWN:
        yield from chunks_of(read_plain(text), BLANK)
        return
    front, body = front_matter(text)
    try:
        told = read_front_matter(front)
    except RagError as error:
        note("", f"{error}; left out")
        told = {}
    about, title = _about(told, note)
    yield from chunks_of(read_markdown(body), about, title)


def read_pages(path: Path, note: Note) -> Iterator[Chunk]:
    """The chunks of a PDF.

    Raises:
        RagError: It cannot be read, or has no text.
    """
    found = False
    pictures: list[int] = []
    for number, text in read_pdf(path):
        if isinstance(text, RagError):
            note(f"page {number}", str(text))
        elif not text:
            pictures.append(number)
        else:
            found = True
            for piece, words in enumerate(split(text), 1):
                yield replace(BLANK, where=f"page {number}, {piece}", text=words)
    if not found:
        raise RagError(f"has no text; {_NEEDS_OCR}")
    for number in pictures:
        note(f"page {number}", f"has no text; {_NEEDS_OCR}")


def is_html(content: bytes) -> bool:
    """Whether a file begins as a page of HTML."""
    return _HTML.match(content[:512].removeprefix(b"\xef\xbb\xbf")) is not None


def _about(told: Mapping[str, Any], note: Note) -> tuple[Chunk, str]:
    """Licence, place and time of all that a file says, and its title."""
    place = dict(told) if is_empty(told.get("place")) else {**told, "bbox": told["place"]}
    try:
        box = place_of(place)
    except RagError as error:
        note("", f"front matter: {error}; left out")
        box = None
    when = next((told[name] for name in ("datetime", "date", "time") if not is_empty(told.get(name))), None)
    licence = told.get("licence") or told.get("license")
    title = told.get("title")
    about = replace(
        BLANK,
        bbox=box,
        datetime=None if when is None else moment(when),
        licence=None if is_empty(licence) else cleaned(str(licence)),
    )
    return about, "" if is_empty(title) else cleaned(str(title))
