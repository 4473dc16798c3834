"""Distances of places on the Earth."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

Float64s = NDArray[np.float64]


@cache
def ellipsoid() -> Geod:
    """Return what measures on the ellipsoid of WGS84."""
    return Geod(ellps="WGS84")


def distance_km(point: tuple[float, float], places: ArrayLike) -> Float64s:
    """Return the distances of places from a point in km, (n,), on the ellipsoid of WGS84.

    Args:
        point: Longitude and latitude in degrees.
        places: (n, 2) longitude, latitude.
    """
    there = np.asarray(places, np.float64)
    here = np.tile(np.asarray(point, np.float64), (len(there), 1))
    return np.asarray(ellipsoid().inv(*here.T, *there.T)[2]) / 1000


def great_circle_km(first: ArrayLike, second: ArrayLike) -> Float64s:
    """Return the great-circle distances of places in km (haversine, on the sphere of `EARTH_RADIUS_KM`).

    Args:
        first: (n, 2) longitude, latitude in degrees (WGS84); or (1, 2), the same place for all of the others.
        second: (n, 2).

    Returns:
        (n,); NaN where a place is.
    """
    one, other = np.radians(np.asarray(first, np.float64)), np.radians(np.asarray(second, np.float64))
    half = (other - one) / 2
    cosines = np.cos(one[:, 1]) * np.cos(other[:, 1])
    haversine = np.sin(half[:, 1]) ** 2 + cosines * np.sin(half[:, 0]) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0, 1))))
