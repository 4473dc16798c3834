"""Chips to pictures that an encoder takes: the shown bands, or spectral views, one picture each."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from .chip import Chip
from .chipreader import ChipReader
from .errors import ImageryError
from .grid import Grid
from .inmemory import check_valid, shown
from .items import Item
from .scene import Scene
from .views import bands_for, spectral_views, view

Image = PillowImage.Image | NDArray[np.uint8]

TRUE_COLOUR = "true-colour"
"""The view that every image has: its shown bands as they are shown."""


class Look(NamedTuple):
    """One picture to be made of a chip."""

    item: Item
    view: str


def looks_at(item: Item, views: Sequence[str]) -> list[Look]:
    """The pictures to be made of a chip; views that its bands do not allow are left out.

    A chip that allows none of them, or that could not be opened, still gives one look, whose loading says why.
    """
    source: Scene | tuple[str, ...] | None = item.scene
    if isinstance(item.picture, Chip):
        source = item.picture.scene or item.picture.bands
    if source is None or tuple(views) == (TRUE_COLOUR,):
        return [Look(item, TRUE_COLOUR if TRUE_COLOUR in views or item.error is not None else views[0])]
    allowed = spectral_views(source)
    return [Look(item, name) for name in views if name in allowed] or [Look(item, views[0])]


def loader(reader: ChipReader, min_valid: float, *, square: bool = False) -> Callable[[Look], Image]:
    """A function that makes the picture of a look; it may be called by several threads at once.

    It raises the reason why there is no picture (`ImageryError`).

    Args:
        reader: Reads the chips.
        min_valid: Least share of a chip's pixels that are valid.
        square: Whether pixels that are not square on the ground are made so, as whoever learned from pictures has seen
            it: the picture then has the chip's mean ground sample distance both ways, and as many pixels in all.
    """

    def load(look: Look) -> Image:
        picture, grid = pixels(look), _grid(look.item)
        return _squared(picture, grid) if square and grid is not None else picture

    def pixels(look: Look) -> Image:
        item = look.item
        if item.error is not None:
            raise ImageryError(item.error)
        if isinstance(item.picture, PillowImage.Image | np.ndarray | bytes):
            if look.view != TRUE_COLOUR:
                raise ImageryError(
                    f"a picture in memory has no bands for {look.view}: give its file, or a chip"
                )
            return shown(item.picture, item.ref.window, min_valid)
        if isinstance(item.picture, Chip):
            return _picture(item.picture, look.view, min_valid)
        if item.scene is None:
            raise ImageryError(f"{item.ref.image}: there is nothing to read")
        if look.view == TRUE_COLOUR:
            picture = reader.plain(item.scene, item.ref.window)
            if picture is not None:
                return picture
            bands = item.scene.shown
        else:
            bands = bands_for(item.scene, [look.view])
        return _picture(reader.read(item.scene, item.ref.window, bands), look.view, min_valid)

    return load


def _grid(item: Item) -> Grid | None:
    """Where the pixels of a chip lie; None where nobody knows."""
    if isinstance(item.picture, Chip):
        return item.picture.grid
    return item.scene.grid.window(*item.ref.window) if item.scene is not None else None


def _squared(picture: Image, grid: Grid) -> Image:
    pixel = grid.pixel_size
    if pixel is None or pixel[0] == pixel[1] or not isinstance(picture, np.ndarray):
        return picture
    mean = math.sqrt(pixel[0] * pixel[1])
    size = (max(round(grid.width * pixel[0] / mean), 1), max(round(grid.height * pixel[1] / mean), 1))
    return np.asarray(PillowImage.fromarray(picture).resize(size, PillowImage.Resampling.BICUBIC))


def _picture(chip: Chip, name: str, min_valid: float) -> NDArray[np.uint8]:
    """A view of a chip, refused where too little of it was seen."""
    check_valid(float(chip.valid.mean()) if chip.valid.size else 0.0, min_valid)
    picture: NDArray[np.uint8] = chip.rgb() if name == TRUE_COLOUR else view(chip, name)
    return picture
