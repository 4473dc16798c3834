"""The land cover of chips, from a class raster, a colour-coded mask or a folder of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.imagery.grid import Grid
from rsvlm.vocabularies import Legend

from ..classwords import own_words
from ..errors import CaptioningError
from ..labels import OVERALL, ClassWords, LandCover
from .agreement import check_pixels
from .dates import agrees, date_in
from .decode import NONE, Indices, show_value
from .files import OpenSheets
from .fit import check_legend
from .join import Joined, join_sheets
from .mosaic import SheetIndex, overlap
from .read import ChipClasses, Window
from .regions import count_regions
from .sheets import Sheet, find_sheets


@dataclass(frozen=True)
class CoverReading:
    """What a land-cover source says of one chip.

    Attributes:
        landcover: The classes by region; None where no pixel of the chip has one.
        unknown: Codes (or colours, as 0xRRGGBB) that the legend does not have, and how many of the chip's
            pixels hold them. They count as no class.
    """

    landcover: LandCover | None
    unknown: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LandCoverSource:
    """Land cover from a raster or a folder of rasters. Plain data to pickle; files open when they are read.

    In a folder, the raster with the image's name wins; else all rasters of one date and resolution are one
    mosaic. Classes come to a chip's grid by nearest neighbour: each pixel takes the label pixel that its
    centre lies in.

    Attributes:
        path: What the user named.
        legend: What codes or colours mean.
        sheets: The rasters, in the order of their paths; where two of one date overlap, the first wins.
        one_image: Whether there is one image only: the one raster is then its own also where neither has a place and
            their names differ.
    """

    path: str
    legend: Legend
    sheets: tuple[Sheet, ...]
    one_image: bool = True

    @classmethod
    def open(cls, path: str | Path, legend: Legend, *, date: str | None = None) -> "LandCoverSource":
        """Find the rasters and see whether the legend fits them.

        Args:
            path: A single-band class raster, a colour-coded RGB mask, or a folder of either (recursive).
            legend: What codes or colours mean.
            date: Take only rasters of this year ("2021"), month ("2021-09", "202109") or day.

        Raises:
            CaptioningError: Nothing is there, a file cannot be read, none is of the date, or the legend is a
                wrong one.
        """
        sheets = find_sheets(Path(path), legend)
        if date is not None:
            sheets = _of_date(sheets, date, str(path))
        source = cls(str(path), legend, tuple(sheets))
        try:
            check_legend(source.sheets, legend, source._files)
        finally:
            source.close()
        return source

    def labels(
        self,
        scene_name: str,
        grid: Grid,
        *,
        window: Window | None = None,
        scene_size: tuple[int, int] | None = None,
        seen: npt.NDArray[np.bool_] | None = None,
    ) -> CoverReading:
        """Land cover of a chip by region.

        Args:
            scene_name: Name or path of the image that the chip was cut from; it chooses among a folder's
                rasters.
            grid: The chip's grid. Where it, or the raster, has no place, pixels are matched one by one.
            window: x, y, width, height of the chip in its image; by default the chip is the image.
            scene_size: Width and height of that image.
            seen: (H, W), the chip's pixels that count; None: all.

        Raises:
            CaptioningError: Rasters contradict each other, cannot be read, or do not have the image's shape.
        """
        chip = self._read(scene_name, grid, window, scene_size)
        classes = chip.classes if seen is None else np.where(seen, chip.classes, np.int16(NONE))
        regions = count_regions(classes, self.legend)
        labelled = sum(share["pixels"] for share in regions[OVERALL])
        if not labelled:
            return CoverReading(None, chip.unknown)
        dates = sorted({sheet.date for sheet in chip.used if sheet.date})
        cover = LandCover(
            legend=self.legend.name,
            date="/".join(dates) or None,
            coverage=labelled / chip.classes.size,
            regions=regions,
        )
        if self._words:
            held = {share["name"] for share in regions[OVERALL]}
            cover["words"] = [words for words in self._words if words["name"] in held]
        return CoverReading(cover, chip.unknown)

    def codes(
        self,
        grid: Grid,
        scene_name: str = "",
        *,
        window: Window | None = None,
        scene_size: tuple[int, int] | None = None,
    ) -> Indices:
        """The classes of a chip, (H, W) places in `legend.classes`: -1 is none, -2 an unknown code."""
        return self._read(scene_name, grid, window, scene_size).classes

    def show(self, value: int) -> str:
        """A code as people write it, or a colour: "77", "#ff00ff"."""
        return show_value(self.sheets[0], value)

    def check(self, scene_name: str, grid: Grid) -> None:
        """See whether rasters of different dates or products, or of contradicting pixels, overlap under an image.

        Raises:
            CaptioningError: They do.
        """
        if grid.crs is not None:
            hits = self._index(self._named(scene_name)).under(grid)
            self._compare(combinations(dict.fromkeys(hit.sheet for hit in hits), 2))

    def rasters(self) -> list[Joined]:
        """What captions without images are cut from: the rasters, those that join as one.

        Raises:
            CaptioningError: Rasters of different dates or products, or of contradicting pixels, overlap.
        """
        folder = Path(self.path)
        joined = join_sheets(self.sheets, folder if folder.is_dir() else folder.parent)
        self._compare(self._all.neighbours())
        return joined

    def covered(self, grid: Grid, windows: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
        """Which windows (n, 4) of one of `rasters()` lie on a file: what is joined of tiles may have gaps."""
        covered = np.zeros(len(windows), dtype=bool)
        if grid.transform is None:
            return ~covered
        a, _, c, _, e, f = grid.transform
        x, y, width, height = np.asarray(windows, dtype=float).T
        # from the first to the last pixel centre, as labels are read
        x0, y0, x1, y1 = x + 0.5, y + 0.5, x + width - 0.5, y + height - 0.5
        boxes = shapely.box(a * x0 + c, e * y0 + f, a * x1 + c, e * y1 + f)
        files = [shapely.box(*sheet.bounds) for sheet in self.sheets if sheet.grid.crs == grid.crs]
        covered[shapely.STRtree(files).query(boxes)[0]] = True
        return covered

    def close(self) -> None:
        """Close the files that are open; the next reading opens them again."""
        self._files.close()

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _compare(self, pairs: Iterable[tuple[Sheet, Sheet]]) -> None:
        """Compare the pixels of those pairs that overlap, each pair once."""
        new = [pair for pair in pairs if pair not in self._compared and overlap(*pair)]
        self._compared.update(new)
        try:
            check_pixels(new, self._files)
        finally:
            self.close()

    @cached_property
    def _compared(self) -> set[tuple[Sheet, Sheet]]:
        return set()

    @cached_property
    def _files(self) -> OpenSheets:
        return OpenSheets(self.legend)

    @cached_property
    def _words(self) -> list[ClassWords]:
        return own_words(self.legend)

    @cached_property
    def _all(self) -> SheetIndex:
        return SheetIndex(self.sheets)

    @cached_property
    def _stems(self) -> dict[str, list[Sheet]]:
        stems: dict[str, list[Sheet]] = {}
        for sheet in self.sheets:
            stems.setdefault(sheet.stem, []).append(sheet)
        return stems

    def _index(self, named: Sequence[Sheet]) -> SheetIndex:
        return SheetIndex(named) if named else self._all

    def _named(self, scene_name: str) -> list[Sheet]:
        """The rasters with an image's name; of several, those whose folders are named alike too."""
        place = PurePosixPath(scene_name.replace("\\", "/"))
        found = self._stems.get(place.name) or self._stems.get(place.stem) or []
        alike = [_alike(place.parts[:-1], sheet.parts[:-1]) for sheet in found]
        return [sheet for sheet, score in zip(found, alike, strict=True) if score == max(alike)]

    def _read(
        self, scene_name: str, grid: Grid, window: Window | None, scene_size: tuple[int, int] | None
    ) -> ChipClasses:
        named = self._named(scene_name)
        chip = ChipClasses(grid, self._files)
        if grid.crs is not None and any(sheet.placed for sheet in named or self.sheets):
            chip.read_placed(self._index(named))
        else:
            sheet = self._of_shape(scene_name, named, scene_size or (grid.width, grid.height))
            chip.read_pixels(sheet, window or (0, 0, grid.width, grid.height))
        return chip

    def _of_shape(self, scene_name: str, named: Sequence[Sheet], size: tuple[int, int]) -> Sheet:
        """The one raster that can be laid over an image pixel by pixel."""
        sheets = named or self.sheets
        if len(sheets) > 1 or not (named or self.one_image):
            what = f"both {sheets[0].title} and {sheets[1].title}" if named else "no raster of its name"
            raise CaptioningError(
                f"{scene_name}: no georeference in common with the land cover, and {self.path} holds {what}"
            )
        width, height = sheets[0].grid.width, sheets[0].grid.height
        if (width, height) != size:
            raise CaptioningError(
                f"{scene_name} has {size[0]} x {size[1]} pixels and {sheets[0].title} {width} x {height}: "
                "without a georeference in both, an image and its land cover must have the same shape"
            )
        return sheets[0]


def _of_date(sheets: list[Sheet], date: str, path: str) -> list[Sheet]:
    wanted = date_in(date)
    if wanted is None or wanted.replace("-", "") != date.replace("-", ""):
        raise CaptioningError(
            f"--landcover-date {date}: no date; give a year (2021), month (2021-09) or day (2021-09-30)"
        )
    chosen = [sheet for sheet in sheets if agrees(sheet.date, wanted)]
    dates = sorted({sheet.date for sheet in sheets if sheet.date})
    if dates and not chosen:
        raise CaptioningError(f"--landcover-date {date}: {path} holds only {', '.join(dates[:10])}")
    return chosen or [replace(sheet, date=wanted) for sheet in sheets]


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """How many folder names two paths share, from their ends."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))
