"""Cutting map objects at the edges of chips, in bulk."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]
Boxes = npt.NDArray[np.float64]

LARGE = 300
"""Vertices; an object with more is first cut for half of its chips, and half of these, so that a forest of 20,000
vertices under 5,000 chips is not walked 5,000 times."""

FEW = 4
"""Chips; for fewer, halving does not pay."""


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
    sources, frames = geometries[objects], boxes[chips]
    large = np.flatnonzero(shapely.get_num_coordinates(sources) > LARGE)
    large = large[np.argsort(objects[large], kind="stable")]
    for pairs in _runs(large, objects):
        _halve(geometries[objects[pairs[0]]], frames, pairs, sources)
    parts: Geometries = np.empty(len(objects), object)
    for pairs in _runs(np.arange(len(objects)), chips):
        parts[pairs] = shapely.clip_by_rect(sources[pairs], *frames[pairs[0]].tolist())
    return parts


def _runs(pairs: npt.NDArray[np.intp], owners: npt.NDArray[np.intp]) -> Iterator[npt.NDArray[np.intp]]:
    """Pairs, in the order of their owners, cut where the owner changes."""
    if len(pairs):
        yield from np.split(pairs, np.flatnonzero(np.diff(owners[pairs])) + 1)


def _halve(
    geometry: shapely.Geometry, boxes: Boxes, pairs: npt.NDArray[np.intp], sources: Geometries
) -> None:
    """Give pairs of one object what lies of it round their chips; boxes are those of all pairs."""
    if len(pairs) < FEW or shapely.get_num_coordinates(geometry) <= LARGE:
        sources[pairs] = geometry
        return
    mine = boxes[pairs]
    axis = int(np.argmax(np.ptp(mine[:, :2], axis=0)))
    order = np.argsort(mine[:, axis], kind="stable")
    for half in np.array_split(order, 2):
        low, high = mine[half, :2].min(axis=0), mine[half, 2:].max(axis=0)
        _halve(shapely.clip_by_rect(geometry, *low.tolist(), *high.tolist()), boxes, pairs[half], sources)
