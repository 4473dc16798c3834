"""What is classified: chips of files, and pictures and arrays in memory, as one list in the order given."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from rsvlm.imagery import BBox, Chip, Grid, ImageryError, Scene, find_scenes, open_scene
from rsvlm.imagery.frames import cut, image_frames
from rsvlm.vocabularies import Vocabulary

from .errors import ClassificationError

PathLike = str | os.PathLike[str]
Picture = PillowImage.Image | Chip | np.ndarray[Any, np.dtype[Any]]

FAR = 4.0
"""A vocabulary is about things of some size: beyond this ratio of ground sample distances a warning is due."""
_ALONE = 1.5
"""An image up to so many chips long on its longer side is one chip."""


@dataclass(frozen=True)
class ChipRef:
    """Which chip a row speaks of.

    Attributes:
        image: Path as the user gave it, or "#3" for the fourth picture that was in memory.
        key: The image's name, unique among those listed together, and the window's place where there are several.
        window: x, y, width, height in pixels of the image.
        bbox: West, south, east, north in WGS84 degrees; None without a place.
        gsd: Ground sample distance in metres; None without a place.
        datetime: Time of acquisition, ISO 8601 UTC, or None.
    """

    image: str
    key: str
    window: tuple[int, int, int, int] = (0, 0, 0, 0)
    bbox: BBox | None = None
    gsd: float | None = None
    datetime: str | None = None


@dataclass(frozen=True)
class Item:
    """One chip to classify: of a scene, or a picture in memory, or the reason why there is neither."""

    ref: ChipRef
    scene: Scene | None = None
    picture: Picture | None = None
    error: str | None = None


@dataclass(frozen=True)
class ChipOptions:
    """How images are read and cut; the options of `rsvlm caption`.

    Attributes:
        chips: "whole", "grid" or None: whole images up to 1,024 px without a size, a grid above.
        size: Side of a grid's chip: "256" (pixels) or "640m". None: the vocabulary's ground extent, else 256.
        min_valid: Least share of a chip's pixels that are neither nodata, masked nor cloud, 0..1.
        sensor: Preset that names the bands.
        bands: Names of the bands, in order.
        stretch: How pixels become 8 bits.
    """

    chips: str | None = None
    size: str | None = None
    min_valid: float = 0.5
    sensor: str | None = None
    bands: tuple[str, ...] | None = None
    stretch: str = "auto"

    def __post_init__(self) -> None:
        if self.chips not in (None, "whole", "grid"):
            raise ClassificationError(f"chips {self.chips!r}: choose whole or grid")
        if not 0 <= self.min_valid <= 1:
            raise ClassificationError(f"min_valid {self.min_valid}: a share between 0 and 1")


def list_items(
    images: PathLike | Picture | Sequence[PathLike | Picture],
    options: ChipOptions,
    vocabulary: Vocabulary,
) -> list[Item]:
    """Chips of all that is named, in the order given; what cannot be opened is an item with its reason.

    Args:
        images: Files, folders, globs and products; PIL images; (H, W, 3) uint8 arrays; chips; alone or mixed. A
            folder or glob stands for all images in it, sorted.
        options: How they are read and cut.
        vocabulary: Its extent is the default size of a chip.

    Raises:
        ClassificationError: Nothing was named, or a thing that is no image.
    """
    single = isinstance(images, str | os.PathLike | PillowImage.Image | Chip | np.ndarray)
    named: Sequence[Any] = [images] if single else list(images)  # type: ignore[arg-type]
    entries: list[Scene | Item] = []
    for number, image in enumerate(named):
        if isinstance(image, str | os.PathLike):
            entries += _of_path(os.fspath(image), options)
        elif isinstance(image, PillowImage.Image | Chip | np.ndarray):
            entries.append(_in_memory(image, number))
        else:
            raise ClassificationError(
                f"image {number} is a {type(image).__name__}: give paths, PIL images, (H, W, 3) uint8 arrays or chips"
            )
    if not entries:
        raise ClassificationError("no image: the list is empty")
    return cut_entries(entries, options, vocabulary)


def cut_entries(entries: Sequence[Scene | Item], options: ChipOptions, vocabulary: Vocabulary) -> list[Item]:
    """Put the chips of each scene in its place; items that are there stay as they are."""
    scenes = [entry for entry in entries if isinstance(entry, Scene)]
    frames = iter(image_frames(scenes))
    items: list[Item] = []
    for entry in entries:
        if isinstance(entry, Item):
            items.append(entry)
        else:
            items += _scene_items(entry, next(frames).name, options, vocabulary)
    return items


def _in_memory(picture: Picture, number: int) -> Item:
    name = f"#{number}"
    if isinstance(picture, Chip):
        grid = picture.grid
        ref = ChipRef(picture.source or name, f"{number:06d}", (0, 0, grid.width, grid.height))
        return Item(replace(ref, bbox=grid.bbox(), gsd=grid.gsd, datetime=picture.datetime), picture=picture)
    width, height = picture.size if isinstance(picture, PillowImage.Image) else _shape(picture, number)
    return Item(ChipRef(name, f"{number:06d}", (0, 0, width, height)), picture=picture)


def _shape(array: np.ndarray[Any, np.dtype[Any]], number: int) -> tuple[int, int]:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        shape = "x".join(str(size) for size in array.shape)
        raise ClassificationError(
            f"image {number} is an array of {shape} {array.dtype}: give (height, width, 3) uint8, "
            "or a file whose bands are known"
        )
    return array.shape[1], array.shape[0]


def _of_path(path: str, options: ChipOptions) -> list[Scene | Item]:
    opening: Any = {"sensor": options.sensor, "bands": options.bands, "stretch": options.stretch}
    reason = None
    if Path(path).is_file():
        try:
            return [open_scene(path, **opening)]
        except ImageryError as error:  # not one image: it may be an archive or a list that leads to some
            reason = str(error)
    try:
        scenes, failures = find_scenes([path], **opening)
    except ImageryError as error:
        return [failed(path, reason or str(error))]
    return [*scenes, *(failed(failure.path, failure.reason) for failure in failures)]


def failed(path: str, reason: str) -> Item:
    """The item of an image that could not be opened."""
    return Item(ChipRef(path, Path(path).stem), error=reason)


def _scene_items(scene: Scene, name: str, options: ChipOptions, vocabulary: Vocabulary) -> list[Item]:
    try:
        windows = cut(scene.grid, *chip_size(scene.grid, options, vocabulary))
    except ImageryError as error:
        return [failed(scene.path, str(error))]
    return [
        Item(chip_ref(scene, name, (x, y, width, height), several=len(windows) > 1), scene)
        for x, y, width, height in windows.tolist()
    ]


def chip_ref(scene: Scene, name: str, window: tuple[int, int, int, int], *, several: bool) -> ChipRef:
    """Where a window of a scene lies and what it is called."""
    grid: Grid = scene.grid.window(*window)
    return ChipRef(
        image=scene.path,
        key=f"{name}_{window[0]}_{window[1]}" if several else name,
        window=window,
        bbox=grid.bbox(),
        gsd=grid.gsd,
        datetime=scene.datetime,
    )


def chip_size(grid: Grid, options: ChipOptions, vocabulary: Vocabulary) -> tuple[str | None, str | None]:
    """The mode and size for `cut`: what the user asked for, else the ground extent that the classes are about."""
    if options.chips is not None or options.size is not None or not vocabulary.extent:
        return options.chips, options.size
    gsd = grid.gsd
    if gsd is None:
        return None, None
    if max(grid.width, grid.height) * gsd <= _ALONE * vocabulary.extent:
        return "whole", None
    # coarse imagery: a chip below a handful of pixels shows nothing
    return "grid", str(max(round(vocabulary.extent / gsd), 8))


def far_gsd(items: Iterable[Item], vocabulary: Vocabulary) -> str | None:
    """One line where images are much coarser or finer than what the classes were defined on; else None."""
    if vocabulary.gsd is None:
        return None
    found = {item.scene.path: item.ref.gsd for item in items if item.scene and item.ref.gsd}
    far = {path: gsd for path, gsd in found.items() if max(gsd / vocabulary.gsd, vocabulary.gsd / gsd) > FAR}
    if not far:
        return None
    path, gsd = next(iter(far.items()))
    return (
        f"{len(far)} of {len(found)} images have another ground sample distance than {vocabulary.name} "
        f"({vocabulary.gsd:g} m): {Path(path).name} has {gsd:.3g} m; its classes may not be what is seen"
    )
