"""Hits near a place first: what fits the query and what is near it, ranked together."""

import numpy as np
import pyarrow as pa

from rsvlm.datasets.pairs import middles

from .distances import distance_km
from .errors import RetrievalError
from .fusion import fused
from .hits import Hits
from .rows import EDGES

Point = tuple[float, float]
"""Longitude and latitude in degrees, WGS84."""

POOL = 10
"""Times as many hits as are wanted are put in order."""


def check_point(point: Point) -> None:
    """Refuse what is no place.

    Raises:
        RetrievalError: It is none.
    """
    try:
        longitude, latitude = (float(one) for one in point)
    except (TypeError, ValueError):
        raise RetrievalError(f"near {point!r}: give longitude and latitude: (9.98, 53.54)") from None
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise RetrievalError(
            f"near {longitude:g},{latitude:g}: give longitude (-180..180) and latitude (-90..90)"
        )


def near_first(hits: Hits, point: Point, k: int) -> Hits:
    """Return the first k hits by their ranks by score and by distance, fused; of equals the better score.

    Args:
        hits: The best by score; more than k, since it is these that are put in order.
        point: What they shall be near to.
        k: How many.

    Returns:
        The hits with a column "km", from the middle of the footprint; null where that is not known: such a hit has no
        rank by distance.
    """
    distances = _kilometres(hits.table, point)
    by_distance = np.argsort(distances, kind="stable")[: int(np.isfinite(distances).sum())]
    order = fused([np.arange(len(distances)), by_distance]).rows[:k]
    table = hits.table.take(pa.array(order))
    table = table.set_column(0, "rank", pa.array(np.arange(1, len(order) + 1)))
    known = [None if np.isinf(one) else round(one, 3) for one in distances[order].tolist()]
    numbers = hits.numbers[order] if len(hits.numbers) else hits.numbers
    return Hits(table.add_column(2, "km", pa.array(known, pa.float64())), numbers, hits.total)


def _kilometres(table: pa.Table, point: Point) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(n,) distances on the ellipsoid; infinite where a place is not known."""
    found = np.full(len(table), np.inf)
    boxes = [
        None if None in box else box for box in zip(*(table[edge].to_pylist() for edge in EDGES), strict=True)
    ]
    places = middles(boxes)
    if places is not None:
        known = np.isfinite(places).all(axis=1)
        found[known] = distance_km(point, places[known])
    return found
