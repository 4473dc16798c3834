"""Between map coordinates and WGS84: cached transformers, the antimeridian and the poles."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely import union_all
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from rsvlm.imagery.errors import ImageryError

Floats = npt.NDArray[np.float64]

_WGS84 = "EPSG:4326"
# A tenth of a millimetre: what projecting back and forth loses must not look like a step over the
# antimeridian.
_NOISE = 1e-9


def to_lonlat(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coordinates of a CRS as WGS84 degrees, infinite where they mean no place.

    Raises:
        ImageryError: The CRS cannot be brought to WGS84.
    """
    lon, lat = _transformer(crs, _WGS84).transform(x, y)
    return np.asarray(lon, float), np.asarray(lat, float)


def from_lonlat(crs: str, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS84 degrees as coordinates of a CRS, infinite where it has none for them.

    Raises:
        ImageryError: The CRS cannot be brought to WGS84.
    """
    x, y = _transformer(_WGS84, crs).transform(lon, lat)
    return np.asarray(x, float), np.asarray(y, float)


@lru_cache(maxsize=256)
def world_width(crs: str) -> float | None:
    """How far x runs in a turn round the Earth where x is proportional to longitude; None for other maps.

    On such maps (degrees, Mercator, plate carree) a raster may run over the map's own edge, and the same
    place has an x on either side of it.
    """
    system = CRS.from_user_input(crs)
    if system.is_geographic:
        return 2 * np.pi / float(system.axis_info[0].unit_conversion_factor)
    method = system.coordinate_operation.method_name.lower() if system.coordinate_operation else ""
    if not ("mercator" in method or "cylindrical" in method) or "transverse" in method or "oblique" in method:
        return None
    x, _ = from_lonlat(
        crs, np.array([0.0, 1.0, 2.0]), np.zeros(3)
    )  # three: the map's own edge may lie among them
    return 360.0 * float(np.abs(np.diff(x)).min())


def within(lon: Floats) -> Floats:
    """Longitudes brought to -180..180; those that are there already stay as they are, +180 and -180 alike."""
    outside = np.abs(lon) > 180.0
    if not outside.any():
        return lon
    with np.errstate(invalid="ignore"):
        return np.where(outside, (lon + 180.0) % 360.0 - 180.0, lon)


def unwrap(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """A closed ring whose longitudes run on instead of jumping, shifted so that its middle lies in -180..180.

    A ring around a pole is closed along it; a single corner on a pole, which has no longitude of its own,
    takes those of its two neighbours.
    """
    lon, lat = _part_at_pole(lon, lat)
    steps = np.diff(lon)
    lon = np.concatenate([lon[:1], lon[0] + np.cumsum(steps - 360.0 * np.round(steps / 360.0))])
    if abs(lon[-1] - lon[0]) > 180.0:
        pole = 90.0 if lat.mean() > 0 else -90.0
        lon = np.concatenate([lon, [lon[-1], lon[0], lon[0]]])
        lat = np.concatenate([lat, [pole, pole, lat[0]]])
    line = 180.0 + 360.0 * np.round((lon - 180.0) / 360.0)
    lon = np.where(np.abs(lon - line) < _NOISE, line, lon)
    return lon - 360.0 * np.floor(((lon.min() + lon.max()) / 2 + 180.0) / 360.0), lat


def cut(polygon: Polygon) -> Polygon | MultiPolygon:
    """A polygon whose longitudes run past -180 or 180, as parts within them."""
    west, south, east, north = polygon.bounds
    if west >= -180.0 and east <= 180.0:
        return polygon
    parts: list[Polygon] = []
    for turn in (-360.0, 0.0, 360.0):
        part = translate(polygon.intersection(box(-180.0 - turn, south, 180.0 - turn, north)), turn)
        parts += [p for p in getattr(part, "geoms", [part]) if isinstance(p, Polygon) and not p.is_empty]
    # a ring of a whole turn is cut into parts that touch on the other side
    return union_all(parts)


def _part_at_pole(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Put a lone vertex on a pole twice, with either neighbour's longitude (whole edges there stand)."""
    at_pole = np.abs(lat[:-1]) > 90.0 - _NOISE
    lone = at_pole & ~np.roll(at_pole, 1) & ~np.roll(at_pole, -1)
    if not lone.any():
        return lon, lat
    out: list[tuple[float, float]] = []
    for i in range(len(lon) - 1):
        if lone[i]:
            out += [(lon[i - 1] if i else lon[-2], lat[i]), (lon[i + 1], lat[i])]
        else:
            out.append((lon[i], lat[i]))
    ring = np.array([*out, out[0]])
    return ring[:, 0], ring[:, 1]


@lru_cache(maxsize=512)
def _transformer(source: str, target: str) -> Transformer:
    try:
        return Transformer.from_crs(CRS.from_user_input(source), CRS.from_user_input(target), always_xy=True)
    except ProjError as error:
        raise ImageryError(f"cannot convert between {short(source)} and {short(target)}: {error}") from error


def short(crs: str) -> str:
    """A CRS in the few words that fit a message."""
    return crs if len(crs) <= 40 else CRS.from_user_input(crs).name
