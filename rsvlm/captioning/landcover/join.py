"""Sheets that join into one raster, as the tiles of a global map do."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from rsvlm.imagery.grid import Grid

from .mosaic import TOUCH, SheetIndex, check_agreement
from .sheets import Sheet


class Joined(NamedTuple):
    """One raster, or several that join.

    `path` is the file's, or what a file of the joined ones would be called.
    """

    name: str
    path: str
    grid: Grid


def join_sheets(sheets: Sequence[Sheet], folder: Path) -> list[Joined]:
    """Join sheets that touch and are of one date, resolution and grid of pixels; the others stay alone.

    Raises:
        CaptioningError: Rasters of different dates or products overlap.
    """
    for pair in SheetIndex(sheets).neighbours():
        check_agreement(pair)
    alike: dict[tuple[object, ...], list[int]] = {}
    for order, sheet in enumerate(sheets):
        alike.setdefault(_lattice(sheet), []).append(order)
    groups = sorted(group for orders in alike.values() for group in _touching(sheets, orders))
    taken = {sheet.stem for sheet in sheets}
    joined = []
    for group in groups:
        first = sheets[group[0]]
        if len(group) == 1:
            joined.append(Joined(first.stem, first.path, first.grid))
            continue
        name = _common_name([sheets[order].stem for order in group], folder, taken)
        taken.add(name)
        joined.append(Joined(name, str(folder / name), _union([sheets[order] for order in group])))
    return joined


def _lattice(sheet: Sheet) -> tuple[object, ...]:
    """What the parts of one grid of pixels share; a raster without a place, or a turned one, is none."""
    a, b, c, d, e, f = sheet.grid.transform or (1.0, 1.0, 0.0, 0.0, 1.0, 0.0)
    if b or d:
        return (sheet.path,)
    phase = (round(c / a % 1, 2) % 1, round(f / e % 1, 2) % 1)
    return (sheet.grid.crs, sheet.date, sheet.coding, sheet.resolution, a > 0, e > 0, phase)


def _touching(sheets: Sequence[Sheet], orders: list[int]) -> list[list[int]]:
    """The parts of a list that hang together, each in the order of the list."""
    if len(orders) == 1:
        return [orders]
    size_x, size_y = sheets[orders[0]].pixel
    margin = np.array([-size_x, -size_y, size_x, size_y]) * TOUCH / 2
    boxes = shapely.box(*(np.array([sheets[order].bounds for order in orders]) + margin).T)
    pairs = shapely.STRtree(boxes).query(boxes)
    group = np.arange(len(orders))
    while True:
        lowest = group.copy()
        np.minimum.at(lowest, pairs[0], group[pairs[1]])
        if (lowest == group).all():
            break
        group = lowest[lowest]
    return [[orders[i] for i in np.flatnonzero(group == first)] for first in np.unique(group)]


def _union(group: list[Sheet]) -> Grid:
    first = group[0].grid
    a, _, _, _, e, _ = first.transform or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    bounds = np.array([sheet.bounds for sheet in group])
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    width, height = round((east - west) / abs(a)), round((north - south) / abs(e))
    return Grid(
        width, height, first.crs, (a, 0.0, west if a > 0 else east, 0.0, e, south if e > 0 else north)
    )


def _common_name(stems: list[str], folder: Path, taken: set[str]) -> str:
    """How all names begin ("map" of map_1, map_2), else the folder's name; never the name of a raster."""
    low, high = min(stems), max(stems)
    same = next((i for i, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    name = low[:same].rstrip("-_. (") or folder.name or "mosaic"
    while name in taken:
        name += "-mosaic"
    return name
