"""Evidence that says the same twice, left out."""

import re
from collections.abc import Sequence

import numpy as np

from rsvlm.retrieval.stored import Vectors

from .chunk import CAPTION, Chunk

_ALIKE = 0.95
"""Cosine of sentence vectors from which on two texts say the same."""
_BLANK = re.compile(r"\W+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def folded(chunks: Sequence[Chunk], vectors: Vectors, k: int) -> list[int]:
    """Return the places of the first k chunks that say something new, in order.

    Captions of one picture say the same in other words, as texts do whose vectors are alike. Two texts with different
    numbers never do, however alike their words are: the value of one month is not that of another.

    Args:
        chunks: The best first.
        vectors: (n, d) of unit length, one each.
        k: How many.
    """
    kept: list[int] = []
    plain = [_BLANK.sub(" ", one.text).strip().casefold() for one in chunks]
    numbers = [_NUMBER.findall(one.text) for one in chunks]
    pictures = [one.image if one.type == CAPTION else None for one in chunks]
    for place in range(len(chunks)):
        if len(kept) == k:
            break
        alike = vectors[kept] @ vectors[place] >= _ALIKE if kept else np.zeros(0, bool)
        if not any(
            plain[one] == plain[place]
            or (pictures[place] is not None and pictures[one] == pictures[place])
            or (like and numbers[one] == numbers[place])
            for one, like in zip(kept, alike.tolist(), strict=True)
        ):
            kept.append(place)
    return kept
