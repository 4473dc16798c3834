"""Geometry of map objects in bulk, repaired where it is broken."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Geometries = npt.NDArray[np.object_]

POINT, LINE, AREA = range(3)
"""Places in `table.SHAPES`."""

_SMALLEST_AREA = 1e-13
"""Square degrees, some 10 square centimetres: what is smaller is a slip of the hand or what a repair left
over."""


class Runs(NamedTuple):
    """Coordinates of many ways, one after the other: xy (total, 2), and how many each has (n,)."""

    xy: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]

    def bounds(self) -> npt.NDArray[np.float64]:
        """Return west, south, east, north of each (n, 4); each has a point or more."""
        if not len(self.counts):
            return np.empty((0, 4))
        starts = np.cumsum(self.counts) - self.counts
        return np.column_stack([np.minimum.reduceat(self.xy, starts), np.maximum.reduceat(self.xy, starts)])

    def take(self, chosen: npt.NDArray[np.bool_]) -> "Runs":
        """Return the ways of a mask (n,)."""
        return Runs(self.xy[np.repeat(chosen, self.counts)], self.counts[chosen])

    def shapes(self, areal: npt.NDArray[np.bool_]) -> Geometries:
        """Return the ways as polygons where the mask (n,) says so, else as lines; None for broken ones.

        Areas are as they were drawn, valid or not: see `repair_areas`.
        """
        shapes: Geometries = np.full(len(self.counts), None, object)
        shapes[areal] = self.take(areal)._polygons()
        shapes[~areal] = self.take(~areal)._lines()
        return shapes

    def _lines(self) -> Geometries:
        long = self.counts > 1
        xy, counts = self.take(long)
        lines: Geometries = np.full(len(long), None, object)
        lines[long] = shapely.linestrings(xy, indices=np.repeat(np.arange(len(counts)), counts))
        lines[~(shapely.length(lines) > 0)] = None
        return lines

    def _polygons(self) -> Geometries:
        places = np.repeat(np.arange(len(self.counts)), self.counts)
        polygons: Geometries = shapely.polygons(shapely.linearrings(self.xy, indices=places))
        return polygons


def repair_areas(areas: Geometries) -> Geometries:
    """Make areas valid (one that crosses itself comes apart there); None where no area is left."""
    areas = np.array(areas, object)
    broken = ~shapely.is_valid(areas)
    if broken.any():
        areas[broken] = [_areal(part) for part in shapely.make_valid(areas[broken])]
    areas[shapely.area(areas) < _SMALLEST_AREA] = None
    return areas


def tidy(geometries: Geometries) -> Geometries:
    """Bring geometries of any kind to points, lines and areas; None for what is neither or has no extent.

    Areas are made valid; of a mixed collection, only the areas stay; several points in one are no point.
    """
    found: Geometries = np.array(geometries, object)
    kind = shapely.get_type_id(found)
    several = kind == shapely.GeometryType.MULTIPOINT
    found[several] = [g.geoms[0] if len(g.geoms) == 1 else None for g in found[several]]
    mixed = (kind == shapely.GeometryType.GEOMETRYCOLLECTION) & (shapely.get_dimensions(found) == AREA)
    found[mixed] = [_areal(g) for g in found[mixed]]
    found[(kind == shapely.GeometryType.GEOMETRYCOLLECTION) & ~mixed] = None
    found[shapely.is_empty(found)] = None
    found[(shapely.get_dimensions(found) == LINE) & ~(shapely.length(found) > 0)] = None
    areal = shapely.get_dimensions(found) == AREA
    found[areal] = repair_areas(found[areal])
    return found


def take_apart(
    geometries: Geometries, chosen: npt.NDArray[np.bool_]
) -> tuple[Geometries, npt.NDArray[np.int64]]:
    """Make each part of the areas of a mask (n,) a geometry of its own; parts that are hardly there are left out.

    Returns:
        The geometries, and for each the place of the one that it was or was part of.
    """
    counts = shapely.get_num_geometries(geometries)
    several = chosen & (shapely.get_type_id(geometries) == shapely.GeometryType.MULTIPOLYGON) & (counts > 1)
    places = np.repeat(np.arange(len(geometries)), np.where(several, counts, 1))
    apart = several[places]
    parts: Geometries = geometries[places]
    parts[apart] = shapely.get_parts(geometries[several])
    kept = ~apart | (shapely.area(parts) >= _SMALLEST_AREA)
    return parts[kept], places[kept]


def _areal(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry that a repair left mixed."""
    polygons = shapely.get_parts(shapely.get_parts(geometry))  # a collection may hold a multipolygon
    polygons = polygons[shapely.get_type_id(polygons) == 3]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
