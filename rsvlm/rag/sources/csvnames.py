"""Names of columns, and a second row of them: units, or what stands below names of several columns."""

import re
from collections import Counter

from .nothing import is_empty
from .places import LATITUDE, LONGITUDE
from .rowtimes import TIME

_NUMBER = re.compile(r"\s*[-+]?\d[\d.,\s]*")
_YEAR = re.compile(r"\s*(?:1[5-9]|20)\d\d\s*")
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

    It is one of units: "m", "[mm]", above a number. Or it tells columns apart that have no name of their own, or one
    that others have, too: "2021" and "2022" below "barley". Each then stands above a number, while one of the two rows
    leaves the first column to the other.

    Args:
        names: As they stand.
        below: The cells of the rows below, two at least: one of units may stand between the second row and the values.
    """
    if len(below) < 2 or any(len(row) != len(names) for row in below[:2]):
        return []
    second = [cell.strip() for cell in below[0]]
    under = next((row for row in below[1:] if len(row) == len(names) and not _are_units(row)), [])
    values = [value for said, value in zip(second[1:], under[1:], strict=False) if said]
    if not any(map(is_number, values)):
        return []
    if _are_units(second):
        return [f"({_unit(said)})" if said else "" for said in second]
    are_named = all(_YEAR.fullmatch(said) for said in second if is_number(said))
    are_values = all(
        is_number(under[number]) or is_empty(under[number]) for number in _alike(names) if second[number]
    )
    are_years = are_named and all(map(_YEAR.fullmatch, filter(is_number, values)))
    if not are_named or not are_values or (are_years and any(map(is_number, second))):
        return []
    return second if _tells_apart(names, second) and bool(second[0]) != bool(names[0].strip()) else []


def _alike(names: list[str]) -> list[int]:
    """The places of columns that have no name of their own, or one that others have, too; not the first."""
    often = Counter(name.strip().lower() for name in names)
    return [
        number
        for number, name in enumerate(names)
        if number and (not name.strip() or often[name.strip().lower()] > 1)
    ]


def _tells_apart(names: list[str], second: list[str]) -> bool:
    """Whether a second row names all columns that the first leaves alike, so that each has a name of its own."""
    alike = [number for number in _alike(names) if names[number].strip() or second[number]]
    if not alike or not all(second[number] for number in alike):
        return False
    whole = [name.lower() for name in joined(names, second)]
    return len({whole[number] for number in alike}) == len(alike)


def _are_units(row: list[str]) -> bool:
    said = [cell for cell in row if cell.strip()]
    return bool(said) and all(map(_unit, said))


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
