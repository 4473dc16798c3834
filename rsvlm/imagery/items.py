"""Images that are named or given, as one list of chips in the order given; nothing is read but headers."""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from rasterio.io import DatasetReader

from .bands import band_names
from .chip import Chip
from .discover import find_scenes, natural_order
from .errors import ImageryError
from .frames import cut, cut_scene, image_frames
from .grid import BBox, Grid
from .inmemory import Given, content_of, is_open_file, listed, picture_of, size
from .inmemory import Picture as Picture
from .opening import open_scene
from .scene import Scene
from .sensors import load_sensor
from .stretch import check_stretch
from .windows import check_size

PathLike = str | os.PathLike[str]
Image: TypeAlias = PathLike | Scene | DatasetReader | Given
Images: TypeAlias = Image | Iterable[Image]
"""What images are named by, alone or several: files, folders, globs, products, scenes, and pictures in memory."""

_CELL = {"bytes", "path"}
"""Of an image in a column of `datasets`."""

ChipSize = Callable[[Grid], tuple[str | None, str | None]]
"""Mode and size of the chips of an image, as `cut` takes them."""


@dataclass(frozen=True)
class ChipRef:
    """Which chip a row speaks of.

    Attributes:
        image: Path as the user gave it, or "#3" for the fourth picture that was in memory.
        key: The image's name, unique among those listed together, and the window's place where there are several.
        window: x, y, width, height in pixels of the image.
        bbox: West, south, east, north in WGS84 degrees; None without a place, or where a corner has none.
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
        size: Side of a grid's chip: "256" (pixels; 256 becomes that) or "640m". None: 256, or what the task is about.
        min_valid: Least share of a chip's pixels that are neither nodata, masked nor cloud, 0..1.
        sensor: Preset that names the bands.
        bands: Names of the bands, in order; given as one text with commas, a tuple of them.
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
            raise ImageryError(f"chips {self.chips!r}: choose whole or grid")
        if self.size is not None:
            check_size(self.size)
            object.__setattr__(self, "size", str(self.size))  # a number is as good
            if self.chips == "whole":
                raise ImageryError(
                    f"size {self.size} is for chips of a grid, not for whole images: leave one of both out"
                )
        check_stretch(self.stretch)
        if isinstance(self.bands, str):
            object.__setattr__(self, "bands", band_names(self.bands))
        elif self.bands is not None:
            object.__setattr__(self, "bands", tuple(self.bands))
        if self.sensor is not None:
            object.__setattr__(self, "sensor", os.fspath(self.sensor))
        if not 0 <= self.min_valid <= 1:
            raise ImageryError(f"min_valid {self.min_valid}: a share between 0 and 1")


def list_items(
    images: Images,
    options: ChipOptions,
    size_of: ChipSize | None = None,
    *,
    copies: bool = False,
) -> list[Item]:
    """Chips of all that is named, in the order given; what cannot be opened is an item with its reason.

    Args:
        images: Files, folders, globs and products; scenes; rasterio's open files; pictures in memory
            (`rsvlm.imagery.inmemory.picture_of`);
            chips; alone or mixed. A folder or glob stands for all images in it, sorted. None and NaN are items without
            an image.
        options: How they are read and cut.
        size_of: Mode and size of an image's chips; None: those of the options.
        copies: Whether files in a folder with the content and place of another one are images, too.

    Raises:
        ImageryError: Nothing was named, or a thing that is no image.
    """
    if options.sensor is not None:
        load_sensor(options.sensor)  # a wrong name is told once, and not for each image
    size_of = size_of or (lambda _: (options.chips, options.size))
    named: list[Any] = [images] if isinstance(images, str | os.PathLike | Scene) else listed(images)
    entries: list[Scene | Item] = []
    for number, image in enumerate(named):
        if isinstance(image, DatasetReader):
            image = image.name  # an open file: its place and bands count, not its values alone
        if isinstance(image, Mapping) and image.keys() <= _CELL and any(map(image.get, _CELL)):
            image = image.get("bytes") or image["path"]
        if isinstance(image, str | os.PathLike):
            entries += _of_path(os.fspath(image), options, copies)
        elif isinstance(image, Scene):
            entries.append(image)
        elif _is_missing(image):
            entries.append(failed(f"#{number}", "there is no image"))
        else:
            entries += _in_memory(image, number, size_of)
    if not entries:
        raise ImageryError("no image: the list is empty")
    return cut_entries(entries, size_of)


def cut_entries(entries: Sequence[Scene | Item], size_of: ChipSize) -> list[Item]:
    """Put the chips of each scene in its place; items that are there stay as they are."""
    scenes = [entry for entry in entries if isinstance(entry, Scene)]
    frames = iter(image_frames(scenes))
    items: list[Item] = []
    for entry in entries:
        if isinstance(entry, Item):
            items.append(entry)
        else:
            items += _scene_items(entry, next(frames).name, size_of)
    return items


def _is_missing(image: Any) -> bool:
    """Whether an entry is empty: None, NaN, or what pandas has for it."""
    if isinstance(image, float | np.floating):
        return math.isnan(image)
    return image is None or type(image).__name__ in ("NAType", "NaTType")


def _in_memory(given: Any, number: int, size_of: ChipSize) -> list[Item]:
    name, key = f"#{number}", f"{number:06d}"
    try:
        content = content_of(given) if is_open_file(given) else given
    except ImageryError as error:
        return [failed(name, str(error))]
    picture = picture_of(content, number)
    if isinstance(picture, Chip):
        grid = picture.grid
        ref = ChipRef(picture.source or name, key, (0, 0, grid.width, grid.height))
        return [
            Item(
                replace(ref, bbox=grid.bbox_if_any(), gsd=grid.gsd, datetime=picture.datetime),
                picture=picture,
            )
        ]
    width, height = size(picture)
    if isinstance(picture, bytes):
        return [Item(ChipRef(name, key, (0, 0, width, height)), picture=picture)]
    try:
        windows = cut(Grid(width, height), *size_of(Grid(width, height))).tolist()
    except ImageryError as error:
        return [failed(name, str(error))]
    return [
        Item(ChipRef(name, f"{key}_{x}_{y}" if len(windows) > 1 else key, (x, y, w, h)), picture=picture)
        for x, y, w, h in windows
    ]


def _of_path(path: str, options: ChipOptions, copies: bool) -> list[Scene | Item]:
    opening: Any = {"sensor": options.sensor, "bands": options.bands, "stretch": options.stretch}
    reason = None
    if Path(path).is_file():
        try:
            return [open_scene(path, **opening)]
        except ImageryError as error:  # not one image: it may be an archive or a list that leads to some
            reason = str(error)
    try:
        scenes, failures = find_scenes([path], **opening, copies=copies)
    except ImageryError as error:
        return [failed(path, reason or str(error))]
    found: list[Scene | Item] = [*scenes, *(failed(failure.path, failure.reason) for failure in failures)]
    return sorted(found, key=lambda one: natural_order(one.path if isinstance(one, Scene) else one.ref.image))


def failed(path: str, reason: str) -> Item:
    """The item of an image that could not be opened."""
    return Item(ChipRef(path, Path(path).stem), error=reason)


def _scene_items(scene: Scene, name: str, size_of: ChipSize) -> list[Item]:
    try:
        windows = cut_scene(scene, *size_of(scene.grid))
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
        bbox=grid.bbox_if_any(),
        gsd=grid.gsd,
        datetime=scene.datetime,
    )
