"""Evidence that says the same twice, left out."""

import re
from collections.abc import Sequence

import numpy as np

from rsvlm.retrieval.stored import Vectors

_ALIKE = 0.95
"""Cosine of sentence vectors from which on two texts say the same."""
_BLANK = re.compile(r"\W+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def folded(texts: Sequence[str], vectors: Vectors, k: int) -> list[int]:
    """Return the places of the first k texts that say something new, in order.

    Two texts with different numbers never say the same, however alike their words are: the value of one month is not
    that of another.

    Args:
        texts: The best first.
        vectors: (n, d) of unit length, one each.
        k: How many.
    """
    kept: list[int] = []
    plain = [_BLANK.sub(" ", text).strip().casefold() for text in texts]
    numbers = [_NUMBER.findall(text) for text in texts]
    for place in range(len(texts)):
        if len(kept) == k:
            break
        alike = vectors[kept] @ vectors[place] >= _ALIKE if kept else np.zeros(0, bool)
        if not any(
            plain[one] == plain[place] or (like and numbers[one] == numbers[place])
            for one, like in zip(kept, alike.tolist(), strict=True)
        ):
            kept.append(place)
    return kept
