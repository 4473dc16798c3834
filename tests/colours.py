"""A true encoder of three dimensions, and pictures of one colour."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASSES = ["red", "green", "blue"]


class Colours:
    """A true encoder of three dimensions: an image's vector is its mean colour, a text's the colours it names."""

    name, revision, dimension, image_size = "colours", "1", 3, 8

    def __init__(self) -> None:
        self.logit_scale = 100.0
        self.asked: list[str] = []

    def encode_images(self, images: Any) -> NDArray[np.float32]:
        means = np.stack([np.asarray(image, dtype=np.float64).mean(axis=(0, 1)) + 1e-3 for image in images])
        unit: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def encode_texts(self, texts: Any, *, normalize: bool = True) -> NDArray[np.float32]:
        self.asked += texts
        lengths = np.array([len(text) for text in texts])[:, None]
        vectors = np.array([[name in text for name in CLASSES] for text in texts]) * lengths + 0.1
        if normalize:
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        found: NDArray[np.float32] = vectors.astype(np.float32)
        return found


def plain(colour: tuple[int, int, int], size: int = 8) -> NDArray[np.uint8]:
    return np.full((size, size, 3), colour, dtype=np.uint8)
