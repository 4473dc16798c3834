"""PIL images of any mode as RGB of 8 bits."""

from typing import Any

import numpy as np
from PIL import Image

_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of more than 8 bits a sample, which PIL would clip at 255: nearly all of a 16-bit image turns white."""


def rgb_of(image: Image.Image) -> Image.Image:
    """Return a PIL image in RGB; transparency is dropped, as other CLIP programs do.

    Samples of more than 8 bits are shown from their smallest to their largest value.
    """
    if image.mode in _DEEP:
        return Image.fromarray(_stretched(np.asarray(image))).convert("RGB")
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        image = image.convert("RGBA")  # the same colours; straight to RGB, PIL warns
    elif image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGB")


def _stretched(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Stretch samples to 8 bits; what is not finite is black."""
    wide = values.astype(np.float64)
    finite = np.isfinite(wide)
    if not finite.any():
        return np.zeros(wide.shape, np.uint8)
    low, high = wide[finite].min(), wide[finite].max()
    scaled = np.where(finite, (wide - low) / max(high - low, 1e-300), 0.0)
    shown: np.ndarray[Any, np.dtype[np.uint8]] = np.rint(scaled * 255).astype(np.uint8)
    return shown
