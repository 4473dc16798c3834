"""Vectors of texts that are asked for again and again, each made once."""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from rsvlm.retrieval.stored import Vectors


class Remembered:
    """Makes vectors of texts and keeps them; several threads may ask.

    Args:
        encode: Makes (n, d) vectors of n texts.
        most: How many are kept; with more it begins anew.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], most: int) -> None:
        self._encode, self._most = encode, most
        self._known: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """(n, d) vectors of n >= 1 texts."""
        with self._lock:
            if len(self._known) > self._most:
                self._known = {}
            known = self._known  # another thread may begin anew while texts are encoded here
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, self._encode(new), strict=True))
        return np.stack([known[text] for text in texts])
