"""Text from anybody, made harmless: the one way by which it comes onto the page."""

import base64
import io
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

# Marks of the templates that Gradio fills in in the browser.
_TEMPLATE = {ord(mark): f"&#{ord(mark)};" for mark in "${}`"}
# What nobody sees: control characters but tab and line end, marks that turn the direction of writing around and so make
# a text look like another one, blanks without width, and tags, in which a whole text can hide. Joiners stay, since
# Persian, the scripts of India and signs made of several need them.
_HIDDEN = dict.fromkeys([
    *range(9), *range(11, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2060, 0x206A),
    0x200B, 0xFEFF, *range(0xE0000, 0xE0080),
])  # fmt: skip


def plain(text: object) -> str:
    """Return a text as HTML that shows it and does nothing else, in an element or in an attribute's quotes."""
    return escape(str(text).translate(_HIDDEN), quote=True).translate(_TEMPLATE)


def data_address(picture: PillowImage.Image | NDArray[np.uint8], side: int) -> str:
    """Return a picture as a `data:` address, so that no file has to be served.

    Args:
        picture: PIL image, or (height, width, 3) uint8.
        side: Pixels along the longer side at most.
    """
    image = picture if isinstance(picture, PillowImage.Image) else PillowImage.fromarray(picture)
    image = image.convert("RGB")
    image.thumbnail((side, side))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
