"""Where the tiles of an image lie on a coarser grid: which tile speaks for which pixel of a map."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rsvlm.imagery import Grid
from rsvlm.imagery.windows import Windows

from .errors import ClassificationError

Ints = npt.NDArray[np.int64]

MAX_PIXELS = 100_000_000
"""Pixels of the largest map."""


@dataclass(frozen=True)
class Axis:
    """The tiles of an image along one side.

    Attributes:
        starts: First pixels of the columns (or rows) of tiles, ascending.
        size: Pixels of a tile along this side.
        length: Pixels of the image.
    """

    starts: Ints
    size: int
    length: int

    def centres(self, cell: int) -> npt.NDArray[np.float64]:
        """Middles of the map's pixels, in pixels of the image: of the part that lies in it, for the last one."""
        first = np.arange(0, self.length, cell)
        return (first + np.minimum(first + cell, self.length)) / 2

    def nearest(self, at: npt.NDArray[np.float64]) -> Ints:
        """Of the tiles that a place lies in, the one with the nearest centre, the second of two; -1 for none."""
        between = (self.starts[1:] + self.starts[:-1] + self.size) / 2
        tile = np.searchsorted(between, at, side="right")
        start = self.starts[tile]
        return np.where((start <= at) & (at < start + self.size), tile, -1)


@dataclass(frozen=True)
class Tiling:
    """A grid of tiles over an image.

    Attributes:
        x: The columns.
        y: The rows.
        column: The column of each tile, in the order of the windows.
        row: Its row.
    """

    x: Axis
    y: Axis
    column: Ints
    row: Ints

    def cell(self) -> int:
        """Pixels along a side of the largest map pixel on whose edges lie those of all tiles and of the image.

        A map of such pixels covers the image exactly, and each of its pixels lies in the same tiles with all its
        area. Where that would give more than `MAX_PIXELS` of them, a multiple of it.
        """
        x, y = self.x, self.y
        cell = math.gcd(x.length, y.length, x.size, y.size, *x.starts.tolist(), *y.starts.tolist())
        return cell * max(1, math.ceil(math.sqrt(x.length * y.length / cell**2 / MAX_PIXELS)))

    def lattice(self, values: npt.NDArray[np.int64]) -> Ints:
        """(rows, columns) of tiles with their values, -1 where there is no tile."""
        out = np.full((len(self.y.starts), len(self.x.starts)), -1, dtype=np.int64)
        out[self.row, self.column] = values
        return out


def tiling(grid: Grid, windows: Windows) -> Tiling:
    """Recognise the grid that tiles lie on; some of them may be missing.

    Args:
        grid: The image.
        windows: x, y, width, height of each tile, as `grid_windows` gives them.

    Raises:
        ClassificationError: There is none, they differ in size, reach out of the image, two are the same, or
            they lie on no grid.
    """
    if not len(windows):
        raise ClassificationError("a class map needs tiles, and there is none")
    boxes = np.asarray(windows, dtype=np.int64)
    width, height = boxes[0, 2:].tolist()
    if (boxes[:, 2:] != boxes[0, 2:]).any():
        raise ClassificationError(
            f"a class map needs tiles of one size, not some of {width} x {height} pixels and others"
        )
    ends = boxes[:, :2] + boxes[:, 2:]
    if boxes.min() < 0 or ends[:, 0].max() > grid.width or ends[:, 1].max() > grid.height:
        raise ClassificationError(f"tiles reach out of the image of {grid.width} x {grid.height} pixels")
    xs, column = np.unique(boxes[:, 0], return_inverse=True)
    ys, row = np.unique(boxes[:, 1], return_inverse=True)
    if len(np.unique(row * len(xs) + column)) < len(boxes):
        raise ClassificationError("a class map needs tiles of one image, but two of these lie at one place")
    if len(xs) * len(ys) > 1_000_000 + 10 * len(boxes):
        raise ClassificationError(
            f"a class map needs tiles on a grid, not {len(boxes):,} chips at {len(xs):,} x {len(ys):,} places"
        )
    return Tiling(Axis(xs, width, grid.width), Axis(ys, height, grid.height), column.ravel(), row.ravel())
