"""Texts to the words that are compared: of any script, in lower case, numbers and tags included."""

import re
import unicodedata
from functools import cache

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters, which are written without spaces: each is a word."""
_ACCENTS = re.compile("([a-z\u0370-\u03ff])[\u0300-\u036f]+")
"""Latin and Greek letters with accents, which people leave out; elsewhere such a mark may make another letter."""


def tokens(text: str) -> list[str]:
    """Return the words of a text: "natural=water, 0.5 m" has natural, water, 0.5 and m.

    Words are letters and digits, whatever stands between them; letters are folded ("Straße" and "STRASSE" are one, and
    so are "Café" and "cafe"), and not stemmed ("court" and "courts" are two).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        bare = _ACCENTS.sub(r"\1", unicodedata.normalize("NFD", folded.replace("\u0131", "i")))
        folded = unicodedata.normalize("NFC", bare)
    return _pattern().findall(folded)


@cache
def _pattern() -> re.Pattern[str]:
    # vowel signs belong to a word, and Python's \w leaves them out
    signs = "".join(chr(n) for n in range(0x300, 0x10000) if unicodedata.category(chr(n)) in ("Mn", "Mc"))
    letter = rf"[^\W_{_UNSPACED}]"
    return re.compile(rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|{letter}(?:{letter}|[{signs}])*")
