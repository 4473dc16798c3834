"""How near the places of chunks are to the place that is asked about."""

import numpy as np
from numpy.typing import NDArray

from rsvlm.retrieval.distances import distance_km
from rsvlm.retrieval.exact import Floats
from rsvlm.retrieval.nearness import Point
from rsvlm.retrieval.rows import EDGES
from rsvlm.retrieval.snapshot import Snapshot

_SCALE = 25.0
"""Kilometres at which a chunk is a third as near as one about the very place."""


def kilometres(snapshot: Snapshot, point: Point) -> Floats:
    """Return (rows,) distances on the ellipsoid from a point to the nearest edge of what a row is about, NaN: unknown.

    A point inside has distance 0. The nearest point of a box is found in degrees, which is exact enough for a bonus.
    """
    west, south, east, north = (_floats(snapshot, edge) for edge in EDGES)
    longitude, latitude = point
    crosses = west > east
    inside = np.where(
        crosses, (longitude >= west) | (longitude <= east), (longitude >= west) & (longitude <= east)
    )
    to_west, to_east = (np.abs((edge - longitude + 180) % 360 - 180) for edge in (west, east))
    nearest = np.where(inside, longitude, np.where(to_west <= to_east, west, east))
    rows = np.flatnonzero(np.isfinite(west))
    found = np.full(len(west), np.nan)
    there = np.clip(latitude, south[rows], north[rows])
    found[rows] = distance_km(point, np.stack([nearest[rows], there], axis=1))
    return found


def nearness(distances: Floats, weight: float) -> Floats:
    """Return what is added to scores: the weight at the place itself, less with every kilometre, 0 where unknown."""
    found: Floats = np.nan_to_num(weight * np.exp(-distances / _SCALE), nan=0.0)
    return found


def _floats(snapshot: Snapshot, name: str) -> NDArray[np.float64]:
    found: NDArray[np.float64] = snapshot.column(name).to_numpy()
    return found
