"""Texts cut into pieces that an encoder of images and texts reads whole: CLIP's reads 77 tokens and drops the rest."""

import re
from collections.abc import Iterator

_WORDS = 45
"""Of a piece, at most: some 60 tokens of English, 77 with long names and numbers."""
_CHARACTERS = 280
"""Of a piece, at most: scripts without blanks have no words to count."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


def pieces_of(text: str) -> list[str]:
    """Return a text in pieces of whole sentences where that goes, else of whole words, in order; at least one."""
    found: list[str] = []
    for part in _parts(text):
        if found and _fits(f"{found[-1]} {part}"):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found or [text[:_CHARACTERS]]


def _fits(text: str) -> bool:
    return len(text) <= _CHARACTERS and len(text.split()) <= _WORDS


def _parts(text: str) -> Iterator[str]:
    """Sentences; of those that are too long, words; of words that are too long, characters."""
    for sentence in _SENTENCE.split(text):
        sentence = sentence.strip()
        if not sentence:
            continue
        if _fits(sentence):
            yield sentence
            continue
        for word in sentence.split():
            yield from (word[start : start + _CHARACTERS] for start in range(0, len(word), _CHARACTERS))
