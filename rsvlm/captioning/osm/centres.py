"""Chips centred on map objects, by SkyScript's rules (Wang et al. 2024, arXiv 2312.12856, section 3)."""

import hashlib
from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.captioning.osm.chips import ChipObjects
from rsvlm.captioning.osm.shapes import AREA, LINE

TILE_SIZES = (128, 256, 384, 512, 768, 1024)
"""Pixels; without a size of its own an area takes the smallest tile that it fits, points and lines
`POINT_TILE`."""

POINT_TILE = 256

MARGIN = 1.5
"""The tile's side is at least this many times the longer side of an area's bounding box."""

OFF_CENTRE = 0.25
"""The object's centre lies at most this share of the tile's side from the tile's centre, to either side and
up or down."""

TOO_LARGE = "larger than the tile allows"
TOO_NEAR = "too near the edge of the image for a whole tile"
REPEATED = "the same tile as that of another object"


class ObjectWindows(NamedTuple):
    """Tiles centred on objects.

    Attributes:
        windows: x, y, width, height (n, 4).
        focus: The row in the table of the object that each is centred on (n,).
        skipped: Why other objects have no tile, and how many.
    """

    windows: npt.NDArray[np.int32]
    focus: npt.NDArray[np.int64]
    skipped: dict[str, int]


def object_windows(
    objects: ChipObjects, size: int | tuple[int, int] | None = None, seed: int = 0
) -> ObjectWindows:
    """Choose a tile for each object of an image that has something to show.

    A point's tile is centred on it, a line's on one of its nodes in the image, drawn at random; an area's on
    its bounding box, which must fit `MARGIN` times. The tile is then moved at random by up to `OFF_CENTRE`,
    so that the focus is not simply the middle, but always in the tile, an area whole. Only tiles that lie
    wholly in the image count, and each only once. The choice depends on the seed and the object's id alone.

    Args:
        objects: The objects of the image.
        size: Side of all tiles in pixels, or their width and height; None chooses by `TILE_SIZES` and `POINT_TILE`.
        seed: Of all that is drawn.
    """
    skipped: Counter[str] = Counter()
    found: dict[tuple[int, int, int, int], int] = {}
    given = (size, size) if isinstance(size, int) else size
    draws = _draws(objects.names, seed)
    for place, (shape, geometry) in enumerate(zip(objects.shapes.tolist(), objects.geometries, strict=True)):
        box = _anchor(geometry, shape, draws[place, 2], objects) / (objects.stretch, 1, objects.stretch, 1)
        least = (box[2:] - box[:2]) * MARGIN
        sides = given or (_tile(float(least.max())) if shape == AREA else (POINT_TILE, POINT_TILE))
        if sides is None or (least > sides).any():
            skipped[TOO_LARGE] += 1
            continue
        corner = _corner(box, sides, (objects.grid.width, objects.grid.height), draws[place])
        if corner is None:
            skipped[TOO_NEAR] += 1
        elif (*corner, *sides) in found:
            skipped[REPEATED] += 1
        else:
            found[*corner, *sides] = place
    windows = np.array(list(found), np.int32).reshape(-1, 4)
    return ObjectWindows(windows, objects.rows[list(found.values())], dict(skipped))


def _draws(names: list[str], seed: int) -> npt.NDArray[np.float64]:
    """Three numbers from 0 to 1 for each object, by its name and the seed (n, 3)."""
    digests = (hashlib.blake2b(f"{seed} {name}".encode(), digest_size=24).digest() for name in names)
    return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 3) / 2.0**64


def _anchor(
    geometry: shapely.Geometry, shape: int, draw: float, objects: ChipObjects
) -> npt.NDArray[np.float64]:
    """The box that the tile is centred on: an area's own, else that of one point; NaN where none is in."""
    if shape != LINE:
        return np.array(geometry.bounds)
    nodes = shapely.get_coordinates(geometry)
    inside = (nodes >= 0).all(axis=1) & (
        nodes < (objects.grid.width * objects.stretch, objects.grid.height)
    ).all(axis=1)
    nodes = nodes[inside]
    return np.tile(nodes[int(draw * len(nodes))], 2) if len(nodes) else np.full(4, np.nan)


def _tile(least: float) -> tuple[int, int] | None:
    return next(((side, side) for side in TILE_SIZES if least <= side), None)


def _corner(
    box: npt.NDArray[np.float64],
    sides: tuple[int, int],
    image: tuple[int, int],
    draw: npt.NDArray[np.float64],
) -> tuple[int, int] | None:
    """The upper left corner of the tile, drawn among those that keep the rules; None where there is none."""
    corner = []
    for axis in (0, 1):
        side = sides[axis]
        low, high = float(box[axis]), float(box[axis + 2])
        middle = (low + high) / 2 - side / 2
        if not np.isfinite(middle):
            return None
        first = max(np.ceil(middle - OFF_CENTRE * side), np.ceil(high - side), 0)
        last = min(np.floor(middle + OFF_CENTRE * side), np.floor(low), image[axis] - side)
        if first > last:
            return None
        corner.append(int(first + np.floor(draw[axis] * (last - first + 1))))
    return corner[0], corner[1]
