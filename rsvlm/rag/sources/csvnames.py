"""Names of columns, and a second row of them: units, or what stands below names of several columns."""

import re

from .places import LATITUDE, LONGITUDE
from .rowtimes import TIME

_NUMBER = re.compile(r"\s*[-+]?\d[\d.,\s]*")
_BRACKETS = re.compile(r"\s*(?:\[([^\[\]]{1,20})\]|\(([^()]{1,20})\))\s*")
_UNITS = frozenset({
    "m", "km", "cm", "mm", "ft", "ha", "km2", "km²", "m2", "m²", "m3", "m³", "m3/s", "m³/s", "l", "g", "kg",
    "t", "t/ha", "kg/ha", "g/cm3", "g/m2", "mg/l", "ug/l", "µg/l", "ug/m3", "µg/m3", "mg/kg", "ppm", "ppb",
    "psu", "pss-78", "%", "°c", "degc", "deg_c", "celsius", "°f", "degf", "k", "kelvin", "pa", "hpa", "kpa",
    "mbar", "s", "min", "h", "d", "yr", "m/s", "km/h", "cm/s", "mm/h", "mm/d", "w/m2", "w/m²", "dbar", "ntu",
    "fnu", "us/cm", "ms/cm", "°",
})  # fmt: skip
_OF_PLACES_AND_TIMES = frozenset({
    "degrees_north", "degrees_east", "decimal_degrees", "degrees", "deg", "utc", "yyyy-mm-dd", "hh:mm",
})  # fmt: skip
_KNOWN = (*LONGITUDE, *LATITUDE, *TIME)


def unlike(names: list[str]) -> list[str]:
    """Names that are there once each; a first column without any has what rows are called by."""
    found: list[str] = []
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        said = " ".join(name.replace("\ufeff", "").split())
        plain = said or ("id" if number == 1 else f"column {number}")
        once, copy = plain, 1
        while once.lower() in taken:
            copy += 1
            once = f"{plain} {copy}"
        taken.add(once.lower())
        found.append(once)
    return found


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, with a sign or without, and no more."""
    return _NUMBER.fullmatch(cell) is not None


def second_names(names: list[str], below: list[list[str]]) -> list[str]:
    """The row below the names, if it says more of the columns and is no row of values; else none.

    It is one of units: "m", "[mm]", above a number. Or it names columns that have no name of their own, each above a
    number, while one of the two rows leaves the first column to the other.

    Args:
        names: As they stand.
        below: The cells of the two rows below.
    """
    if len(below) < 2 or not len(names) == len(below[0]) == len(below[1]) or any(map(is_number, below[0])):
        return []
    second = [cell.strip() for cell in below[0]]
    values = [value for said, value in zip(second[1:], below[1][1:], strict=True) if said]
    if not values or not any(map(is_number, values)):
        return []
    if all(map(_unit, filter(None, second))):
        return [f"({_unit(said)})" if said else "" for said in second]
    unnamed = [number for number, name in enumerate(names) if number and not name.strip()]
    is_shared = bool(unnamed) and all(second[number] for number in unnamed)
    if is_shared and all(map(is_number, filter(None, values))) and bool(second[0]) != bool(names[0].strip()):
        return second
    return []


def joined(names: list[str], second: list[str]) -> list[str]:
    """Names with those below them; a name of several columns stands over the first of them only."""
    found: list[str] = []
    over = ""
    for number, (name, below) in enumerate(zip(map(str.strip, names), second, strict=True)):
        over = name if name or not below else over
        told = "" if _is_known(over, below) else below
        found.append(f"{over} {told}".strip())
        over = over if number else ""
    return found


def _is_known(name: str, unit: str) -> bool:
    """Whether a name says its unit itself, or is of what has none: columns of places and times are known by name."""
    if not unit.startswith("("):
        return False
    return unit in name or name.lower() in _KNOWN or unit[1:-1].lower() in _OF_PLACES_AND_TIMES


def _unit(cell: str) -> str:
    """The unit that a cell tells; "": it tells another thing."""
    bare = _BRACKETS.fullmatch(cell)
    said = ((bare[1] or bare[2]) if bare else cell).strip()
    return said if bare or said.lower() in _UNITS | _OF_PLACES_AND_TIMES else ""
