"""What an image is, without its pixels: plain descriptions that travel to worker processes."""

from dataclasses import dataclass

from rsvlm.imagery.grid import Grid


@dataclass(frozen=True)
class Band:
    """One band of a scene and where GDAL finds it.

    Attributes:
        name: Canonical name: a sensor's band id ("B04", "VV") or a common name ("red").
        path: What GDAL opens.
        index: Band number in that file, from 1.
        scale: Physical value = stored value * scale + offset (reflectance for optical sensors).
        offset: See scale.
        nodata: Stored value that means "no pixel here" (it may be NaN), or None.
    """

    name: str
    path: str
    index: int = 1
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None


@dataclass(frozen=True)
class Scene:
    """An image file or product described without its pixels; plain, hashable and picklable.

    Attributes:
        path: What the user named: a file, a .SAFE folder, a zip, a product folder.
        name: Stem, for keys and people.
        grid: Grid of the finest band; windows are given in it.
        bands: All bands of the image, in file order.
        dtype: numpy name of the stored type ("uint8", "uint16", "int16", "float32"); of the widest band.
        mask: Alpha band, or mask file, that is a mask (0 = no pixel, 255 = pixel), or None.
        quality: Scene classification (SCL) or QA_PIXEL band when there is one, for clouds.
        shown: Names of the three bands shown as red, green, blue, or of the one shown in grey.
        sensor: Name of the preset in use, or None.
        datetime: Time of acquisition, ISO 8601 UTC, or None.
        stretch: Stored values (low, high) that are shown as 0 and 255, for each shown band; None = 8 bit
            already.
        licence: Licence of the image, or None.
        attribution: Who must be named, or None.
        url: Where the image or its product is described, or None.
        no_place: Why it has no place, where something speaks of one, and what to do.
        notes: What a person should know of how it is read, a line each; `no_place` is among them.
    """

    path: str
    name: str
    grid: Grid
    bands: tuple[Band, ...]
    dtype: str
    shown: tuple[str, ...]
    mask: Band | None = None
    quality: Band | None = None
    sensor: str | None = None
    datetime: str | None = None
    stretch: tuple[tuple[float, float], ...] | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None
    no_place: str | None = None
    notes: tuple[str, ...] = ()
