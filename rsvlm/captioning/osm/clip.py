"""Cutting map objects at the edges of chips, in bulk."""

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]
Boxes = npt.NDArray[np.float64]

LARGE = 64
"""Vertices; an object with more is cut for half of its chips at a time, so that a forest of 20,000 vertices
under 5,000 chips is not walked 5,000 times."""


def clip(
    geometries: Geometries, objects: npt.NDArray[np.intp], boxes: Boxes, chips: npt.NDArray[np.intp]
) -> Geometries:
    """Cut lines and areas at chips.

    Args:
        geometries: All objects.
        objects: For each pair, the place of the object in `geometries` (pairs,).
        boxes: All chips, x0, y0, x1, y1 (chips, 4).
        chips: For each pair, the place of the chip in `boxes`, in ascending order (pairs,).

    Returns:
        What of the object lies in the chip, for each pair; empty where nothing does. What only touches the
        edge of a chip does not lie in it.
    """
    parts: Geometries = np.empty(len(objects), object)
    large = shapely.get_num_coordinates(geometries[objects]) > LARGE
    small = np.flatnonzero(~large)
    for pairs in np.split(small, np.flatnonzero(np.diff(chips[small])) + 1):
        if len(pairs):
            parts[pairs] = shapely.clip_by_rect(geometries[objects[pairs]], *boxes[chips[pairs[0]]].tolist())
    rest = np.flatnonzero(large)
    rest = rest[np.argsort(objects[rest], kind="stable")]
    for pairs in np.split(rest, np.flatnonzero(np.diff(objects[rest])) + 1):
        if len(pairs):
            _clip_large(geometries[objects[pairs[0]]], boxes, chips, pairs, parts)
    return parts


def _clip_large(
    geometry: shapely.Geometry,
    boxes: Boxes,
    chips: npt.NDArray[np.intp],
    pairs: npt.NDArray[np.intp],
    parts: Geometries,
) -> None:
    """Cut one object at the chips of the pairs, first at the box round either half of them."""
    if len(pairs) < 4 or shapely.get_num_coordinates(geometry) <= LARGE:
        for pair in pairs:
            parts[pair] = shapely.clip_by_rect(geometry, *boxes[chips[pair]].tolist())
        return
    mine = boxes[chips[pairs]]
    axis = int(np.argmax(np.ptp(mine[:, :2], axis=0)))
    order = np.argsort(mine[:, axis], kind="stable")
    for half in np.array_split(order, 2):
        low, high = mine[half, :2].min(axis=0), mine[half, 2:].max(axis=0)
        _clip_large(
            shapely.clip_by_rect(geometry, *low.tolist(), *high.tolist()), boxes, chips, pairs[half], parts
        )
