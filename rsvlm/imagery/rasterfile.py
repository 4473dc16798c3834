"""One image file as a scene: GeoTIFF, JPEG 2000, PNG or JPEG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader

from rsvlm.imagery.bands import ALPHA, QUALITY, RGB, FileBands, choose_shown, name_bands
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.filetags import rights_of, time_of
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.guard import check_path, open_raster
from rsvlm.imagery.headers import Header, plain_header
from rsvlm.imagery.masks import mask_of
from rsvlm.imagery.placing import check_place, place_of, why_no_place
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.sensors import Sensor, load_sensor
from rsvlm.imagery.sidecars import pam_beside, sidecar_place
from rsvlm.imagery.stac import Item
from rsvlm.imagery.stac_place import SidecarPlace
from rsvlm.imagery.stretch import Limits, fitted_stretch, sample_valid

_STRUCTURE = "IMAGE_STRUCTURE"  # where GDAL says how a file is stored
_BITS = {"1": 1, "2": 2, "4": 4}


def raster_scene(
    path: str | Path,
    *,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
    item: Item | None = None,
) -> Scene:
    """Describe one image file, with what the files beside it say (world file, .aux.xml, .msk, STAC item).

    What the file says itself counts before what lies beside it. Ground control points give a place where they lie on
    one straight grid, RPCs give none, nor does a CRS that is not tied to the Earth.

    Args:
        path: The file.
        sensor: Name of a preset of `sensors.SENSORS`.
        bands: A name for every band of the file, in order; "alpha" names a mask, "SCL" or "QA_PIXEL" a
            quality band.
        stretch: As `stretch.fit_stretch` takes it.
        item: The STAC item that led to the file; None = look for one beside it.

    Raises:
        ImageryError: The file is refused or cannot be read, its bands cannot be named, its place is none on
            Earth, or an option does not fit.
    """
    preset = load_sensor(sensor) if sensor is not None else None
    file = check_path(path)
    header = plain_header(file) if preset is None and bands is None else None
    if header is not None:
        content = _plain_content(file, header, item)
    else:
        with open_raster(file) as dataset:
            content = _content(dataset, file, item, preset, bands)
    pam = pam_beside(file)
    found = _with_nodata(content.bands, pam.nodata)
    mask, unmasked = _mask(file, content.grid, found)
    imagery = tuple(band for name, band in found.items() if name not in {ALPHA, *QUALITY})
    if not imagery:
        raise ImageryError(f"{path} holds no imagery: its only bands are {', '.join(found)}")
    licence, attribution, url = _credits(content, preset)
    scene = Scene(
        path=str(path),
        name=file.stem,
        grid=content.grid,
        bands=imagery,
        dtype=content.dtype,
        shown=choose_shown([band.name for band in imagery], preset),
        mask=mask,
        quality=next((found[name] for name in QUALITY if name in found), None),
        sensor=preset.name if preset else None,
        datetime=content.time,
        no_place=content.no_place,
        licence=licence,
        attribution=attribution,
        url=url,
    )
    if scene.mask is not None and scene.mask.nodata is None:
        sample_valid(scene)  # an alpha band that is none is found here rather than in the middle of a run
    limits, fill = _shown(stretch, scene, content)
    notes = tuple(note for note in (content.no_place, pam.note, unmasked, fill) if note)
    return replace(scene, stretch=limits, notes=notes)


@dataclass(frozen=True)
class _Content:
    """What a file, and those beside it, say.

    Attributes:
        bands: All bands by name, in file order, mask and quality bands included.
        grid: Size and place.
        beside: What lies beside the file.
        time: Time of acquisition, or None.
        rights: Whom the file names as its owner, or None.
        dtype: numpy name of the widest stored type.
        bits: Bits of a stored value, where they are fewer than 8.
        white_first: Whether the lowest value is white.
        no_place: As of `Scene`.
    """

    bands: dict[str, Band]
    grid: Grid
    beside: SidecarPlace
    time: str | None = None
    rights: str | None = None
    dtype: str = "uint8"
    bits: int = 8
    white_first: bool = False
    no_place: str | None = None


def _content(
    dataset: DatasetReader, file: Path, item: Item | None, sensor: Sensor | None, names: Sequence[str] | None
) -> _Content:
    found = _bands(dataset, sensor, names, str(file))
    grid, beside = place_of(dataset, file, item)
    palette = dataset.colorinterp[0] == ColorInterp.palette
    return _Content(
        bands=found,
        grid=grid,
        beside=beside,
        time=beside.datetime or time_of(dataset),
        rights=rights_of(dataset),
        dtype=str(np.result_type(*(dataset.dtypes[band.index - 1] for band in found.values()))),
        bits=8 if palette else _BITS.get(dataset.tags(1, ns=_STRUCTURE).get("NBITS", ""), 8),
        white_first=not palette and dataset.tags(ns=_STRUCTURE).get("MINISWHITE") == "YES",
        no_place=why_no_place(file, dataset) if grid.crs is None else None,
    )


def _plain_content(file: Path, header: Header, item: Item | None) -> _Content:
    """The same for a picture that says nothing but its size and colours, without GDAL."""
    beside = sidecar_place(file, header.width, header.height, item=item) or SidecarPlace()
    grid = Grid(header.width, header.height, beside.crs, beside.transform)
    if grid.crs is not None:
        check_place(grid, file)
    names = RGB if header.bands == 3 else ("gray",)
    bands = {name: Band(name, str(file), index) for index, name in enumerate(names, start=1)}
    no_place = why_no_place(file) if grid.crs is None else None
    return _Content(bands, grid, beside, time=beside.datetime, no_place=no_place)


def _mask(file: Path, grid: Grid, bands: Mapping[str, Band]) -> tuple[Band | None, str | None]:
    """The alpha band, or else the mask beside the file; and why a mask that is there is not used."""
    mask, unused = mask_of(file, grid.width, grid.height)
    if mask is not None and ALPHA in bands:
        unused = "its .msk file was not read: it has an alpha band, too, and only one can be its mask"
    return bands.get(ALPHA, mask), unused


def _credits(content: _Content, preset: Sensor | None) -> tuple[str | None, str | None, str | None]:
    """Licence, attribution and address: as the files say, else as the sensor's product has them."""
    beside = content.beside
    if preset is None:
        return beside.licence, beside.attribution or content.rights, beside.url
    attribution = beside.attribution or content.rights or preset.credit(content.time)
    return beside.licence or preset.licence, attribution, beside.url or preset.url


def _shown(stretch: str, scene: Scene, content: _Content) -> tuple[Limits | None, str | None]:
    """Stored values shown as black and white, and a note; files of 1, 2 or 4 bits and those whose 0 is white count."""
    limits, fill = fitted_stretch(stretch, scene)
    if stretch.strip().lower() != "auto":
        return limits, fill
    if limits is None and (content.bits < 8 or content.white_first):
        limits = ((0.0, 2.0**content.bits - 1),) * len(scene.shown)
    if limits is not None and content.white_first:
        limits = tuple((high, low) for low, high in limits)
    return limits, fill


def _bands(
    dataset: DatasetReader, sensor: Sensor | None, given: Sequence[str] | None, path: str
) -> dict[str, Band]:
    """All bands by name, in file order; a colour table is red, green and blue unless the user names it."""
    colours = [colour.name for colour in dataset.colorinterp]
    if colours[0] == "palette" and given is None:
        if set(colours[1:]) - {ALPHA}:
            raise ImageryError(
                f"{path} has a colour table and {dataset.count - 1} more bands: convert it to RGB"
            )
        found = {name: _band(dataset, 1, name, path, sensor) for name in RGB}
        return found | ({ALPHA: _band(dataset, 2, ALPHA, path, sensor)} if dataset.count > 1 else {})
    names = name_bands(FileBands(_descriptions(dataset), tuple(colours)), sensor, given)
    found = {name: _band(dataset, index, name, path, sensor) for index, name in enumerate(names, start=1)}
    if ALPHA in found and (given is not None or dataset.driver == "PNG"):
        found[ALPHA] = replace(found[ALPHA], nodata=0.0)  # said to be opacity: any above 0 is a pixel
    return found


def _band(dataset: DatasetReader, index: int, name: str, path: str, sensor: Sensor | None) -> Band:
    if name in {ALPHA, *QUALITY}:
        return Band(name, path, index)
    scale, offset = dataset.scales[index - 1], dataset.offsets[index - 1]
    if (
        sensor is not None
        and (scale, offset) == (1.0, 0.0)
        and dataset.dtypes[index - 1] in {"int16", "uint16"}
    ):
        scale, offset = sensor.scale, sensor.offset
    return Band(name, path, index, scale, offset, dataset.nodatavals[index - 1])


def _with_nodata(bands: Mapping[str, Band], nodata: Mapping[int, float]) -> dict[str, Band]:
    """The bands with the nodata that was stated beside the file, where the file states none itself."""
    return {
        name: replace(band, nodata=nodata.get(band.index))
        if band.nodata is None and name not in {ALPHA, *QUALITY}
        else band
        for name, band in bands.items()
    }


def _descriptions(dataset: DatasetReader) -> tuple[str | None, ...]:
    try:
        return tuple(dataset.descriptions)
    except UnicodeDecodeError:  # written in some code page that the file does not name
        return (None,) * int(dataset.count)
