"""Whether land-cover rasters that cover the same ground say the same of it."""

from collections.abc import Iterable

import numpy as np
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds

from rsvlm.imagery.grid import BBox, Grid

from ..errors import CaptioningError
from .files import OpenSheets
from .mosaic import SheetIndex
from .read import ChipClasses
from .sheets import Sheet

_WINDOWS = (
    6  # each way, so many windows of so many pixels are compared: enough to tell another map from this one
)
_SIDE = 24
_SAME_PIXELS = 0.05
_OTHER_PIXELS = 0.5
"""Most of the pixels that may differ: copies of one map hardly do; where one was brought to another grid of pixels,
all pixels along borders may."""


def check_pixels(pairs: Iterable[tuple[Sheet, Sheet]], files: OpenSheets) -> None:
    """Refuse overlapping rasters that contradict each other: the first by name would win without a word.

    Raises:
        CaptioningError: It names the first two of them, and how much differs.
    """
    for first, second in pairs:
        share = _differing(first, second, files)
        if share > (_SAME_PIXELS if _same_lattice(first.grid, second.grid) else _OTHER_PIXELS):
            raise CaptioningError(
                f"land-cover rasters that overlap contradict each other: {first.title} and {second.title} differ in "
                f"{share:.0%} of the pixels compared; keep one of them in the folder"
            )


def _differing(first: Sheet, second: Sheet, files: OpenSheets) -> float:
    """The share of pixels that differ, of some in the ground common to both, where both have a class."""
    common = _common(first, second)
    if common is None or first.grid.transform is None:
        return 0.0
    a, b, c, d, e, f = first.grid.transform
    west, south, east, north = common
    corners = [(x, y) for x in (west, east) for y in (south, north)]
    places = [((e * (x - c) - b * (y - f)), (a * (y - f) - d * (x - c))) for x, y in corners]
    cols, rows = (np.array(side) / (a * e - b * d) for side in zip(*places, strict=True))
    compared = differing = 0
    for row in _starts(rows):
        for col in _starts(cols):
            grid = first.grid.window(col, row, _SIDE, _SIDE)
            one, other = (_classes(grid, sheet, files) for sheet in (first, second))
            both = files.tells[one] & files.tells[other]
            compared += int(both.sum())
            differing += int((both & (one != other)).sum())
    return differing / compared if compared else 0.0


def _classes(grid: Grid, sheet: Sheet, files: OpenSheets) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    chip = ChipClasses(grid, files)
    chip.read_placed(SheetIndex([sheet]))
    return chip.classes


def _starts(edges: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[int]:
    low, high = float(edges.min()), float(edges.max())
    starts = np.linspace(low, max(high - _SIDE, low), _WINDOWS).astype(int)
    return sorted(set(starts.tolist()))


def _common(first: Sheet, second: Sheet) -> BBox | None:
    """The box that both cover, in the CRS of the first."""
    bounds = second.bounds
    if first.grid.crs is None or second.grid.crs is None:
        return None
    if first.grid.crs != second.grid.crs:
        try:
            bounds = transform_bounds(second.grid.crs, first.grid.crs, *bounds)
        except RasterioError:
            return None
    west, south = (max(one, other) for one, other in zip(first.bounds[:2], bounds[:2], strict=True))
    east, north = (min(one, other) for one, other in zip(first.bounds[2:], bounds[2:], strict=True))
    return (west, south, east, north) if west < east and south < north else None


def _same_lattice(first: Grid, second: Grid) -> bool:
    """Whether the pixels of both lie on each other, but for the rounding of their headers."""
    if first.crs != second.crs or first.transform is None or second.transform is None:
        return False
    a, b, c, d, e, f = first.transform
    if (b, d) != (0, 0) or not np.allclose(second.transform[:2] + second.transform[3:5], (a, b, d, e)):
        return False
    off = np.array([(second.transform[2] - c) / a, (second.transform[5] - f) / e])
    return bool((np.abs(off - np.round(off)) < 0.05).all())
