"""What an index is made of: chips of image files, images of data sets, pairs; one list, in the order given."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.imagery.frames import fingerprint
from rsvlm.imagery.items import ChipOptions, Item, PathLike
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.imagery.planning import items_at, plan_images

from .chiprows import row_of
from .entries import Entry, Load, Source
from .setsources import sets_of


class Sources:
    """Several sources as one.

    Args:
        images: Files, folders, globs and products; parquet files of images, and folders of them; csv lists of images;
            pairs datasets. Tables beside image files that only name images are passed over: an export, predictions.
        options: How image files are read and cut into chips.
        licence: Of what does not say its own.

    Raises:
        rsvlm.datasets.DatasetError: A data set cannot be read.
        RetrievalError: A folder holds both image files and tables that hold images.
        rsvlm.imagery.ImageryError: There is no such file, or nothing in it.
    """

    def __init__(self, images: Sequence[PathLike], options: ChipOptions, licence: str | None) -> None:
        self._sources: list[Source] = []
        plain: list[PathLike] = []
        for place in images:
            sets = sets_of(Path(place), licence)
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

    def notes(self) -> list[str]:
        """What tables say that cannot be used."""
        return [note for source in self._sources for note in source.notes()]

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
        return lambda reader: loader(reader, self._options.min_valid, square=True)(Look(item, TRUE_COLOUR))

    def notes(self) -> list[str]:
        """As of `Source`: how files are read, where a person should know it, each with the first file of its kind."""
        first: dict[str, str] = {}
        for one in self._planned:
            for note in one.scene.notes if one.scene is not None else ():
                first.setdefault(note, one.path)
        return [f"{path}: {note}" for note, path in first.items()]

    def identity(self) -> dict[str, Any]:
        """As of `Source`."""
        digest = hashlib.sha256()
        for one in self._planned:
            content = fingerprint(one.scene.path) if one.scene else {"error": one.error}
            digest.update(repr((one.path, content)).encode("utf-8"))
        return {"images": len(self._planned), "sha256": digest.hexdigest()}
