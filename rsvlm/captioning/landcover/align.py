"""Where the pixel centres of a chip lie on a label raster."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from rsvlm.imagery.grid import Grid
from rsvlm.imagery.projection import short, world_width

from ..errors import CaptioningError

Floats = npt.NDArray[np.float64]

# Coordinates are computed on so many lines each way and interpolated between them.
_NODES = 17
# What interpolation may add, in pixels of the label raster. Between UTM and degrees a chip of 2.5 km stays
# below 0.0001.
_ERROR = 0.01
# A centre on the border of two label pixels belongs to the right and lower one, whichever way its number was
# rounded.
_BORDER = 1e-6


class Spot:
    """The pixel centres of a chip in the coordinates of another CRS.

    On a chip in the same CRS with straight axes, x depends on the column alone and y on the row alone.
    Otherwise they are projected on a coarse net and interpolated, or, where that would be off by more than a
    hundredth of a label pixel, projected one by one.

    Args:
        grid: The chip's grid; it has a place.
        crs: The CRS of the label rasters.

    Raises:
        CaptioningError: There is no way between the two CRS.
    """

    def __init__(self, grid: Grid, crs: str) -> None:
        if grid.crs is None or grid.transform is None:
            raise CaptioningError("the image has no georeference, so no map can be laid over it")
        self._transform = grid.transform
        self._size = (grid.height, grid.width)
        self._way = _between(grid.crs, crs)
        self._turn = world_width(crs)
        self._middle: float | None = None
        self._straight = self._way is None and grid.transform[1] == 0 and grid.transform[3] == 0
        self._net = False
        if not self._straight:
            rows, cols = (np.linspace(0.5, size - 0.5, _NODES) for size in self._size)
            self._x, self._y = self._project(rows, cols)
            self._net = bool(np.isfinite(self._x).all() and np.isfinite(self._y).all())
            self._bend = (_bend(self._x), _bend(self._y)) if self._net else (np.inf, np.inf)
        if not self._net:
            self._x, self._y = self._centres()

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Least x, least y, greatest x, greatest y; None where the CRS has no numbers for this place."""
        known = np.isfinite(self._x), np.isfinite(self._y)
        if not (known[0].any() and known[1].any()):
            return None
        x, y = self._x[known[0]], self._y[known[1]]
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    @property
    def shifts(self) -> tuple[float, ...]:
        """What may be added to x for a raster that counts longitudes otherwise (0 to 360, say)."""
        return (0.0,) if self._turn is None else (0.0, -self._turn, self._turn)

    def on(self, sheet: Grid, shift: float = 0.0) -> tuple[Floats, Floats]:
        """Rows and columns of a label raster under the chip's pixel centres; they may lie outside of it.

        Args:
            sheet: The label raster's grid, in the CRS of this spot.
            shift: One of `shifts`.

        Returns:
            Whole rows and columns: (H, 1) and (1, W) where neither depends on the other, else both (H, W).
        """
        a, b, c, d, e, f = sheet.transform or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        area = a * e - b * d
        if self._net and max(self._bend[0] / (abs(a) + abs(b)), self._bend[1] / (abs(d) + abs(e))) > _ERROR:
            self._x, self._y = self._centres()
            self._net = False
        x, y = self._x + (shift - c), self._y - f
        if b == 0 and d == 0:
            col, row = x / a, y / e
        else:
            col, row = (e * x - b * y) / area, (a * y - d * x) / area
        if self._net:
            height, width = self._size
            row = _weights(height) @ row @ _weights(width).T
            col = _weights(height) @ col @ _weights(width).T
        return _floor(row), _floor(col)

    def _centres(self) -> tuple[Floats, Floats]:
        height, width = self._size
        return self._project(np.arange(0.5, height), np.arange(0.5, width))

    def _project(self, row: Floats, col: Floats) -> tuple[Floats, Floats]:
        """Coordinates where rows and columns cross; on straight axes x as one row, y as one column."""
        a, b, c, d, e, f = self._transform
        row, col = row[:, None], col[None, :]
        if self._straight:
            x, y = a * col + c, e * row + f
        else:
            x, y = a * col + b * row + c, d * col + e * row + f
        if self._way is not None:
            x, y = (np.asarray(part, float) for part in self._way.transform(x, y))
        if self._turn is not None:
            # longitudes that run on past 180 rather than jump
            if self._middle is None:
                known = x[np.isfinite(x)]
                self._middle = float(known[known.size // 2]) if known.size else 0.0
            with np.errstate(invalid="ignore"):
                x = x - self._turn * np.round((x - self._middle) / self._turn)
        return x, y


def _bend(net: Floats) -> float:
    """How far off interpolating a net can be: a quarter of what leaving out every other line does."""
    across = np.abs(net[:, 1:-1:2] - (net[:, :-2:2] + net[:, 2::2]) / 2).max()
    down = np.abs(net[1:-1:2] - (net[:-2:2] + net[2::2]) / 2).max()
    return float(across + down) / 4


def _floor(positions: Floats) -> Floats:
    positions = positions + _BORDER
    np.floor(positions, out=positions)
    if not np.isfinite(positions.sum()):
        # what the CRS has no number for lies outside of every raster
        positions[~np.isfinite(positions)] = -1.0
    return positions


@lru_cache(maxsize=64)
def _weights(size: int) -> Floats:
    """Weights of the net's lines at the centres of `size` pixels, (size, nodes)."""
    at = np.linspace(0.0, _NODES - 1.0, size)
    left = np.minimum(at.astype(np.int64), _NODES - 2)
    weights = np.zeros((size, _NODES))
    weights[np.arange(size), left] = 1.0 - (at - left)
    weights[np.arange(size), left + 1] = at - left
    return weights


@lru_cache(maxsize=512)
def _between(source: str, target: str) -> Transformer | None:
    """The way from one CRS to another; None where they are the same."""
    if source == target:
        return None
    try:
        first, second = CRS.from_user_input(source), CRS.from_user_input(target)
        if first.equals(second, ignore_axis_order=True):
            return None
        return Transformer.from_crs(first, second, always_xy=True)
    except ProjError as error:
        raise CaptioningError(
            f"cannot convert between {short(source)} and {short(target)}: {error}"
        ) from error
