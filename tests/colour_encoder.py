"""An encoder without a model that tells woods from water: by the colour of pictures, and by that of what words name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREEN, BLUE = (30, 140, 40), (20, 60, 190)
WORDS = {GREEN: "forest tree trees wood grass", BLUE: "water river lake sea"}


class ColourEncoder:
    name, revision, dimension, image_size = "colours", "1", 4, 16

    def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
        return _unit(
            [[*np.asarray(one, np.float64).reshape(-1, 3).mean(axis=0) / 255, 0.2] for one in images]
        )

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _unit([[*_colour(text), 0.2] for text in texts])


def _colour(text: str) -> tuple[float, ...]:
    named = [rgb for rgb, words in WORDS.items() if set(words.split()) & set(text.lower().split())]
    return tuple(channel / 255 for channel in named[0]) if named else (0.4, 0.3, 0.3)


def _unit(rows: Any) -> NDArray[np.float32]:
    vectors = np.array(rows, np.float64)
    found: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found
