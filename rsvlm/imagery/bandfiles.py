"""Products of one file a band: a folder of `<stem>_<band>.tif` or `.jp2`, as BigEarthNet and Landsat come.

A product is two or more single-band rasters that share a stem and end in known band ids: B01 to B12 and B8A,
Landsat's B1, SR_B1 or ST_B10, the polarisations VV, VH, HH, HV. SCL and QA_PIXEL beside them tell of clouds.
BigEarthNet version 1: Sumbul et al. 2019, arXiv 1902.06148, section 2.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rsvlm.imagery.bandkinds import kind_of
from rsvlm.imagery.bands import QUALITY
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import open_raster
from rsvlm.imagery.landsat import Mtl, acquired, read_mtl
from rsvlm.imagery.metafiles import parse_json, read_bytes, reason, utc
from rsvlm.imagery.products import Product, product_scene
from rsvlm.imagery.scene import Scene
from rsvlm.imagery.sensors import SENSORS

_BAND_FILE = re.compile(
    r"(?:(?P<stem>.+?)[_.])?(?P<band>(?:S[RT]_)?B(?:\d{1,2}|8A)|VV|VH|HH|HV|SCL|QA_PIXEL)"
    r"(?:_(?P<metres>\d\d)m)?\.(?:tiff?|jp2)",
    re.IGNORECASE,
)
# What comes with the bands of Landsat and Sentinel-2 and is no image of its own: masks, angles, previews.
_COMPANION = re.compile(
    r"(?:(?P<stem>.+?)[_.])?(?:S[RT]_\w+|QA_\w+|[SV][AZ]A|TCI|AOT|WVP|CLD|SNW|PVI|Fmask|(?:thumb|preview|overview)\w*)"
    r"(?:_\d\dm)?\.\w+",
    re.IGNORECASE,
)
_MOMENT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)T(\d{5,6})(?!\d)")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([01]\d)([0-3]\d)(?!\d)")


@dataclass
class BandFiles:
    """The files of one product in a folder.

    Attributes:
        folder: The folder.
        stem: What the file names share; may be empty.
        bands: Band id as the file names write it, upper case -> the finest file of it.
    """

    folder: Path
    stem: str
    bands: dict[str, Path] = field(default_factory=dict)


def stem_of(name: str) -> str | None:
    """The stem of the product that a file belongs to by its name: a band, or a mask or preview with them."""
    match = _BAND_FILE.fullmatch(name) or _COMPANION.fullmatch(name)
    return None if match is None else match["stem"] or ""


def band_products(folder: Path, names: Iterable[str]) -> dict[str, BandFiles]:
    """Group the names in a folder into products by stem; nothing is opened but the first band of each.

    Args:
        folder: The folder.
        names: Names of the files in it.
    """
    found: dict[str, BandFiles] = {}
    finest: dict[Path, int] = {}
    for name in sorted(names):
        if (match := _BAND_FILE.fullmatch(name)) is None:
            continue
        stem, band, metres = match["stem"] or "", match["band"].upper(), int(match["metres"] or 0)
        files = found.setdefault(stem, BandFiles(folder, stem)).bands
        if band not in files or metres < finest[files[band]]:
            files[band] = folder / name
            finest[files[band]] = metres
    return {stem: files for stem, files in found.items() if _is_product(files)}


def is_bandfiles(path: Path) -> bool:
    """Whether a path is a folder of products of one file a band, or its path with the stem of one."""
    return bool(_products_at(path))


def open_bandfiles(
    path: Path, *, sensor: str | None = None, bands: Sequence[str] | None = None, stretch: str = "auto"
) -> Scene:
    """Describe a product of one file a band as one scene.

    Args:
        path: Its folder; where the folder holds several products, the folder's path with the stem of one.
        sensor: Preset to use; None = told by names and metadata.
        bands: Names of the bands to use, None = all; one or three of them are shown in this order.
        stretch: As `stretch.fit_stretch` takes it.

    Raises:
        ImageryError: There is no product or more than one, its files don't belong together or cannot be
            read, or nothing says which bands are red, green and blue.
    """
    found = _products_at(path)
    if len(found) > 1:
        raise ImageryError(
            f"{path} holds {len(found)} products: name one of them, as {Path(path) / next(iter(found))}"
        )
    if not found:
        raise ImageryError(f"{path} holds no product of one file a band: name the files as <stem>_B04.tif")
    return product_scene(_describe(path, next(iter(found.values())), sensor, bands), bands, stretch)


def bandfiles_labels(path: Path) -> list[str] | None:
    """The labels of the whole image that BigEarthNet puts beside the bands: CORINE names, in their order.

    Args:
        path: As `open_bandfiles` takes it.

    Returns:
        None where there is no `<stem>_labels_metadata.json`, or no labels in it.

    Raises:
        ImageryError: That file is broken.
    """
    found = _products_at(path)
    labels = _metadata(next(iter(found.values()))).get("labels") if len(found) == 1 else None
    named = [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    return named or None


def _products_at(path: Path) -> dict[str, BandFiles]:
    path = Path(path)
    if path.is_dir():
        return band_products(path, _names(path))
    if path.exists() or not path.name or not path.parent.is_dir():
        return {}
    names = (name for name in _names(path.parent) if name.startswith(path.name))
    return {stem: files for stem, files in band_products(path.parent, names).items() if stem == path.name}


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - all that is needed
    except OSError as error:
        raise ImageryError(f"{folder} cannot be read: {reason(error)}") from error


def _is_product(files: BandFiles) -> bool:
    """Two files at least, of one band each: `block_B1.tif`, `block_B2.tif` may be images of two places."""
    own = [band for band in files.bands if band not in QUALITY]
    if len(own) < 2:
        return False
    try:
        with open_raster(files.bands[own[0]].absolute()) as dataset:
            return bool(dataset.count == 1)
    except ImageryError:  # as a product it fails once, with the reason
        return True


def _describe(path: Path, files: BandFiles, sensor: str | None, asked: Sequence[str] | None) -> Product:
    ids = [band for band in files.bands if band not in QUALITY]
    resolution_named = any(file.stem.casefold().endswith("0m") for file in files.bands.values())
    kind = kind_of(files.stem, ids, resolution_named=resolution_named, sensor=sensor)
    if kind.ambiguous and asked is None:
        raise ImageryError(
            f"{path}: bands {', '.join(ids)} may be those of several sensors, with B4 red or near infrared: "
            f"choose a --sensor ({', '.join(SENSORS)}), or name the bands to show with --bands"
        )
    metadata, mtl = _metadata(files), _mtl(files)
    when = utc(metadata.get("acquisition_date")) or acquired(mtl) or _date_in(files.stem)
    bands = [kind.band(band, str(file.absolute()), mtl) for band, file in files.bands.items()]
    order = kind.sensor.bands if kind.sensor else ()
    bands.sort(key=lambda b: (order.index(b.name) if b.name in order else len(order), len(b.name), b.name))
    return Product(
        path=str(path),
        name=files.stem or files.folder.absolute().name,
        bands=tuple(band for band in bands if band.name not in QUALITY),
        quality=next((band for band in bands if band.name in QUALITY), None),
        sensor=kind.sensor.name if kind.sensor else None,
        datetime=when,
        licence=kind.source.licence if kind.source else None,
        attribution=kind.source.credit(when) if kind.source else None,
        url=kind.source.url if kind.source else None,
    )


def _metadata(files: BandFiles) -> Mapping[str, object]:
    """BigEarthNet's JSON beside the bands; empty where there is none."""
    path = files.folder / f"{files.stem}_labels_metadata.json"
    if not files.stem or not path.is_file():
        return {}
    content = parse_json(read_bytes(path), path)
    if not isinstance(content, dict):
        raise ImageryError(f"{path} holds no JSON object: download it again")
    return content


def _mtl(files: BandFiles) -> Mtl:
    names = (f"{files.stem}_MTL.{suffix}" for suffix in ("txt", "json", "TXT", "JSON"))
    paths = (files.folder / name for name in names)
    return next((read_mtl(path) for path in paths if files.stem and path.is_file()), {})


def _date_in(stem: str) -> str | None:
    """Time or day of acquisition as product names hold it; BigEarthNet writes 09:30:21 as "T93021"."""
    if match := _MOMENT.search(stem):
        year, month, day, clock = match.groups()
        clock = clock.zfill(6)
        return utc(f"{year}-{month}-{day}T{clock[:2]}:{clock[2:4]}:{clock[4:]}")
    if match := _DAY.search(stem):
        return utc("-".join(match.groups()))
    return None
