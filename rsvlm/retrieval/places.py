"""Places and resolutions of rows that people give: what there cannot be is refused before it is stored."""

import numpy as np
import pyarrow as pa

from .errors import RetrievalError
from .exact import Floats, Mask
from .rows import EDGES


def placed(table: pa.Table) -> pa.Table:
    """Return rows whose longitudes are -180 to 180, with null where a number is not known.

    Longitudes may come as -360 to 360, as csv files have them.

    Raises:
        RetrievalError: A place that there cannot be, one of which a part is missing, or pixels of less than nothing.
    """
    west, south, east, north = (_numbers(table, name) for name in EDGES)
    edges = np.stack([west, south, east, north], axis=1)
    known = (~np.isnan(edges)).sum(axis=1)
    _refuse(table, (known > 0) & (known < 4), "give all of west, south, east and north, or none")
    _refuse(
        table, (south < -90) | (north > 90) | (south > north), "south and north lie in -90..90, south first"
    )
    _refuse(
        table,
        (np.abs(west) > 360) | (np.abs(east) > 360),
        "longitudes lie in -180..180; west > east crosses the antimeridian",
    )
    gsd = _numbers(table, "gsd")
    if len(wrong := np.flatnonzero(~np.isnan(gsd) & ~((gsd >= 0) & (gsd < np.inf)))):
        raise RetrievalError(f"row {wrong[0]}: gsd {gsd[wrong[0]]:g}: give metres a pixel")
    whole = east - west >= 360
    west, east = np.where(whole, -180.0, _wrapped(west)), np.where(whole, 180.0, _wrapped(east))
    for name, values in (*zip(EDGES, (west, south, east, north), strict=True), ("gsd", gsd)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), pa.array(values, from_pandas=True))
    return table


def _numbers(table: pa.Table, name: str) -> Floats:
    found: Floats = table[name].to_numpy().astype(np.float64)
    return found


def _refuse(table: pa.Table, wrong: Mask, remedy: str) -> None:
    for number in np.flatnonzero(wrong)[:1].tolist():
        given = ", ".join(f"{name} {table[name][number].as_py()}" for name in EDGES)
        raise RetrievalError(f"row {number}: {given}: {remedy}")


def _wrapped(longitudes: Floats) -> Floats:
    return np.where(np.abs(longitudes) > 180, (longitudes + 180) % 360 - 180, longitudes)
