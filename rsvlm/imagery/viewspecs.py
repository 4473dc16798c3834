"""The spectral views: which bands each is made from, its colours, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rsvlm.imagery.colormaps import RED_GREEN_BLUE, RED_YELLOW_GREEN, WHITE_WHITE_BLUE, Colormap

_NIR = ("nir", "nir08")
_NARROW_NIR = ("nir08", "nir")


@dataclass(frozen=True)
class Composite:
    """Three bands shown as red, green and blue.

    Attributes:
        says: What the picture is, one sentence.
        bands: Channel -> common names of the band shown in it, best first.
    """

    says: str
    bands: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Index:
    """A spectral index in colours.

    Attributes:
        says: What the picture is, one sentence.
        bands: spyndex's letter of a band -> its common names, best first.
        formula: Name in spyndex.
        low: Value of the first colour.
        high: Value of the last one.
        colormap: The colours between.
    """

    says: str
    bands: Mapping[str, tuple[str, ...]]
    formula: str
    low: float
    high: float
    colormap: Colormap = field(repr=False, hash=False, compare=False)


SPECS: Mapping[str, Composite | Index] = {
    "true-colour": Composite(
        "True-colour image: red, green and blue light shown in their own colours.",
        {"red": ("red",), "green": ("green",), "blue": ("blue",)},
    ),
    "false-colour": Composite(
        "False-colour infrared image: near infrared shown as red, red as green, green as blue; living plants are red, "
        "water is dark.",
        {"red": _NIR, "green": ("red",), "blue": ("green",)},
    ),
    "ndvi": Index(
        "NDVI, (near infrared - red) / (near infrared + red), from -1 in red over 0 in yellow to 1 in green; the "
        "greener, the denser the vegetation.",
        {"N": _NIR, "R": ("red",)},
        "NDVI",
        -1.0,
        1.0,
        RED_YELLOW_GREEN,
    ),
    "ndwi": Index(
        "NDWI, (green - near infrared) / (green + near infrared), white up to 0 and ever bluer to 0.8; open water is "
        "blue, land is white.",
        {"G": ("green",), "N": _NIR},
        "NDWI",
        -0.8,
        0.8,
        WHITE_WHITE_BLUE,
    ),
    "ndmi": Index(
        "NDMI, (near infrared - short-wave infrared at 1.6 um) / (their sum), from -0.8 in red over 0 in green to 0.8 "
        "in blue; dry ground and buildings are green, moist vegetation and water are bluer.",
        {"N": _NARROW_NIR, "S1": ("swir16",)},
        "NDMI",
        -0.8,
        0.8,
        RED_GREEN_BLUE,
    ),
    "ndmi-swir2": Index(
        "NDMI with the longer wave, (near infrared - short-wave infrared at 2.2 um) / (their sum), also called NBR, "
        "from -0.8 in red over 0 in green to 0.8 in blue; burnt and bare ground is red to green, plants are blue.",
        {"N": _NARROW_NIR, "S2": ("swir22",)},
        "NBR",
        -0.8,
        0.8,
        RED_GREEN_BLUE,
    ),
    "swir": Composite(
        "Short-wave infrared image: short-wave infrared at 2.2 um shown as red, near infrared as green, red as blue; "
        "vegetation is green, bare and built land is pink to brown or blue, water is black.",
        {"red": ("swir22",), "green": _NARROW_NIR, "blue": ("red",)},
    ),
}
