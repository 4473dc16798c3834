"""What lies beside an image: world files with a .prj, .aux.xml and .msk files, and STAC items.

A world file holds six numbers, one a line: A D B E C F. C and F are the coordinates of the centre of the
upper left pixel, not of its corner (https://en.wikipedia.org/wiki/World_file, section "Definition").
"""

import math
import os
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Transform
from rsvlm.imagery.metafiles import read_bytes, reason
from rsvlm.imagery.pamfiles import Pam, read_pam
from rsvlm.imagery.stac import Item, item_files, read_item
from rsvlm.imagery.stac_place import SidecarPlace, crs_text, item_place

__all__ = [
    "SidecarPlace", "coordinates_file", "image_item", "mask_beside", "pam_beside", "read_world_file", "sidecar_place",
]  # fmt: skip

_SETTLED = 2.0  # seconds: the coarsest time stamp of a common file system (FAT)


def sidecar_place(
    path: Path,
    width: int,
    height: int,
    *,
    item: Item | None = None,
    crs: str | None = None,
    transform: Transform | None = None,
) -> SidecarPlace | None:
    """What the files beside an image say of it.

    A world file or an .aux.xml gives the transform, a .prj or an .aux.xml the CRS: together with what the image says
    itself a place. A world file alone says nothing, since its numbers could be metres or degrees of any system. A STAC
    item that has the image's stem, or names the image in an asset, gives the
    place where no world file does, and time, licence, attribution and URL.

    Args:
        path: The image.
        width: Its columns.
        height: Its rows.
        item: The STAC item that led to the image; None = look for one beside it.
        crs: The CRS that the image itself states.
        transform: The transform that it states; where it states both, no place is looked for.

    Returns:
        None where nothing beside it speaks of it.

    Raises:
        ImageryError: A world file, .prj or STAC item of the image is broken.
    """
    item = item or image_item(path)
    said = item_place(item, path, width, height) if item else None
    world = None if crs and transform else _beside(path, crs, transform)
    if world is None:
        return said
    return replace(said or SidecarPlace(), crs=world[0], transform=world[1])


def image_item(path: Path) -> Item | None:
    """The STAC item that speaks of an image: in its folder, with its stem or with an asset that names it.

    Raises:
        ImageryError: The item with its stem is broken.
    """
    listing = _listing(path.parent)
    for name in (f"{path.name}.json", f"{path.stem}.json"):
        found = listing.get(name.casefold())
        if found and (item := read_item(path.parent / found)):
            return item
    pointing = _pointed(*_state(path.parent)).get(path.name.casefold())
    return read_item(path.parent / pointing) if pointing else None


def read_world_file(path: Path) -> Transform:
    """The affine transform of a world file, shifted from the pixel's centre to its upper left corner.

    Raises:
        ImageryError: It does not hold six numbers, or they span no area.
    """
    text = read_bytes(path, 4096).decode("utf-8-sig", errors="replace")
    try:
        a, d, b, e, c, f = map(float, text.split())
    except ValueError as error:
        shown = " ".join(text.split())[:80]
        raise ImageryError(f"{path} is no world file: it must hold six numbers, not {shown!r}") from error
    if not all(map(math.isfinite, (a, b, c, d, e, f))) or a * e - b * d == 0:
        raise ImageryError(f"{path} is no world file: pixels of {a:g}, {d:g}, {b:g}, {e:g} have no area")
    return (a, b, c - (a + b) / 2, d, e, f - (d + e) / 2)


def pam_beside(path: Path) -> Pam:
    """What an image's .aux.xml says; nothing where there is none."""
    found = _listing(path.parent).get(f"{path.name}.aux.xml".casefold())
    return read_pam(path.parent / found) if found else Pam()


def mask_beside(path: Path) -> Path | None:
    """The mask file of an image, as GDAL names it; None where there is none."""
    found = _listing(path.parent).get(f"{path.name}.msk".casefold())
    return path.parent / found if found else None


def coordinates_file(path: Path) -> str | None:
    """Name of the world file of an image; None where there is none."""
    listing = _listing(path.parent)
    return next((listing[name] for name in _world_names(path) if name in listing), None)


def _beside(path: Path, crs: str | None, transform: Transform | None) -> tuple[str, Transform] | None:
    """The place of an image that states one of both at most; None where one is still missing."""
    world, prj = coordinates_file(path), _listing(path.parent).get(f"{path.stem}.prj".casefold())
    pam = pam_beside(path)
    if not ((transform or world or pam.transform) and (crs or prj or pam.crs)):
        return None  # what is of no use is not read: it may be broken
    crs = crs or (_read_prj(path.parent / prj) if prj else pam.crs)
    transform = transform or (read_world_file(path.parent / world) if world else pam.transform)
    return (crs, transform) if crs and transform else None


def _world_names(path: Path) -> list[str]:
    """tile.jpeg -> tile.jgw (first and last letter of the suffix, and w), tile.jpegw, tile.wld."""
    suffix = path.suffix[1:].casefold()
    ends = dict.fromkeys([f"{suffix[:1]}{suffix[-1:]}w", f"{suffix}w", "wld"])
    return [f"{path.stem.casefold()}.{end}" for end in ends]


def _read_prj(path: Path) -> str:
    text = read_bytes(path, 65536).decode("utf-8-sig", errors="replace")
    try:
        return crs_text(CRS.from_wkt(text))
    except CRSError as error:
        shown = " ".join(text.split())[:80]
        raise ImageryError(f"{path} holds no coordinate system in WKT but {shown!r}: correct it") from error


def _listing(folder: Path) -> dict[str, str]:
    """Names in a folder, by casefolded name."""
    return _listed(*_state(folder))


def _state(folder: Path) -> tuple[str, int]:
    """A key that changes with the folder's content: a folder of many images is listed once for all."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError as error:
        raise ImageryError(f"{folder} cannot be read: {reason(error)}") from error
    if abs(time.time() - changed / 1e9) < _SETTLED:  # a further change might leave the same time stamp
        changed = -time.monotonic_ns()
    return str(folder), changed


@lru_cache(maxsize=8)
def _listed(folder: str, changed: int) -> dict[str, str]:
    del changed  # only part of the key
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - all that is needed, of 100,000 files at times
    except OSError as error:
        raise ImageryError(f"{folder} cannot be read: {reason(error)}") from error
    return {name.casefold(): name for name in names}


@lru_cache(maxsize=8)
def _pointed(folder: str, changed: int) -> dict[str, str]:
    """Names of the STAC items of a folder, by the casefolded name of each file beside them that they name."""
    items: dict[str, str] = {}
    for folded, name in _listed(folder, changed).items():
        if not folded.endswith(".json"):
            continue
        try:
            item = read_item(Path(folder) / name)
        except ImageryError:  # nothing says that it is about the image at hand
            continue
        for file in item_files(item) if item else ():
            if file.parent == Path(folder):
                items.setdefault(file.name.casefold(), name)
    return items
