"""Texts to the words that are compared: of any script, in lower case, numbers and tags included."""

import re
import unicodedata
from functools import cache

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters, which are written without spaces: each is a word."""


def tokens(text: str) -> list[str]:
    """Return the words of a text: "natural=water, 0.5 m" has natural, water, 0.5 and m.

    Words are letters and digits, whatever stands between them; letters are folded ("Straße" and "STRASSE" are one), and
    not stemmed ("court" and "courts" are two).
    """
    return _pattern().findall(unicodedata.normalize("NFKC", text).casefold())


@cache
def _pattern() -> re.Pattern[str]:
    # vowel signs belong to a word, and Python's \w leaves them out
    signs = "".join(chr(n) for n in range(0x300, 0x10000) if unicodedata.category(chr(n)) in ("Mn", "Mc"))
    letter = rf"[^\W_{_UNSPACED}]"
    return re.compile(rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|{letter}(?:{letter}|[{signs}])*")
