"""Classes that an encoder cannot tell apart, whatever is shown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import ClassificationError

SAME = 1 - 1e-5
"""Cosine from which two class vectors are one. What differs is rounding; other words are much farther away."""

_AT_ONCE = 1024
"""Classes whose cosines with all others are held at a time."""


def check_apart(names: Sequence[str], vectors: NDArray[np.float32], encoder: str) -> None:
    """Refuse classes with the same vector: each image is as near to one as to the other, and the first would have all.

    So it is where a text encoder has no tokens for a script, or drops accents.

    Args:
        names: Of the classes.
        vectors: float32 (classes, dimension).
        encoder: Its name.

    Raises:
        ClassificationError: Two classes are the same to the encoder.
    """
    # in float32 the rounding of long sums comes near to what is asked
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    wide /= np.where(lengths == 0, 1.0, lengths)
    for first in range(0, len(wide), _AT_ONCE):
        cosines = np.triu(wide[first : first + _AT_ONCE] @ wide[first:].T, k=1)
        pairs = np.argwhere(cosines >= SAME)
        if len(pairs):
            one, other = (names[first + int(place)] for place in pairs[0])
            raise ClassificationError(
                f"encoder {encoder} reads the classes {one!r} and {other!r} alike, so that nothing could tell them "
                "apart: give other words for one of them"
            )
