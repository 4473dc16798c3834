"""Where the imagery lies, and which map objects touch it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.imagery.grid import BBox

Mask = npt.NDArray[np.bool_]


def split_at_antimeridian(box: BBox) -> list[BBox]:
    """Return the box as one or, where it crosses the antimeridian, two boxes with west <= east."""
    west, south, east, north = box
    if west <= east:
        return [box]
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


class Extents:
    """Longitude/latitude boxes of the imagery, indexed; None stands for the whole Earth."""

    def __init__(self, boxes: Sequence[BBox] | None) -> None:
        self._tree: shapely.STRtree | None = None
        if boxes is not None:
            parts = sorted({part for box in boxes for part in split_at_antimeridian(box)})
            corners = np.array(parts, float).reshape(-1, 4)
            self._tree = shapely.STRtree(shapely.box(*corners.T))

    def near(self, bounds: npt.NDArray[np.float64]) -> Mask:
        """Say which bounding boxes (n, 4: west, south, east, north) touch the imagery."""
        return self._touch(None if self._tree is None else shapely.box(*bounds.T), len(bounds), None)

    def touch(self, geometries: npt.NDArray[np.object_]) -> Mask:
        """Say which of the geometries (n,) touch the imagery."""
        return self._touch(geometries, len(geometries), "intersects")

    def _touch(self, geometries: npt.NDArray[np.object_] | None, count: int, predicate: str | None) -> Mask:
        if self._tree is None:
            return np.ones(count, bool)
        found = np.zeros(count, bool)
        found[self._tree.query(geometries, predicate=predicate)[0]] = True
        return found
