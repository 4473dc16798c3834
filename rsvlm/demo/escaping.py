"""Text from anybody, made harmless: the one way by which it comes onto the page."""

import base64
import io
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from rsvlm.rag.unseen import without_unseen

# Marks of the templates that Gradio fills in in the browser.
_TEMPLATE = {ord(mark): f"&#{ord(mark)};" for mark in "${}`"}


def plain(text: object) -> str:
    """Return a text as HTML that shows it and does nothing else, in an element or in an attribute's quotes."""
    return escape(without_unseen(str(text)), quote=True).translate(_TEMPLATE)


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
