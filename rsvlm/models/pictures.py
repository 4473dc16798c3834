"""What people pass as a picture, as the RGB PIL image that preprocessing takes."""

from typing import Any

import numpy as np
from PIL import Image as PillowImage

from rsvlm.models.errors import ModelError

_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of more than 8 bits a sample, which PIL would clip at 255: nearly all of a 16-bit image turns white."""


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
        return _converted(image)
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


def _converted(image: PillowImage.Image) -> PillowImage.Image:
    if image.mode in _DEEP:
        return PillowImage.fromarray(_shown(np.asarray(image))).convert("RGB")
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        image = image.convert("RGBA")  # the same colours; straight to RGB, PIL warns
    elif image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGB")


def _shown(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Stretch samples to 8 bits; what is not finite is black."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    if not finite.any():
        return np.zeros(wide.shape, np.uint8)
    low, high = wide[finite].min(), wide[finite].max()
    scaled = np.where(finite, (wide - low) / max(high - low, 1e-300), 0.0)
    shown: np.ndarray[Any, np.dtype[np.uint8]] = np.rint(scaled * 255).astype(np.uint8)
    return shown
