"""Frames: what chips are cut from. An image, or a land-cover raster that stands without one."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rsvlm.imagery.bandfiles import bandfiles_labels
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.scene import Scene
from rsvlm.imagery.windows import PLACE_NEEDED, Windows, grid_windows, sides_in_pixels

LARGEST_WHOLE = 1024
"""Without a size an image up to this many pixels on its longer side is one chip; a larger one becomes a grid."""
GRID_SIZE = "256"
"""The chip size of that grid, in pixels."""

LONGEST_NAME = 64
"""Letters of a frame's name: a chip's key has its place and size, too, and 90 at most."""

_CHIP = re.compile(r"(.+)_\d{5,}_\d{5,}_\d+(?:x\d+)?")
_BLOCKS, _BLOCK_BYTES = 16, 16_384


@dataclass(frozen=True)
class Frame:
    """One image, or one land-cover raster without imagery, ready to be cut into chips. Plain and picklable.

    Attributes:
        name: Unique start of its chips' keys: ASCII letters, digits, `-` and `_`.
        title: Path as people know it, relative to what all inputs have in common, with `/`.
        grid: The pixel grid that chips are cut from.
        scene: The image; None for captions without images.
        scene_names: Labels of the whole image without shares (multi-labels).
    """

    name: str
    title: str
    grid: Grid
    scene: Scene | None
    scene_names: tuple[str, ...] = ()


def cut(grid: Grid, chips: str | None = None, size: str | None = None) -> Windows:
    """Windows of the chips of an image.

    Args:
        grid: The image's pixel grid.
        chips: "whole", "grid", or None: whole without a size where no side is over `LARGEST_WHOLE`, else a grid.
        size: Side of a grid's chip, in pixels ("256") or metres ("640m", both ways, whatever pixels measure); None is
            `GRID_SIZE`.

    Returns:
        int32 (n, 4): x, y, width, height.

    Raises:
        ImageryError: A size that cannot be read, or one in metres where the image has no place.
    """
    small = max(grid.width, grid.height) <= LARGEST_WHOLE
    if chips == "whole" or (chips is None and size is None and small):
        return np.array([[0, 0, grid.width, grid.height]], dtype=np.int32)
    return grid_windows(grid.width, grid.height, sides_in_pixels(size or GRID_SIZE, grid))


def cut_scene(scene: Scene, chips: str | None = None, size: str | None = None) -> Windows:
    """`cut` for an image, which may know why it has no place to measure metres by.

    Raises:
        ImageryError: As `cut` raises it.
    """
    try:
        return cut(scene.grid, chips, size)
    except ImageryError as error:
        if scene.no_place and str(error).endswith(PLACE_NEEDED):
            raise ImageryError(f"{error}; {scene.no_place}") from None
        raise


def image_frames(scenes: Sequence[Scene]) -> list[Frame]:
    """A frame for each image, named after its file; names that collide get a short hash of the path."""
    titles = relative_titles([scene.path for scene in scenes])
    names = unique_names([scene.name for scene in scenes], titles)
    return [
        Frame(name, title, scene.grid, scene, _whole_image_names(Path(scene.path)))
        for name, title, scene in zip(names, titles, scenes, strict=True)
    ]


def _whole_image_names(path: Path) -> tuple[str, ...]:
    """Multi-labels that lie beside the bands of a product, as BigEarthNet's do."""
    return tuple(bandfiles_labels(path) or ())


def relative_titles(paths: Sequence[str]) -> list[str]:
    """Paths below the folder that all have in common, so that a moved data set keeps its titles."""
    full = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - resolve() would follow links
    if not full:
        return []
    try:
        common = Path(os.path.commonpath([path.parent for path in full]))
    except ValueError:  # several Windows drives
        return [path.name for path in full]
    return [path.relative_to(common).as_posix() for path in full]


def unique_names(stems: Sequence[str], titles: Sequence[str]) -> list[str]:
    """ASCII names fit for keys, of `LONGEST_NAME` letters at most.

    Those that lost letters, that differ only in case, or that another's chip could be called, get 8 hex digits of
    their title.

    >>> unique_names(["scene 1", "Zürich", "a", "A"], ["scene 1.tif", "Zürich.tif", "x/a.tif", "y/A.tif"])
    ['scene_1', 'Zurich-477e2614', 'a-db9c544c', 'A-e7831651']
    """
    plain = [_ascii(stem) for stem in stems]
    seen: dict[str, int] = {}
    for name in plain:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
    names = []
    for stem, name, title in zip(stems, plain, titles, strict=True):
        lossy = not stem.isascii() or not name or len(name) > LONGEST_NAME
        chip = _CHIP.fullmatch(name.lower())
        if lossy or seen[name.lower()] > 1 or (chip is not None and chip[1] in seen):
            digest = hashlib.sha256(title.encode("utf-8", "surrogateescape")).hexdigest()[:8]
            name = f"{name[: LONGEST_NAME - 9]}-{digest}" if name else digest
        names.append(name)
    return names


def _ascii(stem: str) -> str:
    flat = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9_-]+", "_", flat).strip("_")


def fingerprint(path: str | Path) -> dict[str, object]:
    """Size and hash of a file, of 256 KiB spread over it where it is larger: cheap, and the same on every host.

    Of a folder how many files are in it, and a hash of their names and fingerprints.
    """
    place = Path(path)
    if place.is_dir():
        digest = hashlib.sha256()
        files = sorted((p.relative_to(place).as_posix(), p) for p in place.rglob("*") if p.is_file())
        for name, inside in files:
            digest.update(repr((name, fingerprint(inside))).encode("utf-8", "surrogateescape"))
        return {"files": len(files), "hash": digest.hexdigest()[:16]}
    size = place.stat().st_size
    digest = hashlib.sha256()
    with place.open("rb") as file:
        if size <= _BLOCKS * _BLOCK_BYTES:
            digest.update(file.read())
        else:
            for number in range(_BLOCKS):  # from the very first bytes to the very last
                file.seek((size - _BLOCK_BYTES) * number // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK_BYTES))
    return {"bytes": size, "hash": digest.hexdigest()[:16]}
