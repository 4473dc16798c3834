"""An image that is still to be read, and the picture that the encoder is shown of it."""

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from rsvlm.imagery import ChipReader, open_scene
from rsvlm.imagery.items import ChipRef, Item
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.models import Image

from .errors import DatasetError

Content = str | bytes | PillowImage.Image | np.ndarray[Any, np.dtype[Any]]
"""A path, the bytes of an image file, a PIL image, or a (height, width, 3) uint8 array."""

ImageRef = Content | Callable[[], Content]
"""An image, or what gives it when it is needed."""

_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")


def open_picture(image: ImageRef, reader: ChipReader, opening: Mapping[str, Any] | None = None) -> Image:
    """Return the picture of a whole image, as the classifier shows it to its encoder.

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
        return decode(content)
    if not isinstance(content, str):
        return content
    scene = open_scene(content, **(opening or {}))
    item = Item(ChipRef(content, content, (0, 0, scene.grid.width, scene.grid.height)), scene)
    # benchmark images are taken whole, however much of them is valid: their authors put them there
    return loader(reader, 0.0)(Look(item, TRUE_COLOUR))


def decode(content: bytes) -> PillowImage.Image:
    """Return an RGB picture of the bytes of an image file.

    Raises:
        DatasetError: They are none, or too large a one.
        OSError: They end too early.
    """
    try:
        with PillowImage.open(io.BytesIO(content), formats=_FORMATS) as picture:
            return picture.convert("RGB")
    except (UnidentifiedImageError, PillowImage.DecompressionBombError) as error:
        raise DatasetError(f"{len(content)} bytes are no image that can be read ({error})") from None


def picture_hash(picture: Image) -> str:
    """Return 32 hex digits for the pixels of a picture, the same however its file is packed."""
    pixels = np.asarray(picture)
    digest = hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:32]
