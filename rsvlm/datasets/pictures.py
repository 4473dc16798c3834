"""An image that is still to be read, and the picture that the encoder is shown of it."""

import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from rsvlm.imagery import ChipReader, ImageryError, open_scene
from rsvlm.imagery.items import ChipRef, Item
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.models import Image

from .errors import DatasetError

Content = str | bytes | PillowImage.Image | np.ndarray[Any, np.dtype[Any]]
"""A path, the bytes of an image file, a PIL image, or a (height, width, 3) uint8 array."""

ImageRef = Content | Callable[[], Content]
"""An image, or what gives it when it is needed."""

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG, _DEPTH_OF_PNG = b"\x89PNG", 24
"""How a PNG begins, and which of its bytes says how many bits a value has."""


def open_picture(image: ImageRef, reader: ChipReader, opening: Mapping[str, Any] | None = None) -> Image:
    """Return the picture of a whole image, as the classifier shows it to its encoder.

    The bytes of a TIFF, and of a PNG of 16 bits, are shown as their file is: Pillow would cut values above 255 off, or
    take high bytes only, and does not know many a TIFF.

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
        return _stretched(content, opening or {}) if _is_raster(content) else decode(content)
    return _shown(content, reader, opening or {}) if isinstance(content, str) else content


def _shown(path: str, reader: ChipReader, opening: Mapping[str, Any]) -> Image:
    scene = open_scene(path, **opening)
    item = Item(ChipRef(path, path, (0, 0, scene.grid.width, scene.grid.height)), scene)
    # benchmark images are taken whole, however much of them is valid: their authors put them there
    return loader(reader, 0.0)(Look(item, TRUE_COLOUR))


def _stretched(content: bytes, opening: Mapping[str, Any]) -> Image:
    """The picture of bytes that only the reader of files understands: it takes no others."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "image"
        file.write_bytes(content)
        try:
            with ChipReader() as reader:  # one of its own, for it keeps files open, and this one goes
                return _shown(str(file), reader, opening)
        except ImageryError as error:
            why = str(error).replace(str(file), "the image")
            raise DatasetError(f"{len(content)} bytes are no image that can be read ({why})") from None


def _is_raster(content: bytes) -> bool:
    """Whether the bytes of a file may hold more than a picture of 8 bits."""
    return content.startswith(_TIFF) or (content.startswith(_PNG) and content[_DEPTH_OF_PNG:][:1] > b"\x08")


def decode(content: bytes) -> PillowImage.Image:
    """Return an RGB picture of the bytes of a JPEG, PNG, BMP, WebP or GIF file.

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
