"""PDF, page by page, by pypdf."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unicodedata import normalize

from ..errors import RagError
from .text import cleaned
from .wrapping import unwrapped

LARGEST = 2**28
"""Bytes of a file."""

_MOST_PAGES = 10_000
_LARGEST_PAGE = 2**22
"""Bytes of a page's drawing; a dense page of text has some 50,000."""

_MOST_STEPS = 1_000_000
"""Of a page's drawing: forms that draw forms that draw forms are the PDF's way to make a bomb."""

_LONGEST_PAGE = 2**18
"""Letters."""

_LIGATURES = {letter: normalize("NFKC", chr(letter)) for letter in range(0xFB00, 0xFB07)}
"""Letters that fonts set as one: "fl" of "flow"."""


def read_pdf(path: Path) -> Iterator[tuple[int, str | RagError]]:
    """The number and text of each page, or why it cannot be read; "" of a page of pictures, nothing of an empty one.

    Raises:
        RagError: pypdf is not installed, or the file is too large, encrypted or no PDF.
    """
    try:
        import pypdf
    except ImportError:
        raise RagError("reading PDF needs pypdf: pip install 'rsvlm[documents]'") from None
    if path.stat().st_size > LARGEST:
        raise RagError(f"has more than {LARGEST >> 20} MiB; cut it into smaller files")
    with path.open("rb") as file, _quiet():
        try:
            reader = pypdf.PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise RagError("is encrypted; save it without a password")
            pages = len(reader.pages)
        except RagError:
            raise
        except pypdf.errors.DependencyError:
            raise RagError("is encrypted; save it without a password") from None
        except Exception as error:  # pypdf raises whatever a damaged file leads it to
            raise RagError(f"is no PDF that can be read ({type(error).__name__}: {error})") from None
        for number in range(min(pages, _MOST_PAGES)):
            try:
                text = _text(page := reader.pages[number])
                if text or _has_pictures(page):
                    yield number + 1, text
            except Exception as error:
                yield number + 1, RagError(f"cannot be read ({type(error).__name__}: {error})")
    if pages > _MOST_PAGES:
        yield _MOST_PAGES + 1, RagError(f"and all after it are left out; {_MOST_PAGES:,} are the most")


def _text(page: Any) -> str:
    contents = page.get_contents()
    if contents is not None and len(contents.get_data()) > _LARGEST_PAGE:
        raise RagError(f"its drawing has more than {_LARGEST_PAGE >> 20} MiB")
    steps = 0

    def count(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps > _MOST_STEPS:
            raise RagError(f"its drawing has more than {_MOST_STEPS:,} steps")

    text = unwrapped(cleaned(page.extract_text(visitor_operand_before=count)).translate(_LIGATURES))
    if len(text) > _LONGEST_PAGE:
        raise RagError(f"has more than {_LONGEST_PAGE:,} letters")
    return text


def _has_pictures(page: Any) -> bool:
    resources = page.get("/Resources")
    drawn = resources and resources.get_object().get("/XObject")
    return drawn is not None and any(
        one.get_object().get("/Subtype") == "/Image" for one in drawn.get_object().values()
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without pypdf's warnings of what it mended."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
