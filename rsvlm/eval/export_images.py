"""Images of exported questions, as files that every program can show."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.imagery import ChipReader
from rsvlm.models.pictures import rgb_picture

from .errors import EvalError
from .export_items import ExportItem

_READABLE = {"JPEG": ".jpg", "PNG": ".png"}
"""Formats of image files that are passed on as they are."""


def image_bytes(image: ImageRef, item: ExportItem) -> tuple[bytes, str]:
    """An image as the bytes of a JPEG or PNG file with its ending; such files are passed on as they are."""
    try:
        content = image() if callable(image) else image
        raw = Path(content).read_bytes() if isinstance(content, str) else content
        if isinstance(raw, bytes) and (plain := _plain_file(raw)) is not None:
            return plain
        with ChipReader() as reader:
            shown = open_picture(content, reader)
    except (OSError, ValueError) as error:
        remedy = "export only questions whose images are there"
        raise EvalError(f"{item.key}: an image cannot be read ({error}); {remedy}") from None
    return _png(shown if isinstance(shown, Image.Image) else Image.fromarray(np.asarray(shown))), ".png"


def _plain_file(content: bytes) -> tuple[bytes, str] | None:
    """A picture of 8 bits that every program shows the same way, and its ending; None for rasters and all else."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_READABLE)) as image:
            if image.mode.startswith(("I", "F")):
                return None
            if image.mode in ("L", "RGB"):
                return content, _READABLE[image.format or ""]
            return _png(image), ".png"
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    rgb_picture(image).save(file, "PNG")
    return file.getvalue()
