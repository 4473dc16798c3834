"""What is known of sensors: band names and order, which bands are shown, and who must be named.

Band order is that of the usual stack of each product; common names are those of the STAC EO extension 2.0,
with "nir" for the band that spectral indices call so.

Sources: Sentinel-2 Products Specification Document 15 (reflectance = DN / 10000; the offset of -1000 DN since
processing baseline 04.00 is known only from a product's own metadata); Landsat 8-9 Collection 2 Level 2
Science Product Guide, table 6-1 (surface reflectance = DN * 0.0000275 - 0.2); EuroSAT: Helber et al. 2019,
doi 10.1109/JSTARS.2019.2918242 (top of atmosphere, B8A is the 13th band).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rsvlm.imagery.errors import ImageryError


@dataclass(frozen=True)
class Sensor:
    """A sensor or product as its files hold it.

    Attributes:
        name: What `--sensor` takes.
        bands: Band ids in file order.
        shown: Ids of the bands shown as red, green, blue, or of the one shown in grey.
        common: Common name -> band id.
        scale: Physical value = stored integer * scale + offset.
        offset: See scale.
        display: Physical values shown as black and white; None where no fixed range serves.
        licence: Licence of the images.
        attribution: Who must be named; `{year}` stands for the year of acquisition.
        url: Where the terms are.
    """

    name: str
    bands: tuple[str, ...]
    shown: tuple[str, ...]
    common: Mapping[str, str] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    display: tuple[float, float] | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None

    def credit(self, datetime: str | None) -> str | None:
        """Who must be named for an image of that time."""
        if self.attribution is None:
            return None
        return self.attribution.replace(" {year}", f" {datetime[:4]}" if datetime else "")


_S2_COMMON = {
    "coastal": "B01",
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "rededge071": "B05",
    "rededge075": "B06",
    "rededge078": "B07",
    "nir": "B08",
    "nir08": "B8A",
    "nir09": "B09",
    "cirrus": "B10",
    "swir16": "B11",
    "swir22": "B12",
}
_S2_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_S2_SHOWN = ("B04", "B03", "B02")
_S2_L2A_BANDS = tuple(band for band in _S2_BANDS if band != "B10")
_REFLECTANCE = (0.0, 0.3)
_COPERNICUS = "contains modified Copernicus Sentinel data {year}"
_COPERNICUS_LICENCE = "Copernicus Sentinel Data Terms (free, full and open)"
_COPERNICUS_URL = "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice"

SENSORS: Mapping[str, Sensor] = {
    sensor.name: sensor
    for sensor in (
        Sensor(
            name="sentinel-2-l1c",  # Sentinel-2 Level-1C, top of atmosphere
            bands=_S2_BANDS,
            shown=_S2_SHOWN,
            common=_S2_COMMON,
            scale=1e-4,
            display=_REFLECTANCE,
            licence=_COPERNICUS_LICENCE,
            attribution=_COPERNICUS,
            url=_COPERNICUS_URL,
        ),
        Sensor(
            name="sentinel-2-l2a",  # Sentinel-2 Level-2A, surface reflectance (without B10)
            bands=_S2_L2A_BANDS,
            shown=_S2_SHOWN,
            common={name: band for name, band in _S2_COMMON.items() if band != "B10"},
            scale=1e-4,
            display=_REFLECTANCE,
            licence=_COPERNICUS_LICENCE,
            attribution=_COPERNICUS,
            url=_COPERNICUS_URL,
        ),
        Sensor(
            name="eurosat",  # EuroSAT, Sentinel-2 Level-1C with B8A last
            bands=(*(band for band in _S2_BANDS if band != "B8A"), "B8A"),
            shown=_S2_SHOWN,
            common=_S2_COMMON,
            scale=1e-4,
            display=_REFLECTANCE,
            licence="MIT",
            attribution="EuroSAT (Helber et al. 2019), contains modified Copernicus Sentinel data {year}",
            url="https://github.com/phelber/EuroSAT",
        ),
        Sensor(
            name="landsat-8-9",  # Landsat 8-9 Collection 2 Level-2, surface reflectance
            bands=("B1", "B2", "B3", "B4", "B5", "B6", "B7"),
            shown=("B4", "B3", "B2"),
            common={
                "coastal": "B1",
                "blue": "B2",
                "green": "B3",
                "red": "B4",
                "nir": "B5",
                "nir08": "B5",
                "swir16": "B6",
                "swir22": "B7",
            },
            scale=2.75e-5,
            offset=-0.2,
            display=_REFLECTANCE,
            licence="public domain",
            attribution="Landsat imagery courtesy of the U.S. Geological Survey",
            url="https://www.usgs.gov/landsat-missions/landsat-collection-2-level-2-science-products",
        ),
        Sensor(
            name="naip",  # NAIP aerial photography with near infrared
            bands=("red", "green", "blue", "nir"),
            shown=("red", "green", "blue"),
            licence="public domain",
            attribution="USDA National Agriculture Imagery Program",
            url="https://naip-usdaonline.hub.arcgis.com",
        ),
        Sensor(
            name="rgb",
            bands=("red", "green", "blue"),
            shown=("red", "green", "blue"),
        ),
        Sensor(name="panchromatic", bands=("pan",), shown=("pan",)),
        Sensor(
            name="sentinel-1",  # Sentinel-1 ground range detected, VV and VH (VV is shown, in grey)
            bands=("VV", "VH"),
            shown=("VV",),
            licence=_COPERNICUS_LICENCE,
            attribution=_COPERNICUS,
            url=_COPERNICUS_URL,
        ),
    )
}


def load_sensor(name: str) -> Sensor:
    """The preset of that name, upper or lower case.

    Raises:
        ImageryError: There is none; the message lists all.
    """
    try:
        return SENSORS[name.strip().lower()]
    except KeyError:
        raise ImageryError(f"unknown sensor {name!r}: choose one of {', '.join(SENSORS)}") from None
