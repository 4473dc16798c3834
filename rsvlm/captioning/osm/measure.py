"""Metres: how large the pixels of a grid are on the ground, at many places at once."""

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from rsvlm.imagery.grid import Grid

Floats = npt.NDArray[np.float64]

_SQUARE = 0.002  # a ratio of pixel width to height this near 1 is the projection's stretch, not the raster's
_GEOD = Geod(ellps="WGS84")


def pixel_sizes(grid: Grid, col: Floats, row: Floats) -> Floats:
    """Return how many metres a pixel is wide and high at some places of a grid (n,) -> (n, 2)."""
    lon, lat = grid.to_lonlat(
        np.stack([col - 0.5, col + 0.5, col, col]), np.stack([row, row, row - 0.5, row + 0.5])
    )
    _, _, metres = _GEOD.inv(lon[[0, 2]], lat[[0, 2]], lon[[1, 3]], lat[[1, 3]])
    return np.asarray(metres, float).T


def pixel_stretch(grid: Grid) -> float:
    """Return how much wider than high a pixel is on the ground at the centre of a grid; 1 for square ones."""
    wide, high = pixel_sizes(grid, np.array([grid.width / 2]), np.array([grid.height / 2]))[0]
    ratio = float(wide / high)
    return 1.0 if abs(ratio - 1) < _SQUARE or not np.isfinite(ratio) else ratio


def three_digits(values: Floats) -> Floats:
    """Round numbers above 0 to three significant digits."""
    with np.errstate(divide="ignore"):
        digits = 2 - np.floor(np.log10(values))
    digits[values == 0] = 0
    scale = 10.0 ** np.abs(digits)
    rounded: Floats = np.where(
        digits >= 0, np.round(values * scale) / scale, np.round(values / scale) * scale
    )
    return rounded
