"""Images of data sets and of pairs, as what an index is made of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.captioning.dataset import open_dataset
from rsvlm.datasets import EvalSet, open_picture, read_eval_set
from rsvlm.datasets.columns import IMAGE, column_of
from rsvlm.datasets.pairs import is_pairs_dataset, read_pairs
from rsvlm.datasets.parquet_files import StoredImage
from rsvlm.datasets.textfiles import CSV
from rsvlm.datasets.times import day_first, moment, names_no_day
from rsvlm.imagery import ImageryError, open_scene
from rsvlm.imagery.items import chip_ref
from rsvlm.imagery.scan import Scan

from .chiprows import Row, absolute
from .entries import Entry, Load, Source
from .errors import RetrievalError
from .filters import BETWEEN

_TABLES = (".parquet", *CSV)
_PLACED = (".tif", ".tiff", ".jp2")
"""Files that know their place, and perhaps their time, where a table that names them says none."""


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
        self._day_first = day_first(data.times or ())

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

    def notes(self) -> list[str]:
        """As of `Source`."""
        told = [(time, self._time(number)) for number, time in enumerate(self._set.times or ()) if time]
        unread = [time for time, read in told if read is None]
        vague = [time for time, read in told if read is not None and names_no_day(time)]
        found = []
        for times, what in (
            (unread, "cannot be read, as {!r} (write 2011-05-31)"),
            (vague, "name only a year or a month, as {!r}: each is taken as its first day"),
        ):
            if times:
                count = f"{len(times):,} of {len(self):,} times"
                found.append(f"{self._place}: {count} {what.format(times[0])}")
        return found

    def _time(self, number: int) -> datetime | None:
        told = self._set.times[number] if self._set.times else None
        return None if told is None else moment(told, self._day_first)

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
        if path is not None and Path(path).suffix.casefold() in _PLACED:
            row |= _known_by_itself(path, data.opening)
        if data.labels is not None:
            row["labels"] = list(data.labels[number])
        if data.captions is not None:
            row["captions"] = list(data.captions[number])
        if data.places is not None and np.isfinite(data.places[number]).all():
            east, north = data.places[number].tolist()
            east = (east + 180) % 360 - 180 if abs(east) > 180 else east
            row |= {"west": east, "south": north, "east": east, "north": north}
        if (when := self._time(number)) is not None:
            row["datetime"] = when
        return row | (self._rows[number] if self._rows else {})


def sets_of(place: Path, licence: str | None) -> list[Source]:
    """The data sets that a name stands for; none where it stands for image files."""
    if place.is_dir() and is_pairs_dataset(place):
        return [_pairs(place, licence)]
    if place.is_file() and place.suffix.casefold() in _TABLES:
        return [SetImages(place, read_eval_set(place), licence)]
    # a csv beside tiles may be anything; one that lists images is named itself
    tables = sorted(place.glob("*.parquet")) if place.is_dir() else []
    if tables and (files := _image_files(place)):
        holding = [table for table in tables if _holds_images(table)]
        if holding and any(file.parent == place for file in files):
            raise RetrievalError(
                f"{place}: holds image files, and images in {holding[0].name}, too: name the table, or the files "
                f"(as '{place / '*.tif'}')"
            )
        tables = holding  # of which a picture in some folder of theirs is none
    return [SetImages(table, read_eval_set(table), licence) for table in tables]


def _image_files(folder: Path) -> list[Path]:
    """The image files in a folder and the folders in it, none of them opened."""
    scan = Scan()
    scan.add(str(folder))
    return list(scan.found.values())


def _holds_images(table: Path) -> bool:
    """Whether images are in a table, and not only their names."""
    try:
        schema = pq.read_schema(table)
    except (pa.ArrowException, OSError):
        return False
    column = column_of(schema.names, IMAGE)
    kind = None if column is None else schema.field(column).type
    return kind is not None and not (pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _known_by_itself(path: str, opening: Mapping[str, Any]) -> Row:
    """Footprint, time and ground sample distance of an image file; nothing where it cannot be opened."""
    try:
        scene = open_scene(path, **opening)
    except ImageryError:
        return {}  # told when its turn to be encoded comes
    ref = chip_ref(scene, path, (0, 0, scene.grid.width, scene.grid.height), several=False)
    west, south, east, north = ref.bbox or (None, None, None, None)
    return {
        "west": west, "south": south, "east": east, "north": north, "datetime": moment(ref.datetime),
        "gsd": ref.gsd,
    }  # fmt: skip


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
                "licence": BETWEEN.join(licences) or licence,
            }
        )  # fmt: skip
    return SetImages(folder, read_pairs(folder), licence, rows)
