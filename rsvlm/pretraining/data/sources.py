"""A source of image-text pairs: rows of a data set as examples, read at random or as a stream."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from .columns import Columns
from .examples import Example
from .opening import Data, reading
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
        self._texts = data.select_columns([*read.columns.captions]) if self._same else None

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


def _facts_only(table: pa.Table, columns: Columns) -> pa.Table:
    """Drop captions, and of images all but their paths; their bytes stay where nothing else tells images apart."""
    table = table.drop_columns(
        [name for name in (*columns.captions, columns.label) if name in table.column_names]
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
