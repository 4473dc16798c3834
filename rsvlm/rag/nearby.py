"""Places near a point, without a network: GeoLLM's block of them for a prompt (Manvi et al. 2024, arXiv 2310.06213)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.retrieval.distances import ellipsoid, great_circle_km
from rsvlm.retrieval.exact import Floats

from .base import KnowledgeBase
from .chunk import PLACE, Chunk, chunk_of
from .errors import RagError
from .quoting import quoted
from .sources.placewords import name_in

DIRECTIONS = ("North", "North-East", "East", "South-East", "South", "South-West", "West", "North-West")

_SPHERE = 1.01
"""The geodesic differs from the great circle of a sphere by less than this factor either way."""

_AT_POLE = 90 - 1e-9
"""Degrees of latitude from which on every way leads away from the pole."""


@dataclass(frozen=True)
class Nearby:
    """A place, and how to get there.

    Attributes:
        name: Of the place.
        km: Geodesic distance to the middle of it.
        direction: One of `DIRECTIONS`, as one sets out.
        place: What is known of it.
    """

    name: str
    km: float
    direction: str
    place: Chunk


class Places:
    """Places with their middles, to be searched many times.

    Args:
        chunks: Those of type "place" with a bbox are taken.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self.chunks = [chunk for chunk in chunks if chunk.type == PLACE and chunk.bbox is not None]
        west, south, east, north = np.array([chunk.bbox for chunk in self.chunks], float).reshape(-1, 4).T
        self.lon: Floats = (west + np.where(east < west, east + 360, east)) / 2
        self.lat: Floats = (south + north) / 2

    def __len__(self) -> int:
        return len(self.chunks)

    def nearest(self, lon: float, lat: float, within_km: float, limit: int) -> list[Nearby]:
        """As `nearby_places`."""
        rough = great_circle_km([(lon, lat)], np.stack([self.lon, self.lat], axis=1))
        chosen = np.flatnonzero(rough <= within_km * _SPHERE)
        if len(chosen) > limit:
            farthest = np.partition(rough[chosen], limit - 1)[limit - 1]
            chosen = chosen[rough[chosen] <= farthest * _SPHERE**2]
        start = np.full(len(chosen), lon), np.full(len(chosen), lat)
        bearings, _, metres = ellipsoid().inv(*start, self.lon[chosen], self.lat[chosen])
        if abs(lat) >= _AT_POLE:
            bearings = np.full(len(chosen), 180.0 if lat > 0 else 0.0)
        order = np.argsort(metres, kind="stable")[:limit]
        return [
            Nearby(
                place.name or name_in(place.text), float(metres[row]) / 1000, _direction(bearings[row]), place
            )
            for row in order
            if metres[row] <= within_km * 1000 and (place := self.chunks[chosen[row]])
        ]


def places_of(base: KnowledgeBase) -> Places:
    """The named places of a knowledge base."""
    rows = np.flatnonzero(base.allowed([PLACE]))
    return Places(map(chunk_of, base.texts.snapshot.rows(rows).to_pylist()))


def nearby_places(
    places: Places | Iterable[Chunk], lon: float, lat: float, *, within_km: float = 100, limit: int = 10
) -> list[Nearby]:
    """Find the places near a point, the nearest first.

    Args:
        places: Chunks, or `Places` made of them where many points are asked for.
        lon: Degrees, WGS84.
        lat: Degrees.
        within_km: How far away they may be.
        limit: How many.

    Raises:
        RagError: The point is none on the Earth, or nothing is asked for.
    """
    if not (-360 <= lon <= 360 and -90 <= lat <= 90):
        raise RagError(f"longitude {lon}, latitude {lat}: give degrees, longitude first")
    if limit < 1 or not within_km > 0:
        raise RagError(f"limit {limit}, within_km {within_km}: give a limit from 1 and a distance above 0")
    known = places if isinstance(places, Places) else Places(places)
    return known.nearest(lon, lat, within_km, limit)


def as_block(lon: float, lat: float, nearby: Sequence[Nearby]) -> str:
    """Write a point and the places near it as GeoLLM's prompt has them, without its address and task.

    Names stand as JSON strings: somebody may have written more than a name into a map.
    """
    lines = "".join(f"{one.km:.1f} km {one.direction}: {quoted(one.name)}\n" for one in nearby)
    return f"Coordinates: ({lat:.5f}, {lon:.5f})\n\nNearby Places:\n{lines}"


def _direction(bearing: float) -> str:
    return DIRECTIONS[round(float(bearing) / 45) % len(DIRECTIONS)]
