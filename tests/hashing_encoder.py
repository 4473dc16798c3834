"""An encoder of texts without a model: the sum of a random vector for each word. It counts what it encodes."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class HashingEncoder:
    def __init__(self, revision: str = "1", dimension: int = 24) -> None:
        self.name, self.revision, self.dimension, self.image_size = "hashing", revision, dimension, 32
        self.encoded: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        found = np.stack([sum(self._vector(word) for word in text.split()) for text in texts])
        unit: NDArray[np.float32] = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
        raise NotImplementedError

    def _vector(self, word: str) -> NDArray[np.float64]:
        seed = hashlib.sha256(f"{self.revision} {word}".encode()).digest()[:8]
        return np.random.default_rng(int.from_bytes(seed, "big")).normal(size=self.dimension)
