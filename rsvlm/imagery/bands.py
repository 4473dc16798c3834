"""What the bands of a file are called, and which are shown: from names that somebody gave, never a guess.

In order of trust: names that the user gives, a sensor preset, the file's band descriptions, its colour
interpretation; then one band is grey and three are red, green, blue. Anything else is an error that says how
to name the bands.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.sensors import SENSORS, Sensor

ALPHA = "alpha"
QUALITY = ("SCL", "QA_PIXEL")
RGB = ("red", "green", "blue")

# What tools write when nobody described the band.
_UNNAMED = re.compile(r"(layer|band|channel)?[ _-]?\d+", re.IGNORECASE)
_BAND_ID = re.compile(r"(?:SR_|ST_)?B(\d{1,2})(A?)\b.*", re.IGNORECASE)
_COLOURS = {"red", "green", "blue", "gray", "pan", "coastal", "rededge", "nir", "swir", "mwir", "lwir", "tir"}
_ALIASES = {"grey": "gray", "panchromatic": "pan", "near infrared": "nir", "near-infrared": "nir"}
_POLARISATIONS = {"VV", "VH", "HH", "HV"}
# Sentinel-2 has these and the Thematic Mapper (Landsat 4-7), whose B4 is near infrared, has not.
_NOT_TM = {"B08", "B8A", "B09", "B10", "B11", "B12"}


@dataclass(frozen=True)
class FileBands:
    """What a file itself says of its bands, in order.

    Attributes:
        descriptions: Band descriptions, None where a band has none.
        colours: Colour interpretations as rasterio names them ("red", "alpha", "undefined", ...).
    """

    descriptions: tuple[str | None, ...]
    colours: tuple[str, ...]


def band_names(bands: Sequence[str]) -> tuple[str, ...]:
    """Return names of bands that are given one by one, or as one text: "red,green,blue"."""
    return tuple(name.strip() for name in bands.split(",")) if isinstance(bands, str) else tuple(bands)


def name_bands(file: FileBands, sensor: Sensor | None, bands: Sequence[str] | None) -> tuple[str, ...]:
    """Name every band of a file; the mask is called "alpha".

    Args:
        file: What the file says.
        sensor: Preset in use, or None.
        bands: Names that the user gives, one a band, or None.

    Raises:
        ImageryError: The names don't fit the file, contradict each other, or there are none.
    """
    if bands is not None:
        return _given(file, sensor, bands)
    described = _described(file, sensor)
    if sensor is not None:
        return _preset(file, sensor, described)
    return described or _coloured(file)


def choose_shown(names: Sequence[str], sensor: Sensor | None) -> tuple[str, ...]:
    """The three bands shown as red, green, blue, or the one shown in grey.

    Args:
        names: Canonical names of the bands, without mask and quality bands.
        sensor: Preset in use, or None.

    Raises:
        ImageryError: No band is known to be red, green, blue or grey.
    """
    candidates: list[tuple[str, ...]] = [sensor.shown] if sensor else []
    candidates += [RGB, ("B04", "B03", "B02"), ("VV",), ("HH",), ("pan",), ("gray",)]
    for shown in candidates:
        if set(shown) <= set(names):
            return shown
    if len(names) == 1:
        return (names[0],)
    raise ImageryError(
        f"none of the bands {', '.join(names)} is known to be red, green and blue: {_how(len(names))}"
    )


def opaque(values: npt.NDArray[Any], mask: Band, scene: Scene) -> npt.NDArray[np.bool_]:
    """Where an alpha band leaves pixels.

    GDAL calls the fourth band of a plain 8-bit file alpha, near infrared included; only one that holds
    nothing but 0 and its type's largest value can be a mask. Where the user named the band "alpha"
    (`mask.nodata` is 0 then) any value above 0 is a pixel.

    Args:
        values: Stored values, any shape.
        mask: The band.
        scene: The scene that it is of, for the message.

    Raises:
        ImageryError: It holds other values.
    """
    visible: npt.NDArray[np.bool_]
    if mask.nodata is not None:
        visible = values > mask.nodata
        return visible
    full = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1
    visible = values == full
    other = values[~visible & (values != 0)]
    if other.size:
        names = ",".join(band.name for band in scene.bands)
        raise ImageryError(
            f"band {mask.index} of {scene.path} is tagged alpha, but holds {other.flat[0]}, not only 0 and "
            f"{full}: if it is near infrared, say --bands {names},nir (or --sensor naip); if it is "
            f"transparency, say --bands {names},alpha"
        )
    return visible


def canonical(name: str, sensor: Sensor | None) -> str:
    """A band name as this package writes it: "B04" for "B4", "red" for "Red", or the sensor's own id.

    >>> canonical("B4, central wavelength 665 nm", None), canonical("Red", None), canonical("vv", None)
    ('B04', 'red', 'VV')
    """
    text = name.strip()
    lower = _ALIASES.get(text.lower(), text.lower())
    number = _number(text)
    if sensor is not None:
        for band in sensor.bands:
            if lower == band.lower() or (number and number == _number(band)):
                return band
        if lower in sensor.common:
            return sensor.common[lower]
    if text.upper() in {*QUALITY, *_POLARISATIONS}:
        return text.upper()
    return number or lower


def _number(text: str) -> str | None:
    """SR_B4 -> B04, "B8A, narrow near infrared" -> B8A; None for other names."""
    match = _BAND_ID.fullmatch(text.strip())
    if match is None:
        return None
    return f"B{int(match[1])}A" if match[2] else f"B{int(match[1]):02d}"


def _given(file: FileBands, sensor: Sensor | None, bands: Sequence[str]) -> tuple[str, ...]:
    count = len(file.colours)
    names = tuple(canonical(name, sensor) for name in bands)
    if len(names) != count:
        raise ImageryError(
            f"{len(names)} band names for {count} bands ({', '.join(names)}): name every band, in order"
        )
    if not all(names) or len(set(names)) != len(names):
        raise ImageryError(f"band names must be different and not empty: {', '.join(names)}")
    return names


def _preset(file: FileBands, sensor: Sensor, described: tuple[str, ...] | None) -> tuple[str, ...]:
    known = {*sensor.bands, *QUALITY, ALPHA}
    count = len(file.colours)
    positional = len(sensor.bands) == count
    if described and set(described) <= known:
        if positional and described != sensor.bands and set(described) == set(sensor.bands):
            raise ImageryError(
                f"sensor {sensor.name} has bands in the order {', '.join(sensor.bands)}, but the file "
                f"describes {', '.join(described)}: give --bands, or leave --sensor out"
            )
        return described
    if positional:
        return sensor.bands
    if len(sensor.bands) == count - 1 and file.colours.count(ALPHA) == 1:
        rest = iter(sensor.bands)
        return tuple(ALPHA if colour == ALPHA else next(rest) for colour in file.colours)
    raise ImageryError(
        f"sensor {sensor.name} has {len(sensor.bands)} bands, but the file has {count}: choose another "
        "--sensor, or name each band with --bands"
    )


def _described(file: FileBands, sensor: Sensor | None) -> tuple[str, ...] | None:
    """Names from the band descriptions, when every band has one of its own."""
    texts = [(text or "").strip() for text in file.descriptions]
    if not all(texts) or all(_UNNAMED.fullmatch(text) for text in texts):
        return None
    names = tuple(canonical(text, sensor) for text in texts)
    if len(set(names)) != len(names):
        return None
    numbered = [text for text in texts if _number(text)]
    if (
        sensor is None
        and numbered
        and not _NOT_TM & set(names)
        and not all("B0" in text.upper() for text in numbered)
    ):
        raise ImageryError(
            f"bands {', '.join(texts)} may be those of several sensors, with B4 red or near infrared: "
            f"choose a --sensor ({', '.join(SENSORS)}), or name each band with --bands red,green,..."
        )
    return names


def _coloured(file: FileBands) -> tuple[str, ...]:
    """Names from the colour interpretation; one band is grey, three without a word are red, green, blue."""
    colours = file.colours
    rest = [colour for colour in colours if colour != ALPHA or colours.count(ALPHA) > 1]
    if len(rest) == 1 and rest[0] in {"gray", "undefined"}:
        named = ["gray"]
    elif set(rest) <= _COLOURS and len(set(rest)) == len(rest):
        named = rest
    elif len(rest) == 3 and set(rest) <= {"gray", "undefined"}:
        named = list(RGB)
    else:
        raise ImageryError(f"the file does not say what its {len(colours)} bands are: {_how(len(colours))}")
    names = iter(named)
    return tuple(ALPHA if colour == ALPHA else next(names) for colour in colours)


def _how(count: int) -> str:
    fitting = [sensor.name for sensor in SENSORS.values() if len(sensor.bands) == count]
    presets = f"--sensor {' or '.join(fitting)}" if fitting else "--sensor"
    return f"name them with {presets}, or in order with --bands (red,green,blue,...)"
