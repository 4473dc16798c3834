"""The plan of a long run: every chip that will be looked at, before any pixel is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.imagery import ImageryError, Scene, find_scenes
from rsvlm.imagery.frames import cut, image_frames
from rsvlm.imagery.items import ChipOptions, Item, PathLike, chip_ref, failed
from rsvlm.imagery.windows import Windows
from rsvlm.vocabularies import Vocabulary

from .chips import chip_size
from .errors import ClassificationError

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


def plan_images(images: Sequence[PathLike], options: ChipOptions, vocabulary: Vocabulary) -> list[Planned]:
    """All images that the inputs lead to, sorted, with their windows; those that cannot be used come last."""
    scenes, failures = find_scenes(
        [str(image) for image in images], sensor=options.sensor, bands=options.bands, stretch=options.stretch
    )
    nothing = np.zeros((1, 4), dtype=np.int32)
    planned = []
    for frame in image_frames(scenes):
        try:
            windows = cut(frame.grid, *chip_size(frame.grid, options, vocabulary))
            planned.append(Planned(frame.title, frame.name, frame.scene, windows))
        except ImageryError as error:
            planned.append(Planned(frame.title, frame.name, None, nothing, str(error)))
    planned += [Planned(one.path, Path(one.path).stem, None, nothing, one.reason) for one in failures]
    return planned


def choose(planned: Sequence[Planned], limit: int | None, seed: int) -> Numbers:
    """Numbers of the chips to be classified, ascending, counted through all images."""
    total = sum(len(one.windows) for one in planned)
    if limit is None or limit >= total:
        return np.arange(total)
    if limit < 1:
        raise ClassificationError(f"limit {limit}: at least 1 chip")
    return np.sort(np.random.default_rng(seed).choice(total, limit, replace=False))


def items_at(planned: Sequence[Planned], numbers: Numbers) -> list[Item]:
    """The chips of these numbers."""
    ends = np.cumsum([len(one.windows) for one in planned])
    places = np.searchsorted(ends, numbers, side="right")
    return [
        planned[place].item(int(number - (ends[place] - len(planned[place].windows))))
        for place, number in zip(places.tolist(), numbers.tolist(), strict=True)
    ]
