"""Sentinel-2 products as ESA distributes them: .SAFE folders, and zips of them, as one image.

The compact format of December 2016 and later (Sentinel-2 Products Specification Document 14.9): one tile a
product, metadata in MTD_MSIL1C.xml or MTD_MSIL2A.xml, a JPEG 2000 file for each band. Stored values become
reflectance by (DN + ADD_OFFSET) / QUANTIFICATION_VALUE, both from the metadata; the offset came with
processing baseline 04.00.
"""

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from rsvlm.imagery.archives import check_zip, read_entry, zip_names
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import zip_path
from rsvlm.imagery.metafiles import parse_xml, read_bytes, reason, utc
from rsvlm.imagery.products import Product, product_scene
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.sensors import load_sensor

_METADATA = re.compile(r"(?P<root>(?:.+/)?)MTD_MSI(?P<level>L1C|L2A)\.xml", re.IGNORECASE)
_IMAGE = re.compile(
    r"GRANULE/(?P<granule>[^/]+)/IMG_DATA/(?:R(?:10|20|60)m/)?"
    r"[^/]+_(?P<band>B\d\d|B8A|SCL)(?:_(?P<metres>10|20|60)m)?\.jp2",
    re.IGNORECASE,
)
# Band of each band_id in the metadata (Spectral_Information_List, where physicalBand says "B1" for B01).
_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_BY_ID = {str(number): band for number, band in enumerate(_BANDS)}
_QUANTIFICATION = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE")
_OFFSET = {"sentinel-2-l1c": "RADIO_ADD_OFFSET", "sentinel-2-l2a": "BOA_ADD_OFFSET"}
_NODATA = 0.0  # SPECIAL_VALUE NODATA of every product
_NO_PRODUCT = (
    "holds no MTD_MSIL1C.xml or MTD_MSIL2A.xml: "
    "of products in SAFE format, those of Sentinel-2 since December 2016 are read"
)


@dataclass(frozen=True)
class _Files:
    """The files of a product: what metadata and bands are called and how to get at them, folder or zip."""

    path: Path
    metadata: str
    images: tuple[str, ...]  # of the bands, below the product's root
    zipped_root: str | None

    def read_metadata(self) -> bytes:
        if self.zipped_root is None:
            return read_bytes(self.path / self.metadata)
        return read_entry(self.path, self.zipped_root + self.metadata)

    def gdal_path(self, image: str) -> str:
        if self.zipped_root is None:
            return str(self.path / image)
        return zip_path(self.path, self.zipped_root + image)


def is_safe(path: Path) -> bool:
    """Whether a path is a Sentinel-2 product: a folder by name or metadata, or a zip that holds one."""
    if path.suffix.casefold() == ".zip" and path.is_file():
        return any(map(_METADATA.fullmatch, zip_names(path)))
    return path.is_dir() and holds_product(path, _names(path))


def holds_product(folder: Path, names: Iterable[str]) -> bool:
    """Whether a folder with these names in it is a product in SAFE format."""
    return folder.suffix.casefold() == ".safe" or any(map(_METADATA.fullmatch, names))


def open_safe(path: Path, *, bands: Sequence[str] | None = None, stretch: str = "auto") -> Scene:
    """Describe a Sentinel-2 product as one scene.

    Level-2A bands are taken at their finest resolution; the scene classification (SCL) is the quality band;
    the true-colour image (TCI), aerosol and water-vapour maps are no bands. Stored 0 is nodata.

    Args:
        path: A .SAFE folder, or a zip with one in it, which is read in place.
        bands: Names of the bands to use, None = all; one or three of them are shown in this order.
        stretch: As `stretch.fit_stretch` takes it.

    Raises:
        ImageryError: It is no such product, is incomplete or damaged, or the zip is unsafe.
    """
    absolute = path.absolute()
    files = _zip_files(absolute) if path.is_file() else _folder_files(absolute)
    xml = parse_xml(files.read_metadata(), f"{path}: {files.metadata}")
    sensor = load_sensor(f"sentinel-2-{files.metadata[7:10].lower()}")
    values = _texts(xml)
    finest = _finest(path, files.images)
    quality = finest.pop("SCL", None)
    scale, offsets = _scale(path, values, xml, _OFFSET[sensor.name], finest)
    when = utc(values.get("DATATAKE_SENSING_START")) or utc(values.get("PRODUCT_START_TIME"))
    product = Product(
        path=str(path),
        name=_stem(path),
        bands=tuple(
            Band(name, files.gdal_path(finest[name]), 1, scale, offsets[name] * scale, _NODATA)
            for name in sensor.bands
            if name in finest
        ),
        quality=Band("SCL", files.gdal_path(quality)) if quality else None,
        sensor=sensor.name,
        datetime=when,
        licence=sensor.licence,
        attribution=sensor.credit(when),
        url=sensor.url,
    )
    return product_scene(product, bands, stretch)


def _folder_files(path: Path) -> _Files:
    metadata = next((name for name in _names(path) if _METADATA.fullmatch(name)), None)
    if metadata is None:
        raise ImageryError(f"{path} {_NO_PRODUCT}")
    images = sorted(p.relative_to(path).as_posix() for p in path.glob("GRANULE/*/IMG_DATA/**/*.jp2"))
    return _Files(path, metadata, tuple(images), None)


def _zip_files(path: Path) -> _Files:
    names = check_zip(path)
    found = [match for match in map(_METADATA.fullmatch, names) if match]
    if not found:
        raise ImageryError(f"{path} {_NO_PRODUCT}")
    if len(found) > 1:
        raise ImageryError(f"{path} holds {len(found)} products: unpack it, and name the folder")
    root = found[0]["root"]
    images = sorted(name.removeprefix(root) for name in names if name.startswith(root))
    return _Files(path, found[0].string.removeprefix(root), tuple(images), root)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - all that is needed
    except OSError as error:
        raise ImageryError(f"{folder} cannot be read: {reason(error)}") from error


def _finest(path: Path, images: Sequence[str]) -> dict[str, str]:
    """The finest image of each band."""
    found = [match for match in map(_IMAGE.fullmatch, images) if match]
    granules = {match["granule"] for match in found}
    if len(granules) != 1:
        raise ImageryError(
            f"{path} has band images of {len(granules)} granules, a product has one: download it again"
        )
    found.sort(key=lambda match: -int(match["metres"] or 0))  # coarse first: the finest one stays
    return {match["band"].upper(): match.string for match in found}


def _texts(xml: Element) -> dict[str, str]:
    """Texts of all elements by tag, without namespaces; of several, the first."""
    texts: dict[str, str] = {}
    for element in xml.iter():
        texts.setdefault(element.tag.rpartition("}")[2], (element.text or "").strip())
    return texts


def _scale(
    path: Path, values: Mapping[str, str], xml: Element, tag: str, bands: Iterable[str]
) -> tuple[float, dict[str, float]]:
    """What one stored step is in reflectance, and what is added to the stored values of each band."""
    try:
        quantification = float(next(values[name] for name in _QUANTIFICATION if name in values))
        listed = {_BY_ID[e.attrib["band_id"]]: float(e.text or "") for e in xml.iter(tag)}
    except (StopIteration, KeyError, ValueError) as error:
        raise ImageryError(
            f"{path}: its metadata has no valid quantification value and {tag}: download it again"
        ) from error
    if not all(map(math.isfinite, listed.values())):
        raise ImageryError(f"{path}: its metadata has offsets that are no finite numbers: download it again")
    if not math.isfinite(quantification) or quantification <= 0:
        raise ImageryError(f"{path}: its metadata divides by {quantification:g}: download it again")
    if not listed:  # as before processing baseline 04.00
        listed = dict.fromkeys(bands, 0.0)
    if missing := set(bands) - set(listed):
        raise ImageryError(
            f"{path}: its metadata has no {tag} for {', '.join(sorted(missing))}: download it again"
        )
    return 1.0 / quantification, listed


def _stem(path: Path) -> str:
    return re.sub(r"(\.SAFE)?(\.zip)?$", "", path.name, flags=re.IGNORECASE)
