"""Where the imagery lies, and which map objects touch it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.imagery.boxes import split_at_antimeridian
from rsvlm.imagery.grid import BBox

Mask = npt.NDArray[np.bool_]

_FEW = 32  # boxes that are quicker compared one by one than looked up in a tree


class Extents:
    """Longitude/latitude boxes of the imagery, indexed; None stands for the whole Earth."""

    def __init__(self, boxes: Sequence[BBox] | None) -> None:
        self._tree: shapely.STRtree | None = None
        if boxes is not None:
            parts = sorted({part for box in boxes for part in split_at_antimeridian(box)})
            self._corners = np.array(parts, float).reshape(-1, 4)
            self._tree = shapely.STRtree(shapely.box(*self._corners.T))

    def near(self, bounds: npt.NDArray[np.float64]) -> Mask:
        """Say which bounding boxes (n, 4: west, south, east, north) touch the imagery."""
        if self._tree is None:
            return np.ones(len(bounds), bool)
        if len(self._corners) > _FEW:
            return self._query(shapely.box(*bounds.T), None)
        found = np.zeros(len(bounds), bool)
        for box in self._corners:
            found |= (bounds[:, :2] <= box[2:]).all(axis=1) & (bounds[:, 2:] >= box[:2]).all(axis=1)
        return found

    def touch(self, geometries: npt.NDArray[np.object_]) -> Mask:
        """Say which of the geometries (n,) touch the imagery."""
        if self._tree is None:
            return np.ones(len(geometries), bool)
        bounds = shapely.bounds(geometries).reshape(-1, 4)
        found = np.zeros(len(geometries), bool)
        for box in self._corners[:_FEW]:  # what lies wholly in one need not be looked at closely
            found |= (bounds[:, :2] >= box[:2]).all(axis=1) & (bounds[:, 2:] <= box[2:]).all(axis=1)
        found[~found] = self._query(geometries[~found], "intersects")
        return found

    def _query(self, geometries: npt.NDArray[np.object_], predicate: str | None) -> Mask:
        found = np.zeros(len(geometries), bool)
        if self._tree is not None:
            found[self._tree.query(geometries, predicate=predicate)[0]] = True
        return found
