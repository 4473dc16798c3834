"""Class rasters as a source of questions: which windows there are, what they show, which of them are of one place."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.landcover.dates import date_in
from rsvlm.captioning.landcover.source import LandCoverSource
from rsvlm.eval.errors import EvalError
from rsvlm.imagery import ChipReader, Grid, ImageryError, Scene, find_scenes
from rsvlm.vocabularies import Legend, VocabularyError, load_legend

from .colours import colour_words
from .drafts import Panel, Window
from .mapchips import Codes, MapChip
from .sources import ClassMap

SIDES = (96, 128, 192)
"""Windows, in pixels of 5 m and more."""
FINE_SIDES = (256, 384, 512)
_FINE = 5.0
_MOST_CHIPS = 2400
_LABELLED = 0.6


@dataclass(frozen=True)
class Place:
    """One image, or one raster that is drawn itself.

    Attributes:
        name: As panels name it: its path below the source's folder.
        grid: Its pixels.
        cover: Where its classes are read.
        date: "2021", "2021-09" or "2021-09-30", or None.
        scene: The image; None where the map is drawn.
    """

    name: str
    grid: Grid
    cover: LandCoverSource
    date: str | None
    scene: Scene | None


class MapData:
    """All windows of one source of class maps.

    Raises:
        EvalError: Labels, legend or images cannot be read.
    """

    def __init__(self, source: ClassMap, number: int, rng: np.random.Generator) -> None:
        self.source = source
        self.number = number
        try:
            self.legend = load_legend(source.legend)
            self.places = list(
                _over_images(source, self.legend) if source.images else _alone(source, self.legend)
            )
        except (VocabularyError, CaptioningError, ImageryError) as error:
            raise EvalError(str(error)) from error
        known = {c.name: c for c in self.legend.classes if not c.background}
        self.names = tuple(known)
        self.phrases = tuple(c.phrase for c in known.values())
        self.colours = [c.color for c in known.values()]
        if not source.images and any(colour is None for colour in self.colours):
            raise EvalError(
                f"{source.labels}: legend {self.legend.name} has classes without a colour, so the map cannot be drawn; "
                "add colours, or name the images"
            )
        lookup = {name: place for place, name in enumerate(self.names)}
        self._merge = np.array([lookup.get(c.name, -1) for c in self.legend.classes] + [-1, -1], np.int16)
        self._chips = ChipReader()
        self.chips = self._choose(rng)

    @property
    def drawn(self) -> bool:
        """Whether the map itself is the picture."""
        return self.source.images is None

    def place(self, name: str) -> Place:
        """Return a place by its name."""
        return next(place for place in self.places if place.name == name)

    def chip(self, place: Place, window: Window) -> MapChip:
        """Read a window."""
        codes = self._codes(place, window)
        pixel = place.grid.window(*window).gsd
        panel = Panel(self.number, place.name, window)
        return MapChip(panel, codes, self.names, self.phrases, None if pixel is None else pixel**2)

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""
        place = self.place(panel.image)
        if place.scene is not None:
            return self._chips.rgb(place.scene, panel.window)
        table = np.array([colour or (0, 0, 0) for colour in self.colours] + [(0, 0, 0)], np.uint8)
        return table[self._codes(place, panel.window)]  # -1, the last, is unlabelled: black

    def label_files(self, panel: Panel) -> list[Path]:
        """The rasters that may have given a panel's classes."""
        place = self.place(panel.image)
        named = [
            sheet
            for sheet in place.cover.sheets
            if sheet.stem == place.name.rpartition("/")[2].rpartition(".")[0]
        ]
        return [Path(sheet.path) for sheet in named or place.cover.sheets]

    @cached_property
    def overlaps(self) -> list[tuple[Place, Place, tuple[int, int], Window]]:
        """Two places of different dates on one lattice of pixels that share ground.

        With each how far the second starts right of and below the first, and the shared window in pixels of the first.
        """
        dated = [place for place in self.places if place.date and place.grid.transform]
        found = []
        for order, one in enumerate(dated):
            for other in dated[order + 1 :]:
                if one.date != other.date and (shift := _shift(one.grid, other.grid)):
                    x, y = max(shift[0], 0), max(shift[1], 0)
                    right = min(one.grid.width, shift[0] + other.grid.width)
                    bottom = min(one.grid.height, shift[1] + other.grid.height)
                    if min(right - x, bottom - y) >= SIDES[0]:
                        found.append((one, other, shift, (x, y, right - x, bottom - y)))
        return found

    def key(self, pictures: int) -> str:
        """What the colours of a drawn map mean, of all classes that occur anywhere in it; "" over images."""
        if not self.drawn:
            return ""
        there = [c for c in range(len(self.names)) if any(chip.counts[c] for chip in self.chips)]
        colours = ", ".join(
            f"{self.phrases[c]} is {colour_words(self.colours[c] or (0, 0, 0))}" for c in there
        )
        what = (
            "picture is no photograph but a land-cover map"
            if pictures == 1
            else "pictures are land-cover maps"
        )
        return f"The {what}: {colours}. "

    def close(self) -> None:
        """Close all files."""
        self._chips.close()
        for place in self.places:
            place.cover.close()

    def _codes(self, place: Place, window: Window) -> Codes:
        size = (place.grid.width, place.grid.height)
        try:
            found = place.cover.codes(place.grid.window(*window), place.name, window=window, scene_size=size)
        except CaptioningError as error:
            raise EvalError(str(error)) from error
        return self._merge[found]  # -1 and -2, the two last, are unlabelled

    def _choose(self, rng: np.random.Generator) -> list[MapChip]:
        windows = [
            (place, window) for place in self.places for window in _windows(place.grid, rng, len(self.places))
        ]
        order = rng.permutation(len(windows))
        chips: list[MapChip] = []
        dull = 0
        for place in np.sort(order[: 2 * _MOST_CHIPS]):
            chip = self.chip(*windows[place])
            if chip.size - chip.unlabelled < _LABELLED * chip.size:
                continue
            if max(chip.counts) > 0.97 * chip.size:
                dull += 1
                if dull > _MOST_CHIPS // 20:
                    continue
            chips.append(chip)
        kept = np.sort(rng.permutation(len(chips))[:_MOST_CHIPS])
        return [chips[place] for place in kept]


def _over_images(source: ClassMap, legend: Legend) -> Iterator[Place]:
    cover = LandCoverSource.open(source.labels, legend)
    images = source.images or Path()
    scenes, _ = find_scenes([images])
    for scene in scenes:
        path = Path(scene.path)
        name = path.relative_to(images).as_posix() if images.is_dir() else path.name
        yield Place(name, scene.grid, cover, (scene.datetime or "")[:10] or date_in(scene.name), scene)


def _alone(source: ClassMap, legend: Legend) -> Iterator[Place]:
    for sheet in LandCoverSource.open(source.labels, legend).sheets:
        name = f"{'/'.join(sheet.parts)}{Path(sheet.path).suffix}"
        yield Place(name, sheet.grid, LandCoverSource(sheet.path, legend, (sheet,)), sheet.date, None)


def _windows(grid: Grid, rng: np.random.Generator, places: int) -> Iterator[Window]:
    """Windows of three sizes, half a side apart from a random start; a sample of them on large rasters."""
    sides: tuple[int, ...] = FINE_SIDES if grid.gsd is not None and grid.gsd < _FINE else SIDES
    sides = tuple(side for side in sides if side <= min(grid.width, grid.height))
    for side in sides or (min(grid.width, grid.height),):
        step = side // 2
        spare = grid.width - side, grid.height - side
        x0, y0 = (int(rng.integers(0, min(step, room) + 1)) for room in spare)
        across, down = (spare[0] - x0) // step + 1, (spare[1] - y0) // step + 1
        most = min(across * down, max(2 * _MOST_CHIPS // places, 30))
        for cell in np.sort(rng.choice(across * down, most, replace=False)).tolist():
            yield x0 + cell % across * step, y0 + cell // across * step, side, side


def _shift(one: Grid, other: Grid) -> tuple[int, int] | None:
    """Columns and rows that a grid starts right of and below another; None where their pixels do not match."""
    first: Any = one.transform
    second: Any = other.transform
    if one.crs != other.crs or not np.allclose(
        [first[i] for i in (0, 1, 3, 4)], [second[i] for i in (0, 1, 3, 4)], rtol=1e-6, atol=1e-12
    ):
        return None
    if first[1] or first[3]:
        return None
    x, y = (second[2] - first[2]) / first[0], (second[5] - first[5]) / first[4]
    return (round(x), round(y)) if abs(x - round(x)) < 0.05 and abs(y - round(y)) < 0.05 else None
