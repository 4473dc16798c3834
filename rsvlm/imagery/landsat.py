"""The MTL files of Landsat: when a scene was taken, and what its stored values mean.

Landsat 8-9 Collection 2 Level 2 Science Product Guide, section 4 (surface reflectance = DN * 2.75e-05 - 0.2,
surface temperature in kelvin = DN * 0.00341802 + 149.0); Level-1 reflectance here is without the correction
for the sun's elevation.
"""

import math
from collections.abc import Mapping
from pathlib import Path

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.metafiles import parse_json, read_bytes, utc

Mtl = Mapping[str, Mapping[str, str]]
"""Group -> key -> value, as "IMAGE_ATTRIBUTES" -> "DATE_ACQUIRED" -> "2022-01-29"."""

_SURFACE = {"SR": (2.75e-5, -0.2), "ST": (0.00341802, 149.0)}  # the same for all of Collection 2
_REFLECTANCE_GROUPS = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")  # Collection 2, Collection 1


def read_mtl(path: Path) -> Mtl:
    """Read an MTL file, .txt (ODL) or .json.

    Raises:
        ImageryError: It cannot be read, or is no MTL file.
    """
    data = read_bytes(path)
    as_json = path.suffix.casefold() == ".json"
    groups = _from_json(data, path) if as_json else _from_odl(data.decode("utf-8", "replace"))
    if not groups:
        raise ImageryError(f"{path} is no Landsat metadata: it has no groups of values; download it again")
    return groups


def acquired(mtl: Mtl) -> str | None:
    """Time of acquisition, the centre of the scene; only the date where no time is given."""
    values = {key: value for group in mtl.values() for key, value in group.items()}
    day, clock = values.get("DATE_ACQUIRED", ""), values.get("SCENE_CENTER_TIME", "")
    return utc(f"{day}T{clock}") or utc(day)


def band_scale(mtl: Mtl, band: str) -> tuple[float, float]:
    """Scale and offset of a band, as file names call it: "SR_B4", "ST_B10" (Level 2), "B4" (Level 1).

    Level-1 bands without reflectance coefficients give (1, 0): the thermal ones, and all where there is no
    MTL.
    """
    if (kind := band[:2]) in _SURFACE:
        return _SURFACE[kind]
    for group in _REFLECTANCE_GROUPS:
        values = mtl.get(group, {})
        try:
            scale = float(values[f"REFLECTANCE_MULT_BAND_{band[1:]}"])
            offset = float(values[f"REFLECTANCE_ADD_BAND_{band[1:]}"])
        except (KeyError, ValueError):
            continue
        if math.isfinite(scale) and math.isfinite(offset) and scale > 0:
            return scale, offset
    return 1.0, 0.0


def _from_json(data: bytes, path: Path) -> Mtl:
    content = parse_json(data, path)
    outer = next(iter(content.values()), None) if isinstance(content, dict) else None
    groups = outer if isinstance(outer, dict) else {}
    return {
        name: {key: value for key, value in group.items() if isinstance(value, str)}
        for name, group in groups.items()
        if isinstance(group, dict)
    }


def _from_odl(text: str) -> Mtl:
    groups: dict[str, dict[str, str]] = {}
    name = ""
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if key == "GROUP":
            name = value
        elif equals and key != "END_GROUP":
            groups.setdefault(name, {})[key] = value.strip('"')
    return groups
