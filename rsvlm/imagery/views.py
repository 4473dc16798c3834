"""Spectral views: pictures in red, green and blue of bands that no eye sees, for models that know only pictures.

Six pictures of one scene, in this order, raise what such a model recognises in multispectral imagery without training:
"Zero-Shot Multi-Spectral Learning" (arXiv 2509.19087), with bands and colours as in the notebook published with it.
Where that leaves something open, it is decided here:

- NDVI is coloured from -1 to 1, as the notebook's text says; its code colours 0 to 1 and shows all that is below as 0.
- NDMI has the range that is stated for NDWI, -0.8 to 0.8.
- Composites are stretched as the true-colour picture of the scene is; near infrared, which plants reflect two to three
  times as strongly as any colour, is given a range of its own.
- "swir" is a seventh, common picture (burnt, bare and built land, water through haze), not among the six.

Formulas of the indices come from spyndex (Montero et al. 2023, doi 10.1038/s41597-023-02096-0).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.chip import Chip, to_8_bits
from rsvlm.imagery.colormaps import colour
from rsvlm.imagery.commonbands import common_bands
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.stretch import limits_of
from rsvlm.imagery.viewspecs import SPECS, Composite, Index

_DIFFERENCE = re.compile(r"\((\w+)-(\w+)\)/\(\1\+\2\)")

VIEWS = tuple(SPECS)
"""Names of all views: first the six of the paper, in its order."""


def spectral_views(scene: Scene | Sequence[str]) -> tuple[str, ...]:
    """Names of the views that an image's bands allow, in the order of `VIEWS`; none for grey images and radar.

    Args:
        scene: The image, or just the names of its bands.
    """
    known = _common(scene)
    return tuple(name for name, spec in SPECS.items() if not _missing(spec, known))


def bands_for(scene: Scene | Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Names of the bands that views need, each once: what to read before `view`.

    Args:
        scene: The image, or just the names of its bands.
        names: Names of views.

    Raises:
        ImageryError: An unknown view, or the image lacks a band of one.
    """
    chosen = [band for name in names for band in _chosen(name, scene).values()]
    return tuple(dict.fromkeys(chosen))


def view(chip: Chip, name: str) -> npt.NDArray[np.uint8]:
    """One view of a chip: (height, width, 3) uint8; invalid pixels, and those without a value, are black.

    Scale and offset of the bands are applied before an index. A pixel where any of the bands that it is made from
    holds its nodata value, or whose index divides by zero, has no value.

    Args:
        chip: With the bands that `bands_for` names.
        name: One of `VIEWS`.

    Raises:
        ImageryError: An unknown view; a band is missing; spyndex is needed and not installed.
    """
    spec = _spec(name)
    bands = _chosen(name, chip)
    if isinstance(spec, Composite):
        layers = [to_8_bits(chip.band(band), _limits(chip, band)) for band in bands.values()]
        image = np.stack(layers, axis=-1)
    else:
        values = {letter: _physical(chip, band) for letter, band in bands.items()}
        image = colour(_compute(spec.formula, values), spec.low, spec.high, spec.colormap)
    image[~chip.valid] = 0
    return image


def describe_view(name: str) -> str:
    """What a view shows, in one sentence that a person or a vision-language model can use.

    Raises:
        ImageryError: An unknown view.
    """
    return _spec(name).says


def _spec(name: str) -> Composite | Index:
    try:
        return SPECS[name]
    except KeyError:
        raise ImageryError(f"unknown view {name!r}: choose from {', '.join(VIEWS)}") from None


def _names(of: Scene | Chip | Sequence[str]) -> tuple[str, ...]:
    if isinstance(of, Chip):
        return of.bands
    return tuple(band.name for band in of.bands) if isinstance(of, Scene) else tuple(of)


def _common(of: Scene | Chip | Sequence[str]) -> dict[str, str]:
    """Common names -> the image's own."""
    scene = of.scene if isinstance(of, Chip) else of if isinstance(of, Scene) else None
    every = _names(scene if scene is not None else of)  # what ids mean may only show in all bands together
    held = set(_names(of))
    common = common_bands(every, scene.sensor if scene else None)
    return {name: band for name, band in common.items() if band in held}


def _missing(spec: Composite | Index, known: Mapping[str, str]) -> list[str]:
    return [wanted[0] for wanted in spec.bands.values() if not set(wanted) & set(known)]


def _chosen(name: str, of: Scene | Chip | Sequence[str]) -> dict[str, str]:
    """Channel or letter -> the image's own name of the band for it."""
    spec, known = _spec(name), _common(of)
    if missing := _missing(spec, known):
        raise ImageryError(
            f"view {name} needs the bands {', '.join(missing)}, which are not among {', '.join(_names(of))}: "
            "name the bands with a sensor preset, or take another view"
        )
    return {
        role: next(known[common] for common in wanted if common in known)
        for role, wanted in spec.bands.items()
    }


def _limits(chip: Chip, band: str) -> tuple[float, float] | None:
    """Stored values of a band shown as black and white: the scene's own where it is shown, else its usual range."""
    scene = chip.scene
    if scene is None:
        return None
    if band in scene.shown:
        return scene.stretch[scene.shown.index(band)] if scene.stretch else None
    return _usual_limits(scene, band)


@lru_cache(maxsize=256)
def _usual_limits(scene: Scene, band: str) -> tuple[float, float] | None:
    """Once a scene: where no sensor gives a range, percentiles are taken of a sample of the file."""
    return limits_of(scene, band)


def _physical(chip: Chip, name: str) -> npt.NDArray[np.float64]:
    """Reflectance, or stored values where the scale is not known; NaN where nodata."""
    band = next((band for band in chip.scene.bands if band.name == name), None) if chip.scene else None
    band = band or Band(name, chip.source)
    stored = chip.band(name)
    values = stored.astype(np.float64) * band.scale + band.offset
    if band.nodata is not None:
        values[stored == band.nodata] = np.nan
    return values


def _compute(formula: str, values: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    first, second = (values[letter] for letter in _difference(formula))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = (first - second) / (first + second)
    result[~np.isfinite(result)] = np.nan
    return result


@cache
def _difference(formula: str) -> tuple[str, str]:
    """The letters of the two bands of a normalised difference, from spyndex's formula.

    `spyndex.computeIndex` reads its whole catalogue at each call, which takes ten times as long as a chip.
    """
    try:
        import spyndex
    except ImportError as error:
        raise ImageryError(
            'views of spectral indices need spyndex, which is not installed: pip install "rsvlm[cpu]"'
        ) from error
    text = str(spyndex.indices[formula].formula)
    match = _DIFFERENCE.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ImageryError(
            f"spyndex writes {formula} as {text}, no normalised difference: install another version"
        )
    return match[1], match[2]
