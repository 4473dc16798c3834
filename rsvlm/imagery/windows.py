"""Cutting chips: windows in pixels, without touching a file."""

import math
import re

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid

__all__ = [
    "Windows",
    "check_size",
    "grid_windows",
    "sides_in_pixels",
    "size_in_pixels",
]

Windows = npt.NDArray[np.int32]
"""(n, 4): x, y, width, height in pixels."""

MAX_SIZE = 2**15
"""Pixels along one side of the largest chip."""

PLACE_NEEDED = "needs an image with a place: give the size in pixels"

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(m|px)?")


def grid_windows(width: int, height: int, size: int | tuple[int, int]) -> Windows:
    """Tile an image with squares, or oblongs, row by row from the upper left.

    Every pixel lies in a tile, and every tile is full: the last column and row are moved inwards, where they
    overlap their neighbours more. Along a side shorter than `size` the tile is as long as the image: no
    padding is invented.

    Args:
        width: Columns of the image.
        height: Rows.
        size: Pixels along a side of a tile, or along its width and its height.

    Returns:
        int32 (n, 4): x, y, width, height.

    Raises:
        ImageryError: A size is below 1.
    """
    across, down = size if isinstance(size, tuple) else (size, size)
    if min(width, height, across, down) < 1:
        raise ImageryError(
            f"cannot tile {width} x {height} pixels with tiles of {size}: all must be at least 1"
        )
    xs, ys = _starts(width, across), _starts(height, down)
    windows = np.empty((len(ys), len(xs), 4), dtype=np.int32)
    windows[..., 0] = xs
    windows[..., 1] = ys[:, None]
    windows[..., 2] = min(across, width)
    windows[..., 3] = min(down, height)
    return windows.reshape(-1, 4)


def size_in_pixels(size: str | int, gsd: float | None) -> int:
    """The side of a chip in pixels.

    Args:
        size: "256" (pixels) or "640m" (metres on the ground, rounded to whole pixels).
        gsd: Metres a pixel of the image along that side, None without a place.

    Raises:
        ImageryError: The text is neither, metres are asked for without a GSD, or the chip has no or too many
            pixels.
    """
    value, in_metres = _read(size)
    if in_metres:
        if gsd is None:
            raise ImageryError(f"a size in metres ({size}) {PLACE_NEEDED}")
        value /= gsd
    return _whole(size, value)


def check_size(size: str | int) -> None:
    """Refuse a text that is no size, whatever the image (`ImageryError`)."""
    value, in_metres = _read(size)
    if not in_metres:
        _whole(size, value)
    elif value <= 0:
        raise ImageryError(f"size {size!r} is no length: give metres above 0, such as 640m")


def _read(size: str | int) -> tuple[float, bool]:
    """The number, and whether it is in metres."""
    match = _SIZE.fullmatch(str(size).strip().lower())
    if match is None:
        raise ImageryError(f"size {size!r} is neither pixels, such as 256, nor metres, such as 640m")
    value = float(match[1])
    if match[2] != "m" and value != int(value):
        raise ImageryError(f"size {size!r} must be whole pixels, such as 256, or metres, such as 640m")
    return value, match[2] == "m"


def _whole(size: str | int, value: float) -> int:
    pixels = round(value)
    if not 1 <= pixels <= MAX_SIZE:
        raise ImageryError(f"size {size} is {pixels:,} pixels here: it must be between 1 and {MAX_SIZE:,}")
    return pixels


def sides_in_pixels(size: str | int, grid: Grid) -> tuple[int, int]:
    """Width and height of a chip in pixels: as many metres both ways, where pixels are not square on the ground.

    Raises:
        ImageryError: As `size_in_pixels` raises it.
    """
    across, down = grid.pixel_size or (None, None)
    return size_in_pixels(size, across), size_in_pixels(size, down)


def _starts(length: int, size: int) -> npt.NDArray[np.int32]:
    if length <= size:
        return np.zeros(1, dtype=np.int32)
    return np.minimum(np.arange(math.ceil(length / size)) * size, length - size).astype(np.int32)
