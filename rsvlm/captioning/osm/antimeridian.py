"""Lines and areas over the antimeridian, which maps hold as if they went the other way round the Earth."""

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.captioning.osm.shapes import AREA, Geometries

_HALF = 180.0


def split_jumps(geometries: Geometries) -> Geometries:
    """Cut at the antimeridian what jumps from one end of the longitudes to the other.

    Args:
        geometries: Lines and areas in degrees, valid or not (n,); None for none.

    Returns:
        The same (n,); what has an edge of more than 180 degrees in two or more parts, each on its own side.
    """
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    wide = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > _HALF)
    if not len(wide):
        return geometries
    found: Geometries = np.array(geometries, object)
    found[wide] = [_split(geometry) for geometry in found[wide]]
    return found


def reach(bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Widen bounds (n, 4) of what may jump over the antimeridian to all longitudes: they hold what it does not."""
    found = bounds.copy()
    found[bounds[:, 2] - bounds[:, 0] > _HALF, 0::2] = -_HALF, _HALF
    return found


def _split(geometry: shapely.Geometry) -> shapely.Geometry:
    areal = shapely.get_dimensions(geometry) == AREA
    simple = _flat(geometry)
    strands = shapely.get_rings(simple) if areal else simple  # shapely knows no rings of a multipolygon
    if not any((np.abs(np.diff(shapely.get_coordinates(strand)[:, 0])) > _HALF).any() for strand in strands):
        return geometry
    shifted = shapely.transform(geometry, _shifted)
    west, _, east, _ = shifted.bounds
    if not 0 < east - west < _HALF:
        return geometry  # round the whole Earth: a box from -180 to 180
    shifted = shapely.make_valid(shifted) if areal else shifted
    here = shapely.intersection(shifted, shapely.box(0, -90, _HALF, 90))
    there = shapely.intersection(shifted, shapely.box(_HALF, -90, 2 * _HALF, 90))
    there = shapely.transform(there, lambda xy: xy - (2 * _HALF, 0))
    parts = np.concatenate([_flat(half) for half in (here, there)])
    parts = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(geometry)]
    joined: shapely.Geometry = shapely.multipolygons(parts) if areal else shapely.multilinestrings(parts)
    return joined


def _shifted(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack([xy[:, 0] % (2 * _HALF), xy[:, 1]])


def _flat(geometry: shapely.Geometry) -> Geometries:
    """The parts of a geometry; a collection may hold a multipolygon."""
    parts: Geometries = shapely.get_parts(shapely.get_parts(geometry))
    return parts
