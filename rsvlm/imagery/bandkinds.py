"""Whose bands the files of a product hold, told by their names: sensor, level, scale, whom to credit."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from rsvlm.imagery.bands import QUALITY, canonical
from rsvlm.imagery.landsat import Mtl, band_scale
from rsvlm.imagery.scene import Band
from rsvlm.imagery.sensors import SENSORS, Sensor, load_sensor

_SENTINEL2 = re.compile(r"S2[A-D]_|T\d\d[A-Z]{3}_\d{8}T", re.IGNORECASE)
_SURFACE = re.compile(r"_MSIL2A_", re.IGNORECASE)
_LANDSAT = re.compile(r"L[A-Z](?P<number>\d\d)_", re.IGNORECASE)
_BIGEARTHNET = re.compile(r"S2[A-D]_MSIL2A_\d{8}T\d{5,6}_\d+_\d+", re.IGNORECASE)
# The Thematic Mapper and ETM+ (Landsat 4, 5 and 7) count their bands otherwise than Landsat 8 and 9.
_TM = MappingProxyType(
    {"B1": "blue", "B2": "green", "B3": "red", "B4": "nir", "B5": "swir16", "B7": "swir22", "B8": "pan"}
)
_BIGEARTHNET_SOURCE = replace(
    SENSORS["sentinel-2-l2a"],
    licence="CDLA-Permissive-1.0",
    attribution="BigEarthNet (Sumbul et al. 2019), contains modified Copernicus Sentinel data {year}",
    url="https://bigearth.net",
)


@dataclass(frozen=True)
class BandKind:
    """What the bands of a product are.

    Attributes:
        sensor: The preset that names them, or None.
        source: Preset whose licence and attribution stand, or None.
        names: Band id -> name, where no preset names them.
        scaled: Whether the preset's scale holds; else only the product's own metadata could know it.
        landsat: Whether the scales are Landsat's, from its MTL file or fixed.
        nodata: Stored value that is no pixel by the product's definition, or None.
        ambiguous: Whether the ids mean different bands on different sensors.
    """

    sensor: Sensor | None = None
    source: Sensor | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    scaled: bool = False
    landsat: bool = False
    nodata: float | None = None
    ambiguous: bool = False

    def band(self, band_id: str, path: str, mtl: Mtl) -> Band:
        """The band of a file, from the id in its name.

        Args:
            band_id: As file names write it, upper case: "B04", "SR_B4", "VV", "QA_PIXEL".
            path: The file, absolute.
            mtl: The product's Landsat metadata; empty where there is none.
        """
        name = self._name(band_id)
        if name in QUALITY:
            return Band(name, path)
        scale, offset = 1.0, 0.0
        if self.landsat:
            scale, offset = band_scale(mtl, band_id)
        elif self.scaled and self.sensor:
            scale, offset = self.sensor.scale, self.sensor.offset
        return Band(name, path, 1, scale, offset, self.nodata)

    def _name(self, band_id: str) -> str:
        plain = band_id.removeprefix("SR_").removeprefix("ST_")
        if plain in self.names:
            return self.names[plain]
        name = canonical(plain, self.sensor)
        return plain if self.landsat and not (self.sensor and name in self.sensor.bands) else name


def kind_of(stem: str, ids: Iterable[str], *, resolution_named: bool, sensor: str | None = None) -> BandKind:
    """Tell what a product's bands are.

    Args:
        stem: What its file names share.
        ids: Band ids of its files, without quality bands.
        resolution_named: Whether file names end in a resolution ("_10m"), as those of Level-2A do.
        sensor: Preset that the user names, or None.

    Raises:
        ImageryError: There is no preset of that name.
    """
    ids = set(ids)
    landsat = _LANDSAT.match(stem)
    surface_ids = any(band.startswith(("SR_", "ST_")) for band in ids)
    oli = SENSORS["landsat-8-9"]
    if sensor is not None:
        preset = load_sensor(sensor)
        return BandKind(preset, preset, scaled=True, landsat=preset is oli and (surface_ids or bool(landsat)))
    if ids <= {"VV", "VH"}:
        return BandKind(SENSORS["sentinel-1"], SENSORS["sentinel-1"])
    if landsat and int(landsat["number"]) < 8:
        return BandKind(source=oli, names=_TM, landsat=True, nodata=0.0)
    if landsat or surface_ids:
        return BandKind(oli, oli, landsat=True, nodata=0.0)
    if _BIGEARTHNET.fullmatch(stem):
        return BandKind(SENSORS["sentinel-2-l2a"], _BIGEARTHNET_SOURCE, scaled=True, nodata=0.0)
    if _SENTINEL2.search(stem) or ids & {"B08", "B8A"}:
        surface = "B10" not in ids and (resolution_named or _SURFACE.search(stem) is not None)
        preset = SENSORS["sentinel-2-l2a" if surface else "sentinel-2-l1c"]
        return BandKind(preset, preset, nodata=0.0)
    return BandKind(ambiguous=any(re.fullmatch(r"B\d", band) for band in ids))
