"""Files of images in memory: their bytes, as tables and uploads hold them."""

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from .chipreader import ChipReader
from .errors import ImageryError
from .opening import open_scene
from .scene import Scene

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG, _DEPTH_OF_PNG = b"\x89PNG", 24
"""How a PNG begins, and which of its bytes says how many bits a value has."""


def decoded(
    content: bytes, opening: Mapping[str, Any] | None = None
) -> PillowImage.Image | NDArray[np.uint8]:
    """Return the picture that a file's bytes hold.

    A TIFF, and a PNG of 16 bits, is shown as its file is: Pillow would cut values above 255 off, or take high bytes
    only, and does not know many a TIFF. What is transparent, or not valid, is so in the picture.

    Args:
        content: A JPEG, PNG, BMP, WebP, GIF or TIFF.
        opening: Options of `open_scene`, for what it reads.

    Raises:
        ImageryError: It is none, or too large a one.
        OSError: It ends too early.
    """
    return _stretched(content, opening or {}) if _is_raster(content) else decode(content)


def decode(content: bytes) -> PillowImage.Image:
    """Return a picture of the bytes of a JPEG, PNG, BMP, WebP or GIF file: RGB, or RGBA where some may be transparent.

    Raises:
        ImageryError: They are none, or too large a one.
        OSError: They end too early.
    """
    try:
        with PillowImage.open(io.BytesIO(content), formats=_FORMATS) as picture:
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except UnidentifiedImageError:
        raise ImageryError(f"{len(content)} bytes are no image that can be read") from None
    except PillowImage.DecompressionBombError as error:
        raise ImageryError(f"{len(content)} bytes are no image that can be read ({error})") from None


def size_of(content: bytes) -> tuple[int, int]:
    """Return the width and height that a file's bytes claim; 0, 0 where they claim none."""
    try:
        with PillowImage.open(io.BytesIO(content), formats=(*_FORMATS, "TIFF")) as picture:
            return picture.size
    except (UnidentifiedImageError, PillowImage.DecompressionBombError, OSError, ValueError, SyntaxError):
        return 0, 0


def _stretched(content: bytes, opening: Mapping[str, Any]) -> PillowImage.Image | NDArray[np.uint8]:
    """The picture of bytes that only the reader of files understands: it takes no others."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "image"
        file.write_bytes(content)
        try:
            with ChipReader() as reader:  # one of its own, for it keeps files open, and this one goes
                return _whole(open_scene(str(file), **opening), reader)
        except ImageryError as error:
            why = str(error).replace(str(file), "the image")
            raise ImageryError(f"{len(content)} bytes are no image that can be read ({why})") from None


def _whole(scene: Scene, reader: ChipReader) -> PillowImage.Image | NDArray[np.uint8]:
    window = (0, 0, scene.grid.width, scene.grid.height)
    picture = reader.plain(scene, window)
    if picture is not None:
        return picture
    chip = reader.read(scene, window, scene.shown)
    if not chip.valid.any():
        raise ImageryError("has no valid pixels")
    if chip.valid.all():
        return chip.rgb()
    return PillowImage.fromarray(np.dstack([chip.rgb(), np.where(chip.valid, 255, 0).astype(np.uint8)]))


def _is_raster(content: bytes) -> bool:
    """Whether the bytes of a file may hold more than a picture of 8 bits."""
    return content.startswith(_TIFF) or (content.startswith(_PNG) and content[_DEPTH_OF_PNG:][:1] > b"\x08")
