"""Plain pictures: 8-bit JPEG and PNG files as most sets of image chips have them, read as Pillow reads them.

JPEG leaves open how coarser colour is brought to full size, and decoders differ: rasterio's wheels have the IJG
library, Pillow's (and so torchvision, open_clip, transformers) libjpeg-turbo. On 6,604 JPEG files of EuroSAT,
UC Merced, RSICD and RSSCN7 not one was equal, by up to 74 of 255 in a pixel. Numbers published for zero-shot
classification come from Pillow, so pictures that are shown to models do too. PNG is the same from both.
"""

from typing import IO

import numpy as np
import numpy.typing as npt
from PIL import Image

from rsvlm.imagery.bands import RGB
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.reader import MAX_WINDOW_BYTES, SceneReader
from rsvlm.imagery.scene import Scene

Picture = npt.NDArray[np.uint8]
"""(height, width, 3), red, green, blue."""

MAX_PICTURE_PIXELS = 2**26
"""Pixels of the largest picture that is decoded whole: below what Pillow takes for a decompression bomb."""

_MODES = {"JPEG": ("L", "RGB", "CMYK"), "PNG": ("L", "RGB")}
_JPEG = b"\xff\xd8\xff"
_MAGIC = (_JPEG, b"\x89PN")
_END_OF_JPEG = b"\xff\xd9"


def read_picture(scene: Scene) -> Picture | None:
    """The whole of a plain picture, decoded by Pillow; None for every other scene, which `SceneReader` reads.

    Plain is a JPEG, or a PNG without palette and transparency, of 8 bits, shown as it is. CMYK becomes RGB as
    Pillow's `convert("RGB")` has it; the orientation of EXIF is not applied. None is also what a file gives that
    Pillow cannot decode, or that is another one by now: its reader says why.

    A JPEG whose file ends early is an error here as there; of one with damage in its middle Pillow shows what it
    can, as it does in all that is built on it. Safe in several threads at once.
    """
    if not _is_plain(scene):
        return None
    try:
        with open(scene.bands[0].path, "rb") as file:  # noqa: PTH123 - a Path for each file costs more
            head = file.read(3)
            if head not in _MAGIC or (head == _JPEG and _has_more_or_less(file, scene.grid)):
                return None
            file.seek(0)
            with Image.open(file, formats=tuple(_MODES)) as image:
                plain = image.mode in _MODES[image.format or ""] and "transparency" not in image.info
                if not plain or image.size != (scene.grid.width, scene.grid.height):
                    return None
                return np.array(image if image.mode == "RGB" else image.convert("RGB"))
    except Exception:  # Pillow raises many kinds, and SceneReader says what is wrong
        return None


def read_rgb(scene: Scene, x: int, y: int, width: int, height: int) -> Picture:
    """A window as it is shown to models: (height, width, 3) uint8, invalid pixels and those past the edge 0.

    Plain pictures come as Pillow decodes them, all else as `SceneReader.read(...).rgb()` gives it. Each call opens
    the file anew, so it is safe in several threads; for many windows of one image take `ChipReader`.

    Args:
        scene: The image.
        x: Column of the window's upper left pixel; may be negative.
        y: Row of it.
        width: Columns.
        height: Rows.

    Raises:
        ImageryError: As `SceneReader.read` and `Chip.rgb` raise it.
    """
    if fits(width, height) and (picture := read_picture(scene)) is not None:
        return cut_picture(picture, x, y, width, height)
    with raster_env(), SceneReader(scene) as reader:
        return reader.read(x, y, width, height, scene.shown).rgb()


def fits(width: int, height: int) -> bool:
    """Whether a window is none that `SceneReader.read` refuses for its size."""
    return width > 0 and height > 0 and width * height * 3 <= MAX_WINDOW_BYTES


def cut_picture(picture: Picture, x: int, y: int, width: int, height: int) -> Picture:
    """A window of a picture, which may reach past its edges; there it is black. The whole is not copied."""
    rows, columns = picture.shape[:2]
    if (x, y, width, height) == (0, 0, columns, rows):
        return picture
    cut = np.zeros((height, width, 3), dtype=np.uint8)
    left, top = min(max(x, 0), columns), min(max(y, 0), rows)
    inside = picture[top : max(y + height, 0), left : max(x + width, 0)]
    cut[top - y : top - y + inside.shape[0], left - x : left - x + inside.shape[1]] = inside
    return cut


def _is_plain(scene: Scene) -> bool:
    """Whether a scene may be one file of 8 bits, shown as it is and without a mask; the file itself says the rest."""
    bands = scene.bands
    names = tuple(band.name for band in bands)
    return (
        names in (RGB, ("gray",))
        and scene.shown == names
        and tuple(band.index for band in bands) == tuple(range(1, len(bands) + 1))
        and all(band.nodata is None and band.path == bands[0].path for band in bands)
        and scene.dtype == "uint8"
        and scene.stretch is None
        and scene.mask is None
        and scene.quality is None
        and scene.grid.width * scene.grid.height <= MAX_PICTURE_PIXELS
    )


def _has_more_or_less(file: IO[bytes], grid: Grid) -> bool:
    """Whether a JPEG is too short for what it claims, or ends in a mask that GDAL appended.

    A block of 8 x 8 pixels takes a bit at least, and Pillow shows what is missing in grey. Where there is a mask,
    the last four bytes say where the picture ends.
    """
    size = file.seek(0, 2)
    if size * 8 < grid.width * grid.height / 64:
        return True
    file.seek(max(size - 4, 0))
    end = int.from_bytes(file.read(4), "little")
    if not size / 2 <= end <= size - 4:
        return False
    file.seek(end - 2)
    return file.read(2) == _END_OF_JPEG
