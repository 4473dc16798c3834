"""Every chip that will be looked at, before any pixel is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .discover import find_scenes
from .errors import ImageryError
from .frames import cut, cut_scene, image_frames
from .items import ChipOptions, ChipSize, Item, PathLike, chip_ref, failed
from .scene import Scene
from .windows import Windows

Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Planned:
    """One image and the windows that are cut from it; without a scene, the reason why there is none."""

    path: str
    name: str
    scene: Scene | None
    windows: Windows
    error: str | None = None

    def item(self, number: int) -> Item:
        """Its chip of that number."""
        if self.scene is None:
            return failed(self.path, self.error or "cannot be opened")
        x, y, width, height = self.windows[number].tolist()
        return Item(
            chip_ref(self.scene, self.name, (x, y, width, height), several=len(self.windows) > 1), self.scene
        )


def plan_images(
    images: Sequence[PathLike],
    options: ChipOptions,
    size_of: ChipSize | None = None,
    *,
    copies: bool = False,
) -> list[Planned]:
    """All images that the inputs lead to, sorted, with their windows; those that cannot be used come last.

    Args:
        images: Files, folders, globs, products.
        options: How they are read and cut.
        size_of: Mode and size of an image's chips; None: those of the options.
        copies: Whether files with the content and place of another one are images, too.
    """
    size_of = size_of or (lambda _: (options.chips, options.size))
    scenes, failures = find_scenes(
        [str(image) for image in images], sensor=options.sensor, bands=options.bands, stretch=options.stretch,
        copies=copies,
    )  # fmt: skip
    nothing = np.zeros((1, 4), dtype=np.int32)
    planned = []
    for frame in image_frames(scenes):
        try:
            how = size_of(frame.grid)
            windows = cut_scene(frame.scene, *how) if frame.scene else cut(frame.grid, *how)
            planned.append(Planned(frame.title, frame.name, frame.scene, windows))
        except ImageryError as error:
            planned.append(Planned(frame.title, frame.name, None, nothing, str(error)))
    planned += [Planned(one.path, Path(one.path).stem, None, nothing, one.reason) for one in failures]
    return planned


def items_at(planned: Sequence[Planned], numbers: Numbers) -> list[Item]:
    """The chips of these numbers."""
    ends = np.cumsum([len(one.windows) for one in planned])
    places = np.searchsorted(ends, numbers, side="right")
    return [
        planned[place].item(int(number - (ends[place] - len(planned[place].windows))))
        for place, number in zip(places.tolist(), numbers.tolist(), strict=True)
    ]
