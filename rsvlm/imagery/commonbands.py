"""Which bands of an image are red, near infrared and so on: from the names of any sensor to common names.

Common names are those of the STAC EO extension 2.0, as in `sensors`: "red", "nir" (wide near infrared), "nir08"
(narrow), "swir16", "swir22".
"""

from collections.abc import Mapping, Sequence

from rsvlm.imagery.sensors import SENSORS

_SENTINEL2 = SENSORS["sentinel-2-l1c"].common
_COMMON = frozenset(_SENTINEL2)
# Bands that Sentinel-2 has and Landsat has not, or the four of 10 m: B08 is near infrared here, and panchromatic there.
_ONLY_SENTINEL2 = {"B8A", "B12"}
_TEN_METRES = {"B02", "B03", "B04", "B08"}


def common_bands(names: Sequence[str], sensor: str | None = None) -> dict[str, str]:
    """Common names of an image's bands -> the names that the image has for them.

    Args:
        names: Names of its bands.
        sensor: Name of its preset; without one, ids are Sentinel-2's where no other sensor has such a set, else
            they mean nothing here.

    >>> common_bands(["red", "green", "blue", "nir"])
    {'red': 'red', 'green': 'green', 'blue': 'blue', 'nir': 'nir'}
    >>> common_bands(["B4", "B5"], "landsat-8-9")
    {'red': 'B4', 'nir': 'B5', 'nir08': 'B5'}
    """
    found = {name: name for name in names if name in _COMMON}
    return found | {common: band for common, band in _table(names, sensor).items() if band in names}


def _table(names: Sequence[str], sensor: str | None) -> Mapping[str, str]:
    if preset := SENSORS.get(sensor or ""):
        return preset.common
    ours = _ONLY_SENTINEL2 & set(names) or set(names) == _TEN_METRES
    return _SENTINEL2 if ours else {}
