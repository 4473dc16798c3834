"""Cutting chips: windows in pixels, without touching a file."""

import math
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import BBox, Grid
from rsvlm.imagery.projection import world_width
from rsvlm.imagery.quality import cloud_mask

__all__ = [
    "Windows",
    "bbox_windows",
    "check_size",
    "cloud_mask",
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


def grid_windows(width: int, height: int, size: int | tuple[int, int], *, overlap: int = 0) -> Windows:
    """Tile an image with squares, or oblongs, row by row from the upper left.

    Every pixel lies in a tile, and every tile is full: the last column and row are moved inwards, where they
    overlap their neighbours more. Along a side shorter than `size` the tile is as long as the image: no
    padding is invented.

    Args:
        width: Columns of the image.
        height: Rows.
        size: Pixels along a side of a tile, or along its width and its height.
        overlap: Pixels that neighbouring tiles share, less than `size`.

    Returns:
        int32 (n, 4): x, y, width, height.

    Raises:
        ImageryError: A size is below 1, or the overlap not below the size.
    """
    across, down = size if isinstance(size, tuple) else (size, size)
    if min(width, height, across, down) < 1:
        raise ImageryError(
            f"cannot tile {width} x {height} pixels with tiles of {size}: all must be at least 1"
        )
    if not 0 <= overlap < min(across, down):
        raise ImageryError(
            f"an overlap of {overlap} pixels must be at least 0 and below the tile size {size}"
        )
    xs, ys = _starts(width, across, overlap), _starts(height, down, overlap)
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


def bbox_windows(grid: Grid, boxes: Iterable[BBox]) -> Windows:
    """The windows that cover boxes in longitude and latitude; they may reach past the image's edges.

    Args:
        grid: The image.
        boxes: West, south, east, north in WGS84 degrees; west > east across the antimeridian.

    Returns:
        int32 (n, 4): x, y, width, height, one for each box, in order.

    Raises:
        ImageryError: The image has no place, or a box is none or lies outside of the image.
    """
    return np.array([_bbox_window(grid, box) for box in boxes], dtype=np.int32).reshape(-1, 4)


def _bbox_window(grid: Grid, box: BBox) -> tuple[int, int, int, int]:
    west, south, east, north = box
    text = ", ".join(f"{value:g}" for value in box)
    if not (-90 <= south < north <= 90 and -180 <= west <= 180 and -180 <= east <= 180 and west != east):
        raise ImageryError(f"{text} is no box: west, south, east, north in degrees, south below north")
    # a box's edge is no straight line in the image, so points all along it are taken
    steps = np.linspace(0.0, 1.0, 9)
    lon = west + steps * (east - west + (360.0 if east < west else 0.0))
    lat = south + steps * (north - south)
    lons, lats = np.meshgrid(lon, lat)
    column, row = grid.to_pixels(lons, lats)  # longitudes may run on past 180
    if not (np.isfinite(column).all() and np.isfinite(row).all()):
        raise ImageryError(f"the box {text} reaches past what the image's CRS can describe")
    across = np.diff(column, axis=1)
    if grid.crs and world_width(grid.crs) and across.min() < 0 < across.max():
        raise ImageryError(f"the box {text} crosses the edge of the image's map: give its two halves")
    # a box drawn along pixel borders must not gain a row from what projecting back and forth loses
    left, top = math.floor(column.min() + 1e-6), math.floor(row.min() + 1e-6)
    right, bottom = math.ceil(column.max() - 1e-6), math.ceil(row.max() - 1e-6)
    if right <= 0 or bottom <= 0 or left >= grid.width or top >= grid.height:
        raise ImageryError(f"the box {text} lies outside of the image")
    if max(right - left, bottom - top) > MAX_SIZE:
        raise ImageryError(
            f"the box {text} is {right - left:,} x {bottom - top:,} pixels: at most {MAX_SIZE:,} a side"
        )
    return left, top, max(right - left, 1), max(bottom - top, 1)


def _starts(length: int, size: int, overlap: int) -> npt.NDArray[np.int32]:
    if length <= size:
        return np.zeros(1, dtype=np.int32)
    count = math.ceil((length - overlap) / (size - overlap))
    return np.minimum(np.arange(count) * (size - overlap), length - size).astype(np.int32)
