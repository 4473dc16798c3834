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

from rsvlm.imagery import Grid, Transform
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.windows import Windows
from rsvlm.shards import atomic_write

from .errors import ClassificationError
from .palette import Color
from .qml import write_category_names, write_raster_style
from .tiling import Axis, Ints, Tiling, tiling

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
    *,
    scores: npt.NDArray[np.float32] | None = None,
    score_path: Path | None = None,
    cell: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> ClassMap:
    """Write the classes of an image's tiles as a GeoTIFF with colours and names, and a .qml for QGIS.

    A map pixel has the number of its class, 255 (65,535 with more than 255 classes) where there is none. Where
    tiles overlap, which the last column and row mostly do, the pixel has the class of the tile whose centre is
    nearest, or, with scores, the class of the highest mean score of all tiles over it. A tile without a class
    has no say in the mean, and is a hole otherwise.

    The map covers the image exactly: its pixels are the largest squares that no edge of a tile cuts. With a
    `cell` of your own it may reach past the right and lower edge of the image by less than a cell, and a pixel
    goes by its middle. An image without a place gets a map in the image's pixels, y upwards, as QGIS shows it.

    Args:
        path: A .tif file. Its .qml and .tif.aux.xml are written beside it.
        grid: The image.
        windows: (n, 4) x, y, width, height of the tiles, from `rsvlm.imagery.windows.grid_windows`; those that
            are left out are holes.
        classes: (n,) number of each tile's class, -1 for none.
        names: The classes, from number 0.
        colors: Their colours.
        scores: (n, classes), to be averaged where tiles overlap.
        score_path: Also write the score of each pixel's class there: float32, NaN where there is none.
        cell: Pixels of the image along a side of a map pixel.
        tags: What the file's metadata shall also say.

    Raises:
        ClassificationError: The tiles lie on no grid, or numbers, names, colours and scores do not fit together.
    """
    numbers = np.asarray(classes, dtype=np.int64)
    _check(path, windows, numbers, names, colors, scores)
    if score_path is not None and scores is None:
        raise ClassificationError("a map of scores needs the scores of the tiles")
    tiles = tiling(grid, windows)
    size = tiles.cell() if cell is None else cell
    if size < 1:
        raise ClassificationError(f"a map pixel of {size} image pixels: it must be at least 1")
    dtype, nodata = ("uint8", 255) if len(names) <= 255 else ("uint16", 65_535)
    label, score = _surfaces(tiles, size, numbers, scores)
    values = np.where(label.values < 0, nodata, label.values).astype(dtype)
    place = _map_grid(grid, size, len(label.columns), len(label.rows))
    colormap = {number: (*color, 255) for number, color in enumerate(colors)}
    counts = _write(
        path,
        _Surface(values, label.rows, label.columns),
        place,
        nodata=nodata,
        colormap=colormap,
        tags={**(tags or {}), "CLASSES": json.dumps(list(names), ensure_ascii=False)},
    )
    if score_path is not None and score is not None:
        _write(score_path, score, place, nodata=float("nan"), tags=dict(tags or {}))
    write_category_names(path, names, colors, counts[: len(names)])
    write_raster_style(path, names, colors)
    return ClassMap(
        path, tuple(names), tuple(colors), place, size, tuple(counts[: len(names)]), counts[nodata]
    )


def _check(
    path: Path,
    windows: Windows,
    numbers: Ints,
    names: Sequence[str],
    colors: Sequence[Color],
    scores: npt.NDArray[np.float32] | None,
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
    if scores is not None and scores.shape != (len(windows), len(names)):
        raise ClassificationError(
            f"scores of shape {scores.shape}: {len(windows):,} tiles and {len(names)} classes need "
            f"({len(windows)}, {len(names)})"
        )


def _surfaces(
    tiles: Tiling, cell: int, numbers: Ints, scores: npt.NDArray[np.float32] | None
) -> tuple[_Surface, _Surface | None]:
    """The classes, and with scores the scores, as surfaces; -1 and NaN where there is none."""
    across, down = tiles.x.centres(cell), tiles.y.centres(cell)
    if scores is None:
        return _padded(tiles.lattice(numbers), tiles.y.nearest(down), tiles.x.nearest(across), -1), None
    label, best = _mean_classes(tiles, numbers, scores)
    rows, columns = _segments(tiles.y, down), _segments(tiles.x, across)
    return _padded(label, rows, columns, -1), _padded(best, rows, columns, np.nan)


def _padded(values: npt.NDArray[Any], rows: Ints, columns: Ints, nothing: float) -> _Surface:
    """A surface whose index -1 means nothing."""
    return _Surface(np.pad(values, ((0, 1), (0, 1)), constant_values=nothing), rows, columns)


def _segments(axis: Axis, at: npt.NDArray[np.float64]) -> Ints:
    """Between which edges a place lies, -1 outside of all."""
    edges = axis.edges()
    segment = np.searchsorted(edges, at, side="right") - 1
    return np.where(segment < len(edges) - 1, segment, -1)


def _mean_classes(
    tiles: Tiling, numbers: Ints, scores: npt.NDArray[np.float32]
) -> tuple[Ints, npt.NDArray[np.float32]]:
    """Class of the highest mean score, and that score, for every rectangle that the same tiles cover."""
    heard = (numbers >= 0) & np.isfinite(scores).all(axis=1)
    places = tiles.lattice(np.where(heard, np.arange(len(numbers)), -1))
    x, y = tiles.x, tiles.y
    edges = y.edges()
    label = np.full((len(edges) - 1, len(x.edges()) - 1), -1, dtype=np.int64)
    best = np.full(label.shape, np.nan, dtype=np.float32)
    first = np.searchsorted(x.starts + x.size, x.edges()[:-1], side="right")
    last = np.searchsorted(x.starts, x.edges()[:-1], side="right")
    for segment, edge in enumerate(edges[:-1]):
        rows = places[(y.starts <= edge) & (edge < y.starts + y.size)]
        # sums over the tiles of a column, then along the row as differences of running sums
        there = rows >= 0
        total = np.where(there[..., None], scores[rows], 0).sum(axis=0, dtype=np.float64)
        running = np.concatenate([np.zeros((1, scores.shape[1])), np.cumsum(total, axis=0)])
        voices = np.concatenate([[0], np.cumsum(there.sum(axis=0))])
        number = voices[last] - voices[first]
        covered = number > 0
        mean = (running[last] - running[first])[covered] / number[covered, None]
        label[segment, covered] = mean.argmax(axis=1)
        best[segment, covered] = mean.max(axis=1)
    return label, best


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
    nodata: float,
    colormap: Mapping[int, tuple[int, int, int, int]] | None = None,
    tags: Mapping[str, str],
) -> list[int]:
    """Write a surface in strips; returns how many pixels have each value, for whole numbers."""
    for suffix in (".qml", ".aux.xml"):  # of an older map, which may have had other classes
        stale = path.with_suffix(suffix) if suffix == ".qml" else path.with_name(path.name + suffix)
        stale.unlink(missing_ok=True)
    counts = np.zeros(int(nodata) + 1 if colormap else 0, dtype=np.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        atomic_write(path) as temporary,
        raster_env(),
        _create(temporary, grid, surface.values.dtype, nodata) as raster,
    ):
        if colormap:
            raster.write_colormap(1, {**colormap, int(nodata): (0, 0, 0, 0)})
        raster.set_band_description(1, "class" if colormap else "score")
        raster.update_tags(**tags)
        for top in range(0, grid.height, _BLOCK):
            rows = surface.rows[top : top + _BLOCK]
            strip = surface.values[rows][:, surface.columns]
            raster.write(strip, 1, window=Window(0, top, grid.width, len(rows)))
            if colormap:
                counts += np.bincount(strip.ravel(), minlength=len(counts))
    return [int(count) for count in counts]


def _create(path: Path, grid: Grid, dtype: np.dtype[Any], nodata: float) -> DatasetWriter:
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
