"""The land cover of the sample town, as ESA WorldCover would see it: one class for each 10 m or so."""

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.grid import Grid

from .town import PLACE

_CELL = 1 / 12_000
"""Degrees; WorldCover's pixel."""
_SAMPLES = 8
"""Places each way at which a cell is looked at."""
_RIM = 10
"""Pixels beyond the picture that are taken to go on like its edge, so that the cells cover all of it."""


def cover_grid() -> Grid:
    """WorldCover's own pixel grid (EPSG:4326, cells of 1/12,000 degree) where it meets the picture."""
    west, south, east, north = PLACE.bbox() or (0.0, 0.0, 0.0, 0.0)
    left, right = int(np.floor(west / _CELL)), int(np.ceil(east / _CELL))
    top, bottom = int(np.ceil(north / _CELL)), int(np.floor(south / _CELL))
    return Grid(right - left, top - bottom, "EPSG:4326", (_CELL, 0.0, left * _CELL, 0.0, -_CELL, top * _CELL))


def coarse_cover(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The commonest class in each cell of `cover_grid()`, 0 where the picture shows nothing of it.

    Args:
        codes: (H, W) WorldCover codes of the picture's pixels.
    """
    grid = cover_grid()
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    cols = (np.arange(grid.width)[:, None] + steps).ravel()
    rows = (np.arange(grid.height)[:, None] + steps).ravel()
    lon, lat = grid.to_lonlat(*np.meshgrid(cols, rows))
    x, y = (np.floor(part).astype(int) for part in PLACE.to_pixels(lon, lat))
    inside = (x >= -_RIM) & (x < PLACE.width + _RIM) & (y >= -_RIM) & (y < PLACE.height + _RIM)
    seen = np.where(inside, codes[np.clip(y, 0, PLACE.height - 1), np.clip(x, 0, PLACE.width - 1)], 0)
    seen = seen.reshape(grid.height, _SAMPLES, grid.width, _SAMPLES)
    classes = np.unique(codes)
    counts = np.stack([(seen == code).sum(axis=(1, 3)) for code in classes])
    found: npt.NDArray[np.uint8] = classes[counts.argmax(axis=0)]
    return np.where(counts.sum(axis=0) > 0, found, 0).astype(np.uint8)
