"""Bytes as text, and text as chunks can hold it."""

import codecs
import re
from pathlib import Path

from ..errors import RagError
from ..unseen import without_unseen

LARGEST = 2**24
"""Bytes of a document that is read whole: a book of 3,000 pages has some 10 MB of text."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_CHARSETS = (
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "idna",
    "punycode",
    "utf_7",
    "utf7",
    "u7",
)
"""What Python can decode and no page is in: some turn plain letters into others."""
_UNSTORABLE = re.compile("[\xad\ud800-\udfff]")
"""Soft hyphens, which part words, and halves of letters."""
_PARTED = re.compile("\xad[ \t]*\n[ \t]*")
"""A soft hyphen where a line ends within a word."""
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_LONGEST_WHERE = 160
_FIRST = 4096
"""Bytes by which UTF-16 without a mark is known."""
_MANY = 0.7
"""Of the high bytes, what is zero at least."""


def cleaned(text: str) -> str:
    """A text that can be stored and shown: without what nobody sees, lone surrogates and white space around it."""
    whole = _PARTED.sub("", _LINE_ENDS.sub("\n", text))
    return without_unseen(_UNSTORABLE.sub("", whole)).strip()


def looked_up(where: str, taken: dict[str, int]) -> str:
    """A place in a source as keys have it: in one line, without "#", and once only.

    Args:
        where: What a person would look up.
        taken: Those that there are, and the number that the next of the same name gets; this one is added.
    """
    line = " ".join(cleaned(where).replace("#", "\uff03").split())[:_LONGEST_WHERE].strip() or "1"
    own = line
    while own in taken:
        own = f"{line}, {taken[line]}"
        taken[line] += 1
    taken[own] = 2
    return own


def encoding_of(start: bytes, *, whole: bool = True) -> str | None:
    """The encoding of a text by its first bytes; None: it is none of Unicode's.

    Args:
        start: What it begins with.
        whole: Whether that is all of it; if not, a sign may be cut off at the end.
    """
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if (unmarked := _unmarked(start[:_FIRST])) is not None:
        return unmarked
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=whole)
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _unmarked(start: bytes) -> str | None:
    """Which UTF-16 a text without a mark is in: nearly every second byte of one in Latin letters is zero."""
    even, odd = start[::2], start[1::2]
    for high, low, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if high and high.count(0) > _MANY * len(high) and not low.count(0):
            return name
    return None


def decoded(content: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Return a text, and a note where its encoding had to be guessed.

    Args:
        content: The bytes of a text.
        declared: The encoding that it says it has, which is tried where it is no Unicode.

    Raises:
        RagError: It is no text.
    """
    name = encoding_of(content)
    if name in (None, "utf-8") and b"\0" in content[:4096]:
        raise RagError("is no text")
    if name is not None:
        return content.decode(name, errors="replace"), None
    for guess in filter(None, (declared, "cp1252")):
        if guess.lower().replace("-", "_") in _NO_CHARSETS:
            continue
        try:
            return content.decode(guess), f"is no UTF-8; read as {guess}"
        except (UnicodeError, LookupError):
            continue
    return content.decode("latin-1"), "is no UTF-8; read as latin-1"


def read_whole(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a file that is not too large to be held whole.

    Raises:
        RagError: It is larger, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise RagError(f"cannot be read ({error.strerror or error})") from None
    if len(content) > largest:
        raise RagError(f"has more than {largest >> 20} MiB; cut it into smaller files")
    return content
