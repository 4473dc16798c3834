"""Class maps: the classes of an image's tiles as a GeoTIFF that overlays the image in a GIS."""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from rsvlm.files import atomic_write
from rsvlm.imagery import Grid, Transform
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.windows import Windows

from .errors import ClassificationError
from .palette import Color
from .qml import write_category_names, write_raster_style
from .tiling import Ints, tiling

_BLOCK = 256
"""Pixels along a side of a GeoTIFF's own tiles; maps that fit into one are stored in strips."""


@dataclass(frozen=True)
class ClassMap:
    """What was written.

    Attributes:
        path: The GeoTIFF. Beside it lie its .qml and .aux.xml.
        names: The classes, by the number that stands for them in the map.
        colors: Their colours.
        grid: The map's pixel grid.
        cell: Pixels of the image along a side of a map pixel.
        counts: Map pixels of each class.
        empty: Map pixels without a class.
    """

    path: Path
    names: tuple[str, ...]
    colors: tuple[Color, ...]
    grid: Grid
    cell: int
    counts: tuple[int, ...]
    empty: int


@dataclass(frozen=True)
class _Surface:
    """A map that is constant over rectangles: its pixel (r, c) is `values[rows[r], columns[c]]`."""

    values: npt.NDArray[Any]
    rows: Ints
    columns: Ints


def write_class_map(
    path: Path,
    grid: Grid,
    windows: Windows,
    classes: npt.ArrayLike,
    names: Sequence[str],
    colors: Sequence[Color],
) -> ClassMap:
    """Write the classes of an image's tiles as a GeoTIFF with colours and names, and a .qml for QGIS.

    A map pixel has the number of its class, 255 (65,535 with more than 255 classes) where there is none. Where
    tiles overlap, which the last column and row mostly do, the pixel has the class of the tile whose centre is
    nearest. A tile without a class is a hole.

    The map covers the image exactly: its pixels are the largest squares that no edge of a tile cuts. Where that
    would be too many, they are larger: the map may reach past the right and lower edge of the image by less than
    a pixel, and a pixel goes by its middle. An image without a place gets a map in the image's pixels, y upwards,
    as QGIS shows it.

    Args:
        path: A .tif file. Its .qml and .tif.aux.xml are written beside it.
        grid: The image.
        windows: (n, 4) x, y, width, height of the tiles, from `rsvlm.imagery.windows.grid_windows`; those that
            are left out are holes.
        classes: (n,) number of each tile's class, -1 for none.
        names: The classes, from number 0.
        colors: Their colours.

    Raises:
        ClassificationError: The tiles lie on no grid, or numbers, names and colours do not fit together.
    """
    numbers = np.asarray(classes, dtype=np.int64)
    _check(path, windows, numbers, names, colors)
    tiles = tiling(grid, windows)
    cell = tiles.cell()
    dtype, nodata = ("uint8", 255) if len(names) <= 255 else ("uint16", 65_535)
    # one more row and column, so that index -1 means: no tile is there
    lattice = np.pad(tiles.lattice(numbers), ((0, 1), (0, 1)), constant_values=-1)
    rows, columns = (axis.nearest(axis.centres(cell)) for axis in (tiles.y, tiles.x))
    surface = _Surface(np.where(lattice < 0, nodata, lattice).astype(dtype), rows, columns)
    place = _map_grid(grid, cell, len(columns), len(rows))
    colormap = {number: (*color, 255) for number, color in enumerate(colors)}
    counts = _write(
        path,
        surface,
        place,
        nodata=nodata,
        colormap=colormap,
        tags={"CLASSES": json.dumps(list(names), ensure_ascii=False)},
    )
    write_category_names(path, names, colors, counts[: len(names)])
    write_raster_style(path, names, colors)
    return ClassMap(
        path, tuple(names), tuple(colors), place, cell, tuple(counts[: len(names)]), counts[nodata]
    )


def _check(
    path: Path,
    windows: Windows,
    numbers: Ints,
    names: Sequence[str],
    colors: Sequence[Color],
) -> None:
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise ClassificationError(f"{path}: a class map is a GeoTIFF: give a file that ends in .tif")
    if not 1 <= len(names) < 65_536 or len(colors) != len(names):
        raise ClassificationError(
            f"a class map of {len(names):,} classes and {len(colors):,} colours: it needs 1 to 65,535 of both"
        )
    if numbers.shape != (len(windows),):
        raise ClassificationError(f"{len(windows):,} tiles, but classes of shape {numbers.shape}")
    if len(numbers) and not -1 <= numbers.min() <= numbers.max() < len(names):
        raise ClassificationError(
            f"class numbers of {numbers.min()} to {numbers.max()}: with {len(names)} classes they are -1 "
            f"to {len(names) - 1}"
        )


def _map_grid(grid: Grid, cell: int, width: int, height: int) -> Grid:
    if grid.transform is None and cell == 1:
        return Grid(width, height)
    a, b, c, d, e, f = grid.transform or (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    transform: Transform = (a * cell, b * cell, c, d * cell, e * cell, f)
    return Grid(width, height, grid.crs, transform)


def _write(
    path: Path,
    surface: _Surface,
    grid: Grid,
    *,
    nodata: int,
    colormap: Mapping[int, tuple[int, int, int, int]],
    tags: Mapping[str, str],
) -> list[int]:
    """Write a surface in strips; returns how many pixels have each value."""
    for suffix in (".qml", ".aux.xml"):  # of an older map, which may have had other classes
        stale = path.with_suffix(suffix) if suffix == ".qml" else path.with_name(path.name + suffix)
        stale.unlink(missing_ok=True)
    counts = np.zeros(nodata + 1, dtype=np.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        atomic_write(path) as temporary,
        raster_env(),
        _create(temporary, grid, surface.values.dtype, nodata) as raster,
    ):
        raster.write_colormap(1, {**colormap, nodata: (0, 0, 0, 0)})
        raster.set_band_description(1, "class")
        raster.update_tags(**tags)
        for top in range(0, grid.height, _BLOCK):
            rows = surface.rows[top : top + _BLOCK]
            strip = surface.values[rows][:, surface.columns]
            raster.write(strip, 1, window=Window(0, top, grid.width, len(rows)))
            counts += np.bincount(strip.ravel(), minlength=len(counts))
    return [int(count) for count in counts]


def _create(path: Path, grid: Grid, dtype: np.dtype[Any], nodata: int) -> DatasetWriter:
    large = max(grid.width, grid.height) > _BLOCK
    layout = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK} if large else {}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", NotGeoreferencedWarning
        )  # an image without a place has a map without one
        return rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=grid.width,
            height=grid.height,
            count=1,
            dtype=dtype,
            crs=grid.crs,
            transform=rasterio.Affine(*grid.transform) if grid.transform else None,
            nodata=nodata,
            compress="deflate",
            BIGTIFF="IF_SAFER",
            **layout,
        )
