"""What people pass as a picture, as the RGB PIL image that preprocessing takes."""

from typing import Any

import numpy as np
from PIL import Image as PillowImage

from rsvlm.imagery.rgb import rgb_of
from rsvlm.models.errors import ModelError


def rgb_picture(image: Any) -> PillowImage.Image:
    """Return a picture in RGB.

    Args:
        image: A PIL image of any mode (transparency is dropped, as in other CLIP programs; samples of more than 8
            bits are shown from their smallest to their largest value), or a (height, width, 3) uint8 array.

    Raises:
        ModelError: It is something else, or has no pixels.
    """
    if isinstance(image, PillowImage.Image):
        if 0 in image.size:
            raise ModelError(f"an image of {image.width} x {image.height} pixels has nothing to encode")
        return rgb_of(image)
    if not isinstance(image, np.ndarray):
        raise ModelError(
            f"an image must be a PIL image or a (height, width, 3) uint8 array, not {type(image).__name__}"
        )
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ModelError(
            f"an image array must be (height, width, 3) uint8, not {image.shape} {image.dtype}: "
            "bring it to three bands of 8 bits first"
        )
    return PillowImage.fromarray(image)
