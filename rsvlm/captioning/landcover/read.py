"""Reading the classes of one chip, block by block, from the sheets under it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.grid import Grid

from .align import Floats
from .decode import NONE, UNKNOWN, Indices
from .files import OpenSheets
from .mosaic import SheetIndex
from .sheets import Sheet

Window = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

# Chips are read in blocks of at most so many pixels a side, from at most so many label pixels at once: a
# whole scene, or a chip of 10 m over labels of 0.25 m, needs no more memory than this.
_BLOCK = 1024
_MOST_LABELS = 1 << 22


class ChipClasses:
    """The classes of one chip while they are read.

    Attributes:
        classes: (H, W) places in the legend.
        unknown: Codes that the legend does not have, and how many pixels hold them.
        used: The sheets that gave classes.
    """

    def __init__(self, grid: Grid, files: OpenSheets) -> None:
        self.classes: Indices = np.full((grid.height, grid.width), NONE, np.int16)
        self.unknown: dict[int, int] = {}
        self.used: list[Sheet] = []
        self._grid = grid
        self._files = files

    def read_pixels(self, sheet: Sheet, window: Window) -> None:
        """Take the classes of a window of a raster as they are; the window may reach past its edges."""
        for x, y, width, height in _blocks(self._grid):
            rows = np.arange(height, dtype=float)[:, None] + (window[1] + y)
            cols = np.arange(width, dtype=float)[None, :] + (window[0] + x)
            self._take(sheet, rows, cols, self.classes[y : y + height, x : x + width])

    def read_placed(self, index: SheetIndex) -> None:
        """Take the classes of the sheets that lie under the chip; where the first has none, of the next.

        Raises:
            CaptioningError: Sheets contradict each other, or one cannot be read.
        """
        blocks = list(_blocks(self._grid))
        while blocks:
            x, y, width, height = blocks.pop()
            hits = index.under(self._grid.window(x, y, width, height))
            places = [(hit.sheet, *hit.spot.on(hit.sheet.grid, hit.shift)) for hit in hits]
            if width * height > 1 and any(_labels(*place) > _MOST_LABELS for place in places):
                blocks += _halves(x, y, width, height)
                continue
            for sheet, rows, cols in places:
                self._take(sheet, rows, cols, self.classes[y : y + height, x : x + width])

    def _take(self, sheet: Sheet, rows: Floats, cols: Floats, classes: Indices) -> None:
        """Fill those pixels of `classes` that have no class yet from a sheet, at its `rows` and `cols`."""
        left, top, width, height = _under(sheet, rows, cols)
        if width <= 0 or height <= 0:
            return
        patch = self._files.read(sheet, left, top, width, height)
        spot = ((rows - patch.top) * patch.classes.shape[1] + (cols - patch.left)).astype(np.intp)
        if _inside(sheet, rows, cols):
            found = patch.classes.ravel().take(spot)
        else:
            inside = (rows >= 0) & (rows < sheet.grid.height) & (cols >= 0) & (cols < sheet.grid.width)
            spot[~inside] = 0
            found = np.where(inside, patch.classes.ravel().take(spot), np.int16(NONE))
        if self.used or self.unknown:
            tells = self._files.tells  # background and codes that nobody knows give way to a class
            found[(classes != NONE) & ~(tells[found] & ~tells[classes])] = NONE
        if found.min() == UNKNOWN:
            self._note_unknown(patch.values.ravel()[spot[found == UNKNOWN]])
        np.copyto(classes, found, where=found != NONE)
        if found.max() >= 0 and sheet not in self.used:
            self.used.append(sheet)

    def _note_unknown(self, values: npt.NDArray[Any]) -> None:
        for code, count in zip(*np.unique(values, return_counts=True), strict=True):
            self.unknown[int(code)] = self.unknown.get(int(code), 0) + int(count)


def _under(sheet: Sheet, rows: Floats, cols: Floats) -> Window:
    """The window of a raster that holds these rows and columns, cut at its edges; a side may be <= 0."""
    top, bottom = max(int(rows.min()), 0), min(int(rows.max()) + 1, sheet.grid.height)
    left, right = max(int(cols.min()), 0), min(int(cols.max()) + 1, sheet.grid.width)
    return left, top, right - left, bottom - top


def _inside(sheet: Sheet, rows: Floats, cols: Floats) -> bool:
    return bool(
        rows.min() >= 0
        and rows.max() < sheet.grid.height
        and cols.min() >= 0
        and cols.max() < sheet.grid.width
    )


def _labels(sheet: Sheet, rows: Floats, cols: Floats) -> int:
    """How many of a raster's pixels lie under a block."""
    _, _, width, height = _under(sheet, rows, cols)
    return max(width, 0) * max(height, 0)


def _blocks(grid: Grid) -> Iterator[Window]:
    for y in range(0, grid.height, _BLOCK):
        for x in range(0, grid.width, _BLOCK):
            yield x, y, min(_BLOCK, grid.width - x), min(_BLOCK, grid.height - y)


def _halves(x: int, y: int, width: int, height: int) -> list[Window]:
    """A window cut across its longer side."""
    if width >= height:
        half = width // 2
        return [(x, y, half, height), (x + half, y, width - half, height)]
    half = height // 2
    return [(x, y, width, half), (x, y + half, width, height - half)]
