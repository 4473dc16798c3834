"""An image that is still to be read, and the picture that the encoder is shown of it."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from rsvlm.imagery import ChipReader, ImageryError, open_scene
from rsvlm.imagery.encoded import decoded
from rsvlm.imagery.inmemory import shown
from rsvlm.imagery.items import ChipRef, Item
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.models import Image

from .errors import DatasetError

Content = str | bytes | PillowImage.Image | np.ndarray[Any, np.dtype[Any]]
"""A path, the bytes of an image file, a PIL image, or a (height, width, 3) uint8 array."""

ImageRef = Content | Callable[[], Content]
"""An image, or what gives it when it is needed."""

_ALL = 0.0
"""Benchmark images are taken whole, however much of them is valid: their authors put them there."""


def open_picture(image: ImageRef, reader: ChipReader, opening: Mapping[str, Any] | None = None) -> Image:
    """Return the picture of a whole image, as the classifier shows it to its encoder.

    Bytes and PIL images are shown as their file would be: what is transparent is black.

    Args:
        image: Where it is.
        reader: Reads files; it may be shared by threads.
        opening: Options of `open_scene` for files that need them.

    Raises:
        rsvlm.imagery.ImageryError: A file cannot be read.
        DatasetError: Bytes are no image, or there is nothing to read.
        OSError: An image ends too early.
    """
    content = image() if callable(image) else image
    if isinstance(content, bytes):
        try:
            content = decoded(content, opening)
        except ImageryError as error:
            raise DatasetError(str(error)) from None
    if isinstance(content, PillowImage.Image):
        return shown(content, (0, 0, *content.size), _ALL)
    return _shown(content, reader, opening or {}) if isinstance(content, str) else content


def _shown(path: str, reader: ChipReader, opening: Mapping[str, Any]) -> Image:
    scene = open_scene(path, **opening)
    item = Item(ChipRef(path, path, (0, 0, scene.grid.width, scene.grid.height)), scene)
    return loader(reader, _ALL)(Look(item, TRUE_COLOUR))


def picture_hash(picture: Image) -> str:
    """Return 32 hex digits for the pixels of a picture, the same however its file is packed."""
    pixels = np.asarray(picture)
    digest = hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:32]
