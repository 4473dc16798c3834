"""What an index is made of: chips of image files, images of data sets, pairs; one list, in the order given."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rsvlm.captioning.dataset import open_dataset
from rsvlm.datasets import EvalSet, open_picture, read_eval_set
from rsvlm.datasets.pairs import is_pairs_dataset, read_pairs
from rsvlm.datasets.parquet_files import StoredImage
from rsvlm.imagery import ChipReader
from rsvlm.imagery.frames import fingerprint
from rsvlm.imagery.items import ChipOptions, Item, PathLike
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.imagery.planning import items_at, plan_images
from rsvlm.models import Image

from .chiprows import Row, absolute, moment, row_of

Load = Callable[[ChipReader], Image]

_TABLES = (".parquet", ".csv")


@dataclass(frozen=True)
class Entry:
    """One image: what the index keeps of it, what it is called in messages, and what reads it."""

    row: Row
    name: str
    load: Load


class Source(Protocol):
    """Some of what is indexed."""

    def __len__(self) -> int: ...

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """Those of these numbers, the last left out."""
        ...

    def identity(self) -> dict[str, Any]:
        """All that decides what its images are, for resuming."""
        ...


class Sources:
    """Several sources as one.

    Args:
        images: Files, folders, globs and products; parquet files of images, and folders of them; csv lists of images;
            pairs datasets.
        options: How image files are read and cut into chips.
        licence: Of what does not say its own.

    Raises:
        rsvlm.datasets.DatasetError: A data set cannot be read.
        rsvlm.imagery.ImageryError: There is no such file, or nothing in it.
    """

    def __init__(self, images: Sequence[PathLike], options: ChipOptions, licence: str | None) -> None:
        self._sources: list[Source] = []
        plain: list[PathLike] = []
        for place in images:
            sets = _sets(Path(place), licence)
            if sets:
                self._sources += sets
            else:
                plain.append(place)
        if plain:
            self._sources.append(ImageFiles(plain, options, licence))
        self._starts = list(accumulate((len(source) for source in self._sources), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """Those of these numbers, the last left out."""
        for start, source in zip(self._starts, self._sources, strict=False):
            inside = max(first - start, 0), min(last - start, len(source))
            if inside[0] < inside[1]:
                yield from source.entries(*inside)

    def identity(self) -> list[dict[str, Any]]:
        """All that decides what the images are."""
        return [source.identity() for source in self._sources]


class ImageFiles:
    """Chips of image files.

    Args:
        images: Files, folders, globs and products.
        options: How they are read and cut.
        licence: Of all of them.
    """

    def __init__(self, images: Sequence[PathLike], options: ChipOptions, licence: str | None) -> None:
        self._planned, self._options, self._licence = plan_images(images, options), options, licence
        self._n = sum(len(one.windows) for one in self._planned)

    def __len__(self) -> int:
        return self._n

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """As of `Source`."""
        for item in items_at(self._planned, np.arange(first, last)):
            yield Entry(row_of(item, self._options, self._licence), item.ref.image, self._loading(item))

    def _loading(self, item: Item) -> Load:
        return lambda reader: loader(reader, self._options.min_valid)(Look(item, TRUE_COLOUR))

    def identity(self) -> dict[str, Any]:
        """As of `Source`."""
        digest = hashlib.sha256()
        for one in self._planned:
            content = fingerprint(one.scene.path) if one.scene else {"error": one.error}
            digest.update(repr((one.path, content)).encode("utf-8"))
        return {"images": len(self._planned), "sha256": digest.hexdigest()}


class SetImages:
    """Images of a data set, each whole.

    Args:
        place: What the data set was read from.
        data: The data set.
        rows: What is known of each image beyond that.
        licence: Of those whose row does not say it.
    """

    def __init__(
        self, place: Path, data: EvalSet, licence: str | None, rows: Sequence[Row] | None = None
    ) -> None:
        self._place, self._set, self._licence, self._rows = Path(absolute(place)), data, licence, rows

    def __len__(self) -> int:
        return len(self._set)

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """As of `Source`."""
        for number in range(first, last):
            row = self._row(number)
            yield Entry(row, row["key"], self._loading(number))

    def identity(self) -> dict[str, Any]:
        """As of `Source`."""
        return {"set": self._set.title, "n": len(self), "fingerprint": self._set.fingerprint}

    def _loading(self, number: int) -> Load:
        image, opening = self._set.images[number], self._set.opening
        return lambda reader: open_picture(image, reader, opening)

    def _row(self, number: int) -> Row:
        data, image = self._set, self._set.images[number]
        path = image if isinstance(image, str) else image.path if isinstance(image, StoredImage) else None
        if path is not None:
            where = key = absolute(path)
        elif isinstance(image, StoredImage):
            where = f"{absolute(image.file)}#{image.row}"
            key = f"{self._place.as_posix()}#{data.keys[number]}" if self._rows else where
        else:
            where = key = f"{self._place.as_posix()}#{data.keys[number]}"
        row: Row = {"key": key, "image": where, "licence": self._licence}
        if data.labels is not None:
            row["labels"] = list(data.labels[number])
        if data.captions is not None:
            row["captions"] = list(data.captions[number])
        if data.places is not None and np.isfinite(data.places[number]).all():
            east, north = data.places[number].tolist()
            east = (east + 180) % 360 - 180 if abs(east) > 180 else east
            row |= {"west": east, "south": north, "east": east, "north": north}
        if data.times is not None:
            row["datetime"] = moment(data.times[number])
        return row | (self._rows[number] if self._rows else {})


def _sets(place: Path, licence: str | None) -> list[Source]:
    """The data sets that a name stands for; none where it stands for image files."""
    if place.is_dir() and is_pairs_dataset(place):
        return [_pairs(place, licence)]
    if place.is_file() and place.suffix.casefold() in _TABLES:
        return [SetImages(place, read_eval_set(place), licence)]
    # a csv beside tiles may be anything; one that lists images is named itself
    tables = sorted(place.glob("*.parquet")) if place.is_dir() else []
    return [SetImages(table, read_eval_set(table), licence) for table in tables]


def _pairs(folder: Path, licence: str | None) -> SetImages:
    """The images of a pairs dataset, with footprint, ground sample distance, all captions and licences."""
    rows: list[Row] = []
    for one in open_dataset(folder).rows(("captions", "bbox", "gsd", "sources")):
        west, south, east, north = one["bbox"] or (None, None, None, None)
        licences = dict.fromkeys(source["licence"] for source in one["sources"] if source["licence"])
        rows.append(
            {
                "captions": list(dict.fromkeys(caption["text"] for caption in one["captions"])),
                "west": west, "south": south, "east": east, "north": north, "gsd": one["gsd"],
                "licence": "; ".join(licences) or licence,
            }
        )  # fmt: skip
    return SetImages(folder, read_pairs(folder), licence, rows)
