"""Questions on land cover whose answers follow from labels: of real masks, and of mosaics of labelled tiles.

A window of a Korean mask is part unlabelled, and what is unlabelled may be anything: a question is asked only if its
answer is the same whatever it is. A mosaic has 4 x 4 of EuroSAT's validation tiles, whose classes are known: each tile
is of one, though not every pixel of it. What `label_questions.py` asks is drawn from both.
"""

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import rasterio
from numpy.typing import NDArray
from PIL import Image

MASK = {50: "farmland", 70: "forest", 10: "buildings"}
"""Of the Korean legend; roads are lines on a map, and not seen in pictures of 10 m."""
TILES = {
    "AnnualCrop": "farmland", "PermanentCrop": "farmland", "Forest": "forest", "SeaLake": "water",
    "Residential": "residential area", "Industrial": "industrial area", "Pasture": "pasture",
}  # fmt: skip
RANGES = ("0-25 %", "25-50 %", "50-75 %", "75-100 %")
QUARTERS = ("top left", "top right", "bottom left", "bottom right")
_CLEAR = 0.05
"""Of the picture: how clear of the limits a share must be, and how much more "more" is."""


class Ground(NamedTuple):
    """A picture and what covers it.

    Attributes:
        picture: RGB.
        names: What may be there.
        codes: (h, w) places in `names`, -1 where it is not known.
    """

    picture: Image.Image
    names: tuple[str, ...]
    codes: NDArray[np.int8]

    def shares(self, rows: slice = slice(None), columns: slice = slice(None)) -> tuple[list[float], float]:
        """The least share that each name has of a part, and the share that is not known."""
        part = self.codes[rows, columns]
        return [float((part == one).mean()) for one in range(len(self.names))], float((part < 0).mean())


class CoverQuestion(NamedTuple):
    """What is asked in a form of `forms.yaml`, with what stands in the form's braces."""

    kind: str
    words: dict[str, str]
    gold: str


def windows(folder: Path, dates: str, chance: random.Random) -> Iterator[Ground]:
    """Random windows of Korean scenes, without end."""
    files = sorted((folder / "masks").glob(f"{dates}*"))
    while True:
        file, size = chance.choice(files), chance.choice((96, 128, 192))
        with rasterio.open(file) as mask, rasterio.open(folder / "images" / file.name) as image:
            left, top = (chance.randrange(0, 512 - size) for _ in range(2))
            window = rasterio.windows.Window(left, top, size, size)
            values, pixels = mask.read(1, window=window), image.read((1, 2, 3), window=window)
        codes = np.full(values.shape, -1, np.int8)
        for place, value in enumerate(MASK):
            codes[values == value] = place
        yield Ground(Image.fromarray(pixels.transpose(1, 2, 0)), tuple(MASK.values()), codes)


def mosaics(file: Path, chance: random.Random) -> Iterator[Ground]:
    """Mosaics of 4 x 4 labelled tiles, without end: two or three classes, each around a place of its own."""
    table = pq.read_table(file)
    label = "label" if "label" in table.column_names else "labels"
    tiles: dict[str, list[bytes]] = {name: [] for name in TILES.values()}
    for image, name in zip(table["image"].to_pylist(), table[label].to_pylist(), strict=True):
        if name in TILES:
            tiles[TILES[name]].append(image["bytes"])
    cells = [(row, column) for row in range(4) for column in range(4)]
    while True:
        names = chance.sample(list(tiles), chance.choice((2, 3)))
        middles = [(chance.uniform(0, 3), chance.uniform(0, 3)) for _ in names]
        codes = np.zeros((4, 4), np.int8)
        picture = Image.new("RGB", (256, 256))
        for row, column in cells:
            far = [(row - one[0]) ** 2 + (column - one[1]) ** 2 for one in middles]
            codes[row, column] = far.index(min(far))
            content = chance.choice(tiles[names[codes[row, column]]])
            picture.paste(Image.open(io.BytesIO(content)), (64 * column, 64 * row))
        yield Ground(picture, tuple(names), codes)


def share(ground: Ground, chance: random.Random) -> CoverQuestion | None:
    """Which of four ranges is the share of a cover in?"""
    shares, unknown = ground.shares()
    place = chance.randrange(len(shares))
    low, high = max(0, shares[place] - _CLEAR), min(1, shares[place] + unknown + _CLEAR)
    fits = [number for number in range(4) if low >= number / 4 and high <= (number + 1) / 4]
    if not fits:
        return None
    return CoverQuestion("share", {"cover": ground.names[place], "options": _listed(RANGES)}, RANGES[fits[0]])


def largest(ground: Ground, chance: random.Random) -> CoverQuestion | None:
    """Which cover is the largest?"""
    shares, unknown = ground.shares()
    order = sorted(range(len(shares)), key=lambda place: -shares[place])
    if shares[order[0]] < shares[order[1]] + unknown + _CLEAR:
        return None
    # with names of other covers, three or four are offered
    others = [name for name in dict.fromkeys(TILES.values()) if name not in ground.names]
    names = [*ground.names, *chance.sample(others, 4 - len(ground.names))]
    if unknown:
        names = list(ground.names)  # what is unlabelled could be another cover
    chance.shuffle(names)
    return CoverQuestion("largest", {"options": _listed(names)}, ground.names[order[0]])


def more(ground: Ground, chance: random.Random) -> CoverQuestion | None:
    """Is there more of one cover than of another?"""
    shares, unknown = ground.shares()
    first, second = chance.sample(range(len(shares)), 2)
    difference = shares[first] - shares[second]
    if abs(difference) < unknown + _CLEAR:
        return None
    kind = chance.choice(("more_a", "more_b"))
    words = {"cover_a": ground.names[first], "cover_b": ground.names[second]}
    return CoverQuestion(kind, words, "yes" if (difference > 0) == (kind == "more_a") else "no")


def position(ground: Ground, chance: random.Random) -> CoverQuestion | None:
    """Which quarter has most of a cover?"""
    height, width = (one // 2 for one in ground.codes.shape)
    parts = [
        (slice(top, top + height), slice(left, left + width)) for top in (0, height) for left in (0, width)
    ]
    place = chance.randrange(len(ground.names))
    found = [ground.shares(*part) for part in parts]
    lows, highs = zip(*((one[place], one[place] + unknown) for one, unknown in found), strict=True)
    best = lows.index(max(lows))
    rest = max(high for number, high in enumerate(highs) if number != best)
    if lows[best] < 0.2 or lows[best] < rest + _CLEAR:
        return None
    listed = _listed(QUARTERS)
    return CoverQuestion("position", {"cover": ground.names[place], "options": listed}, QUARTERS[best])


MAKERS: dict[str, Callable[[Ground, random.Random], CoverQuestion | None]] = {
    "share": share, "largest": largest, "more": more, "position": position,
}  # fmt: skip


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
