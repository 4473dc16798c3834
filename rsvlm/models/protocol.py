"""What an encoder is: any object with these four attributes and two methods; and what serves texts alone."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

Image = PillowImage.Image | npt.NDArray[np.uint8]
"""A picture: a PIL image, or a (height, width, 3) uint8 array of red, green and blue."""


@runtime_checkable
class Encoder(Protocol):
    """Turns images and texts into unit vectors of one space, so that their dot product is a cosine.

    The encoders of this package have more, which a caller may use where it is there (`getattr` with a default):
    `logit_scale` and `logit_bias` (learned with the model; CLIP's scale is 100 where absent), `info` (all that
    decided the vectors, JSON-able), `encode_texts(..., normalize=False)`, `count_cut` (how many texts are longer than
    the model reads), and `prepare` with `encode_prepared` (preprocessing in threads beside the device).

    Attributes:
        name: What the user called it: "ViT-B-32/openai", "remoteclip-vit-b-32", "hf:google/siglip2-...".
        revision: Identifies the weights: "sha256:<16 hex digits>" of the file, or a commit of the hub.
        dimension: Length of the vectors.
        image_size: Side of the square that the model sees, in pixels.
    """

    name: str
    revision: str
    dimension: int
    image_size: int

    def encode_images(self, images: Sequence[Image]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) float32 of unit length, in the order of `images`, each once."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) float32 of unit length, in the order of `texts`, each once."""
        ...


@runtime_checkable
class TextEncoder(Protocol):
    """Turns texts into unit vectors. Every `Encoder` is one.

    Where it also has `encode_queries`, that is taken for what is asked: some models put other words before a question
    than before what answers it.

    Attributes:
        name: What the user called it.
        revision: Identifies the weights.
        dimension: Length of the vectors.
    """

    name: str
    revision: str
    dimension: int

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (n, dimension) float32 of unit length, in the order of `texts`."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Judges how well texts answer a question, reading both together."""

    def score(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return (n,) scores, the higher the better."""
        ...
