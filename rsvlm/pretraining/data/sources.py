"""A source of image-text pairs: rows of any kind of data set as examples, read at random or as a stream."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from rsvlm.datasets.columns import LABEL, column_of
from rsvlm.datasets.csv_files import class_names_beside
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.vocabularies import Vocabulary

from .columns import JSON, Columns, choose_columns, flat
from .examples import Example
from .finding import Found, find_source
from .labelled import LabelCaptions
from .opening import Data, a_row_an_image, open_data, reading, rows_of_one_image
from .rows import RowReader

_FACTS = 1000  # rows a step: some MB of captions


class PairsSource:
    """Examples of one data set, from `read_pairs_source`.

    A source on the disk has a length, and `source[row]` reads any example; threads may share it. A stream
    (`streaming`) has neither, and can only be iterated. Both give the same examples in the same order when iterated.

    Attributes:
        name: What the user called it.
    """

    def __init__(
        self,
        name: str,
        data: Data,
        read: RowReader,
        rows: NDArray[np.int64] | None = None,
        keep: Callable[[Example], bool] | None = None,
        same: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        self.name, self._data, self._read, self._keep = name, data, read, keep
        self._rows = rows if rows is not None or self.streaming else np.arange(len(data))
        self._same = same or {}  # of an image's first row, its other rows, of which captions alone are read
        self._texts = data.select_columns([read.columns.caption]) if self._same else None

    @property
    def streaming(self) -> bool:
        """Whether it can only be read in its order."""
        return isinstance(self._data, datasets.IterableDataset)

    @property
    def columns(self) -> Columns:
        """Which column holds what."""
        return self._read.columns

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, row: int) -> Example:
        number = int(self._numbers[row])
        example, others = self._read(self._data[number]), self._same.get(number)
        if self._texts is None or others is None:
            return example
        texts = [text for other in others for text in self._read.captions(self._texts[other])]
        return replace(example, captions=(*example.captions, *texts))

    def __iter__(self) -> Iterator[Example]:
        if self.streaming:
            return self._stream(self._data)
        return (self[row] for row in range(len(self)))

    def __repr__(self) -> str:
        return f"PairsSource({self.name!r}, {'a stream' if self.streaming else len(self)})"

    def shuffled(self, seed: int, buffer: int) -> Iterator[Example]:
        """The examples of a stream once: its files in an order of the seed, and examples drawn from a buffer.

        Args:
            seed: Of the order.
            buffer: How many examples are held to draw from: what it costs in memory, and how far they are mixed.
        """
        return self._stream(self._data.shuffle(seed=seed, buffer_size=buffer))

    def facts(self) -> Iterator[Example]:
        """All examples of a source on the disk in order, without images and captions, which are not read."""
        table = self._data.with_format("arrow")
        ends = [*range(0, len(self), _FACTS), len(self)]
        for start, stop in pairwise(ends):
            rows = self._numbers[start:stop]
            first, last = int(rows.min()), int(rows.max())
            part = _facts_only(table[first : last + 1], self.columns).take(rows - first)
            yield from (replace(self._read(row), image=None) for row in part.to_pylist())

    def take(self, rows: ArrayLike) -> "PairsSource":
        """Return the source of some examples of a source on the disk, by their numbers."""
        numbers = self._numbers[np.asarray(rows, np.int64)]
        return PairsSource(self.name, self._data, self._read, numbers, same=self._same)

    def where(self, keep: Callable[[Example], bool]) -> "PairsSource":
        """Return the stream of those of its examples that `keep` says yes to."""
        before = self._keep

        def both(example: Example) -> bool:
            return (before is None or before(example)) and keep(example)

        return PairsSource(self.name, self._data, self._read, None, both)

    @property
    def _numbers(self) -> NDArray[np.int64]:
        if self._rows is None:
            raise TypeError(f"{self.name} is a stream, which has no length and no rows by number")
        return self._rows

    def _stream(self, data: datasets.IterableDataset) -> Iterator[Example]:
        with reading(self.name):
            source = iter(data)
        while True:
            with reading(self.name):
                row = next(source, None)
            if row is None:
                return
            example = self._read(row)
            if self._keep is None or self._keep(example):
                yield example


def read_pairs_source(
    spec: str | Path,
    *,
    image_column: str | None = None,
    caption_column: str | None = None,
    label_column: str | None = None,
    vocabulary: str | Vocabulary | None = None,
    templates: str | Sequence[str] | None = None,
    split: str | None = None,
    streaming: bool = False,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
) -> PairsSource:
    """Open a source of image-text pairs.

    Args:
        spec: One of

            * a pairs dataset, as `rsvlm caption` writes it;
            * parquet files: one, a folder of them, or a pattern ("data/train-*.parquet");
            * WebDataset's tar files, likewise, with `jpg` or `png` and `txt` or `json`;
            * a csv or jsonl with paths of images, relative to its folder or the one above;
            * a folder with a folder of images for each class, or one of images with a metadata.csv or metadata.jsonl
              beside them, as `datasets` has it;
            * a folder that `save_to_disk` of `datasets` wrote;
            * "hf:owner/name": a data set on the Hugging Face hub, fetched unless HF_HUB_OFFLINE is set.
        image_column: The column of images, where it has another name than the usual ones.
        caption_column: That of captions: a text, or several, of which one is shown each time.
        label_column: Make captions of the classes in this column; also done where there is no column of captions.
        vocabulary: Words of these classes; None: their own names.
        templates: What the words are put into: a template set's name, or texts with one `{}`; None: those that suit.
        split: Which part, where there are several; "train" by default.
        streaming: Read where it lies, and only in its order: for what is larger than the disk.
        sensor: Preset that names the bands of files.
        bands: Names of the bands, in order.
        stretch: How pixels become 8 bits.

    Raises:
        PretrainingError: There is no such source or column, it cannot be read, or it holds no pairs.
    """
    found = find_source(spec, split)
    data = open_data(found, streaming=streaming)
    with reading(found.name):
        first = next(iter(data), None)
    if first is None:
        raise PretrainingError(f"{found.name}: holds no pairs")
    names, features = list(flat(first)), dict(data.features or {})
    if vocabulary is not None and caption_column is None and label_column is None:
        label_column = column_of(names, LABEL)  # it was given for classes, not for captions
    columns = choose_columns(names, features, found.name, image_column, caption_column, label_column)
    if found.kind == "csv" and columns.caption is not None and isinstance(data, datasets.Dataset):
        data = a_row_an_image(data, columns.image, columns.caption)
        features = dict(data.features)
    same = {}
    by_number = isinstance(data, datasets.Dataset) and not streaming
    if by_number and {columns.image, columns.caption} <= {*data.column_names}:
        with reading(found.name):
            same = rows_of_one_image(data, columns.image)
    label = features.get(columns.label or "")
    captions = LabelCaptions(found.name, _class_names(found, label, columns), vocabulary, templates)
    if columns.label is None and (vocabulary is not None or templates is not None):
        what = "vocabulary" if vocabulary is not None else "templates"
        raise PretrainingError(
            f"{found.name}: its captions are in the column {columns.caption}, and the {what} would make them of class "
            f"names: name the column of these (label_column, --label-column), or leave out the {what}"
        )
    given = {"sensor": sensor, "bands": None if bands is None else list(bands), "stretch": stretch}
    opening = {key: value for key, value in given.items() if value not in (None, "auto")}
    read = RowReader(found.name, columns, _base(found, first, columns), captions, opening)
    captions.check(_labels(data, label, columns, first))
    read.check_place(first)
    if features:
        data = data.select_columns([name for name in features if name in columns.used or name == JSON])
    if streaming and isinstance(data, datasets.Dataset):
        data = data.to_iterable_dataset()
    if not same:
        return PairsSource(found.name, data, read)
    first = np.setdiff1d(np.arange(len(data)), np.concatenate([*same.values()]))
    return PairsSource(found.name, data, read, first, same=same)


def _labels(data: Data, feature: Any, columns: Columns, first: dict[str, Any]) -> Sequence[Any]:
    """The labels that are known beforehand: all names, or all that occur, or those of the first row."""
    if columns.label is None:
        return ()
    if isinstance(feature, datasets.ClassLabel):
        return tuple(feature.names)
    if feature is None or not isinstance(data, datasets.Dataset):
        return (flat(first)[columns.label],)
    label = flat(first)[columns.label]
    if any(isinstance(part, Mapping) for part in (label if isinstance(label, list) else [label])):
        raise PretrainingError(f"the column {columns.label} holds no names of classes: name another one")
    several = {tuple(label) if isinstance(label, list) else label for label in data[columns.label][:]}
    return [list(label) if isinstance(label, tuple) else label for label in several]


def _class_names(found: Found, feature: Any, columns: Columns) -> tuple[str, ...] | None:
    """What labels that are numbers stand for: by the file's own metadata, or a list beside it."""
    inner = getattr(feature, "feature", feature)  # of a list of labels
    if isinstance(inner, datasets.ClassLabel):
        return tuple(inner.names)
    if columns.label is None or found.kind not in ("csv", "json", "parquet"):
        return None
    return class_names_beside(Path(found.files[0]), columns.label)


def _base(found: Found, first: dict[str, Any], columns: Columns) -> Path | None:
    """The folder that image paths start from: that of the file, or the one above where the first image is there."""
    if found.kind == "hub":
        return None
    if found.kind == "folders":
        return Path(found.files[0])
    own = Path(found.files[0]).parent
    path = flat(first)[columns.image]
    beside = isinstance(path, str) and not (own / path).exists() and (own.parent / path).exists()
    return own.parent if beside else own


def _facts_only(table: pa.Table, columns: Columns) -> pa.Table:
    """Drop captions, and of images all but their paths; their bytes stay where nothing else tells images apart."""
    table = table.drop_columns(
        [name for name in (columns.caption, columns.label) if name in table.column_names]
    )
    if columns.image not in table.column_names:
        return table
    kind = table.schema.field(columns.image).type
    if columns.key in table.column_names and not table[columns.key].null_count:
        return table.drop_columns([columns.image])
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return table
    paths = pc.struct_field(table[columns.image], "path")
    if paths.null_count:
        return table
    return table.set_column(table.column_names.index(columns.image), columns.image, paths)
