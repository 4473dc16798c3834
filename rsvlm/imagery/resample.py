"""Bringing a coarser band onto a scene's grid, window by window and without a seam between windows.

Sentinel-2 stores its bands at 10, 20 and 60 m. GDAL resamples only what lies inside the window that it is
asked for, so that a pixel's value would depend on where the window was cut; here it depends on its position
alone.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from rasterio.io import DatasetReader
from rasterio.windows import Window

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid

Ints = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[Any]
P = TypeVar("P", bound=np.generic)

_EXACT = 1e-6  # of a pixel; what arithmetic with coordinates in metres loses


@dataclass(frozen=True)
class Axis:
    """One axis of a band against that of the scene: band position = scene position * scale + offset."""

    length: int
    scale: float = 1.0
    offset: float = 0.0

    @property
    def same(self) -> bool:
        """Whether positions are equal."""
        return self.scale == 1.0 and self.offset == 0.0

    def nearest(self, start: int, count: int) -> Ints:
        """Indices of the band's pixels in which the centres of the scene's pixels lie."""
        centres = (np.arange(start, start + count) + 0.5) * self.scale + self.offset
        indices: Ints = np.clip(np.floor(centres).astype(np.intp), 0, self.length - 1)
        return indices

    def around(self, start: int, count: int) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
        """Indices of the pixels before and after each centre of the scene's, and the latter's weight."""
        centres = (np.arange(start, start + count) + 0.5) * self.scale + self.offset - 0.5
        centres = np.clip(centres, 0, self.length - 1)
        before = np.floor(centres).astype(np.intp)
        return before, np.minimum(before + 1, self.length - 1), centres - before


@dataclass(frozen=True)
class Placement:
    """How a band's pixels lie on the scene's grid."""

    columns: Axis
    rows: Axis

    @property
    def same(self) -> bool:
        """Whether the band lies on the scene's grid."""
        return self.columns.same and self.rows.same

    def source(self, x: int, y: int, width: int, height: int) -> Window:
        """The window of the band that reading this window of the scene takes, interpolation included."""
        if self.same:
            return Window(x, y, width, height)
        left, right, _ = self.columns.around(x, width)
        top, bottom, _ = self.rows.around(y, height)
        return Window(left[0], top[0], right[-1] + 1 - left[0], bottom[-1] + 1 - top[0])


def place_band(dataset: DatasetReader, grid: Grid) -> Placement:
    """How a file's bands lie on a scene's grid: by the transforms, else both are taken to cover one area.

    Raises:
        ImageryError: The file covers another area, or its rows and columns run in other directions.
    """
    columns = Axis(dataset.width, dataset.width / grid.width)
    rows = Axis(dataset.height, dataset.height / grid.height)
    if dataset.crs is None or dataset.transform.is_identity or grid.transform is None:
        return Placement(columns, rows)
    scene, band = np.eye(3), np.eye(3)
    scene[:2], band[:2] = np.reshape(grid.transform, (2, 3)), np.reshape(dataset.transform[:6], (2, 3))
    (a, b, c), (d, e, f), _ = np.linalg.solve(band, scene).tolist()
    columns, rows = _axis(columns, a, c), _axis(rows, e, f)
    skewed = max(abs(b) * grid.height, abs(d) * grid.width) > 0.01
    if skewed or _outside(columns, grid.width) or _outside(rows, grid.height):
        raise ImageryError(
            f"{dataset.name} does not cover the same area as the other bands, or runs in other directions: "
            "bring all bands to one grid"
        )
    return Placement(columns, rows)


def _axis(whole: Axis, scale: float, offset: float) -> Axis:
    """Snapped to the exact ratio and to whole pixels where only rounding stands between."""
    scale = whole.scale if abs(scale - whole.scale) * whole.length < _EXACT * 1000 else scale
    offset = round(offset) if abs(offset - round(offset)) < 1e-3 else offset
    return Axis(whole.length, scale, float(offset))


def _outside(axis: Axis, length: int) -> bool:
    """Whether the scene reaches past the band by more than one of the band's pixels."""
    return axis.scale <= 0 or axis.offset < -1.0 or length * axis.scale + axis.offset > axis.length + 1.0


def nearest(
    values: npt.NDArray[P], source: Window, placement: Placement, window: tuple[int, int, int, int]
) -> npt.NDArray[P]:
    """Values (rows, columns) of the band's window `source` at the nearest pixels of the scene's `window`."""
    if placement.same:
        return values
    x, y, width, height = window
    rows = placement.rows.nearest(y, height) - int(source.row_off)
    columns = placement.columns.nearest(x, width) - int(source.col_off)
    rows, columns = np.clip(rows, 0, values.shape[0] - 1), np.clip(columns, 0, values.shape[1] - 1)
    return values[rows[:, None], columns]


def bilinear(
    values: npt.NDArray[P],
    missing: Mask,
    source: Window,
    placement: Placement,
    window: tuple[int, int, int, int],
) -> npt.NDArray[P]:
    """Values of the band's window `source` interpolated at the scene's `window`; missing ones have no weight.

    Args:
        values: (rows, columns) of the band as stored.
        missing: Where they mean nothing, same shape; where the nearest one is missing, its value stands.
        source: Where `values` lie in the band, as `Placement.source` gives it.
        placement: How the band lies on the scene's grid.
        window: x, y, width, height in the scene's grid.
    """
    if placement.same:
        return values
    x, y, width, height = window
    top, bottom, down = placement.rows.around(y, height)
    left, right, along = placement.columns.around(x, width)
    top, bottom = top - int(source.row_off), bottom - int(source.row_off)
    left, right = left - int(source.col_off), right - int(source.col_off)

    def blend(layer: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        rows = layer[top] * (1 - down)[:, None] + layer[bottom] * down[:, None]
        return rows[:, left] * (1 - along) + rows[:, right] * along

    with np.errstate(
        invalid="ignore", divide="ignore"
    ):  # infinite values, and no weight where all are missing
        result = blend(np.where(missing, 0, values).astype(np.float64))
        if missing.any():
            result /= blend((~missing).astype(np.float64))
            gap = nearest(missing, source, placement, window)
            result = np.where(gap, nearest(values, source, placement, window), result)
    return (np.rint(result) if values.dtype.kind in "iu" else result).astype(values.dtype)
