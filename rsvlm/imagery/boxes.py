"""Boxes in longitude and latitude, and the shapes that they stand for on a map in degrees."""

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.imagery.grid import BBox
from rsvlm.imagery.projection import Floats

Shapes = npt.NDArray[np.object_]
"""Shapely geometries, None where there is none."""


def split_at_antimeridian(box: BBox) -> list[BBox]:
    """Return the box as one or, where it crosses the antimeridian, two boxes with west <= east."""
    west, south, east, north = box
    if west <= east:
        return [box]
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


def box_shapes(
    west: npt.ArrayLike, south: npt.ArrayLike, east: npt.ArrayLike, north: npt.ArrayLike
) -> Shapes:
    """Return the shapes of boxes: polygons whose rings run anticlockwise, cut in two at the antimeridian.

    A box without a width or a height is a line, one without both a point; what isn't known has no shape.

    Args:
        west: (n,) degrees, WGS84; above `east` where the box crosses the antimeridian.
        south: (n,) degrees.
        east: (n,) degrees.
        north: (n,) degrees.

    Returns:
        (n,) shapely geometries, all valid and within the longitudes of the boxes; None where an edge is not finite.
    """
    west, south, east, north = (np.asarray(edge, np.float64) for edge in (west, south, east, north))
    # what only begins or ends at the antimeridian does not cross it
    west = np.where((west == 180.0) & (east < west), -180.0, west)
    east = np.where((east == -180.0) & (east < west), 180.0, east)
    known = np.isfinite(west) & np.isfinite(south) & np.isfinite(east) & np.isfinite(north)
    shapes = np.full(len(west), None, object)
    for rows, shaped in ((known & (west <= east), _whole), (known & (west > east), _cut)):
        shapes[rows] = shaped(west[rows], south[rows], east[rows], north[rows])
    return shapes


def _whole(west: Floats, south: Floats, east: Floats, north: Floats) -> Shapes:
    shapes: Shapes = shapely.box(west, south, east, north)
    flat = (west == east) | (south == north)
    corners = np.stack([west, south, east, north], axis=1)[flat].reshape(-1, 2, 2)
    shapes[flat] = shapely.linestrings(corners)
    point = (west == east) & (south == north)
    shapes[point] = shapely.points(west[point], south[point])
    return shapes


def _cut(west: Floats, south: Floats, east: Floats, north: Floats) -> Shapes:
    line = np.full(len(west), 180.0)
    halves = np.stack([_whole(west, south, line, north), _whole(-line, south, east, north)], axis=1)
    flat = south == north
    shapes = np.full(len(west), None, object)
    shapes[flat] = shapely.multilinestrings(halves[flat])
    shapes[~flat] = shapely.multipolygons(halves[~flat])
    return shapes
