"""Variables, words with digits and single letters in what a statement says and stands under."""

import re

from .names import has_word


def has_code(code: str, text: str) -> bool:
    """Whether a text has a variable, a word with digits, or a letter that tells things apart: "tower B"."""
    if len(code) == 1:
        return re.search(rf"(?<=\w )(?<![.!?] ){code}(?!\w)", text) is not None
    return has_word(code.replace("_", " "), text.replace("_", " "))


def is_of(code: str, around: str) -> bool:
    """Whether what a statement stands under has a code, but not as the name of another value: "ALBEDO: 0.16"."""
    return any(has_code(code, line.rpartition(": ")[2]) for line in around.splitlines())
