"""From stored values to the 8 bits that are shown: the same for every chip of a scene, on every machine."""

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.reader import SceneReader
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.sensors import SENSORS

Limits = tuple[tuple[float, float], ...]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_FIXED = re.compile(rf"({_NUMBER})\.\.({_NUMBER})", re.IGNORECASE)
_PERCENTILES = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_USUAL = (2.0, 98.0)
_INFRARED = (0.0, 0.5)  # reflectance of near infrared: leaves reach 0.5, where visible light stays below 0.3
_ALLOWED = "auto, none, percentile, two percentiles such as 2-98, or two stored values such as 0..3000"

# The sample that percentiles come from: windows of 32 pixels on an even lattice of 24 x 24 over the scene, or
# all of it where it is not much larger. It costs the same for every scene and decodes few blocks a window.
_SAMPLE_WINDOW = 32
_SAMPLE_LATTICE = 24


def check_stretch(text: str) -> None:
    """Refuse a text that is no stretch, whatever the scene (`ImageryError`)."""
    text = text.strip().lower()
    if fixed := _FIXED.fullmatch(text):
        if not float(fixed[1]) < float(fixed[2]):
            raise ImageryError(f"stretch {text!r} is empty: the first value must be below the second")
    elif pair := _PERCENTILES.fullmatch(text):
        if not 0 <= float(pair[1]) < float(pair[2]) <= 100:
            raise ImageryError(f"stretch {text!r} must be two percentiles with 0 <= first < second <= 100")
    elif text not in ("auto", "none", "percentile"):
        raise ImageryError(f"unknown stretch {text!r}: choose {_ALLOWED}")


def fit_stretch(text: str, scene: Scene) -> Limits | None:
    """Low and high stored values of each shown band, which are shown as 0 and 255.

    Args:
        text: "auto": 8-bit values as they are, else the sensor's fixed range where its scale is known, else
            the 2nd to 98th percentile of the scene; "none": values as they are; "percentile" or "2-98":
            percentiles of a fixed sample of the whole scene's valid pixels; "0..3000": that range for every
            band.
        scene: The scene; its own `stretch` is not looked at.

    Returns:
        None where 8-bit values are shown as they are.

    Raises:
        ImageryError: The text is none of these, or "none" for bands of more than 8 bits; the scene cannot be
            read.
    """
    return fitted_stretch(text, scene)[0]


def fitted_stretch(text: str, scene: Scene) -> tuple[Limits | None, str | None]:
    """What `fit_stretch` gives, and a line where a value that looks like undeclared nodata has set it."""
    check_stretch(text)
    text = text.strip().lower()
    shown = [next(band for band in scene.bands if band.name == name) for name in scene.shown]
    if fixed := _FIXED.fullmatch(text):
        return ((float(fixed[1]), float(fixed[2])),) * len(shown), None
    if pair := _PERCENTILES.fullmatch(text):
        return _percentiles(scene, float(pair[1]), float(pair[2]))
    if text == "percentile":
        return _percentiles(scene, *_USUAL)
    if text == "none":
        if scene.dtype != "uint8":
            raise ImageryError(
                f"stretch 'none' shows stored values as they are, but {scene.name} is {scene.dtype}"
            )
        return None, None
    if scene.dtype == "uint8":
        return None, None
    fixed_range = _sensor_range(scene, shown)
    return (fixed_range, None) if fixed_range else _percentiles(scene, *_USUAL)


def limits_of(scene: Scene, band: str) -> tuple[float, float] | None:
    """Stored values of one band that are shown as 0 and 255, as "auto" has it, whether the scene shows it or not.

    Raises:
        ImageryError: The scene cannot be read.
    """
    limits = fit_stretch("auto", replace(scene, shown=(band,)))
    return limits[0] if limits else None


def _sensor_range(scene: Scene, shown: list[Band]) -> Limits | None:
    """The sensor's display range in stored values; None where it has none or the bands state no scale."""
    sensor = SENSORS.get(scene.sensor or "")
    if sensor is None or sensor.display is None or any(band.scale == 1.0 for band in shown):
        return None
    infrared = {sensor.common.get(name) for name in ("nir", "nir08")}
    ranges = [_INFRARED if band.name in infrared else sensor.display for band in shown]
    return tuple(
        (_stored(low, band), _stored(high, band)) for (low, high), band in zip(ranges, shown, strict=True)
    )


def _stored(value: float, band: Band) -> float:
    return round((value - band.offset) / band.scale, 6)  # 3000, not 2999.9999999999995


def _percentiles(scene: Scene, low: float, high: float) -> tuple[Limits, str | None]:
    limits, fill = [], None
    for values in sample_valid(scene):
        a, b = np.percentile(values, [low, high]) if values.size else (0.0, 1.0)
        fill = fill or _fill(values, float(a), float(b))
        limits.append((float(a), float(b) if b > a else _above(float(a))))
    return tuple(limits), fill


def _fill(values: npt.NDArray[np.float64], low: float, high: float) -> str | None:
    """A line on a limit that lies farther from all other values than these from each other."""
    for limit in (low, high):
        others = values[values != limit]
        if not others.size or others.size == values.size:
            continue
        least, largest = float(others.min()), float(others.max())
        if least < largest and max(least - limit, limit - largest) > largest - least:
            share = 1 - others.size / values.size
            return (
                f"{share:.0%} of its values are {limit:g}, far from all others, and set the stretch: if that is "
                f"nodata, say so with gdal_edit.py -a_nodata {limit:g}"
            )
    return None


def _above(low: float) -> float:
    """The upper limit of a band that holds one value; 1 more is lost in the largest ones."""
    return max(low + 1.0, low + abs(low) * 1e-6)


def sample_valid(scene: Scene) -> list[npt.NDArray[np.float64]]:
    """Valid values of each shown band at fixed places spread over the scene, as float64 arrays of one length.

    Reading them also shows whether the file is readable and its mask is one.
    """
    with SceneReader(replace(scene, stretch=None)) as reader:
        for lattice in (_SAMPLE_LATTICE, 4 * _SAMPLE_LATTICE):
            values = _read_lattice(reader, lattice)
            if values.shape[1]:
                break  # else all windows fell on nodata: look closer once
    return list(values)


def _read_lattice(reader: SceneReader, lattice: int) -> npt.NDArray[np.float64]:
    scene, found = reader.scene, []
    for y, rows in _places(scene.grid.height, lattice):
        for x, columns in _places(scene.grid.width, lattice):
            chip = reader.read(x, y, columns, rows, scene.shown)
            found.append(chip.pixels[:, chip.valid])
    return np.concatenate(found, axis=1).astype(np.float64)


def _places(length: int, lattice: int) -> list[tuple[int, int]]:
    """Start and length of the sampled stretches along one axis: all of it when the windows would cover it."""
    if length <= lattice * _SAMPLE_WINDOW:
        return [(0, length)]
    starts = ((np.arange(lattice) + 0.5) * length / lattice).astype(int) - _SAMPLE_WINDOW // 2
    return [(int(start), _SAMPLE_WINDOW) for start in starts]
