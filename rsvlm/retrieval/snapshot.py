"""An index as it was at one moment, for reading."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .devices import on_gpus
from .errors import RetrievalError
from .exact import Mask
from .filerecords import check_size
from .gpuparts import PartOnGpus, Place
from .laterlabels import Labels, read_labels
from .manifest import Manifest, read_manifest
from .parts import Part, open_part
from .rows import SCHEMA, unbounded
from .stored import Ints, Stores

_FILTERED = {"west", "south", "east", "north", "datetime", "gsd", "labels", "licence"}
_BLOCK = 65_536
"""Rows that are in memory at a time."""
TRIES = 5
"""A reader that finds a file gone was overtaken by a writer, and begins anew."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An index as it was at one moment; what is written later does not change it.

    Attributes:
        folder: Of the index.
        manifest: What it consists of.
        parts: In the order of the rows' numbers.
        removed: (size,) which rows do not count any more; None: all count.
        labels: Labels that rows were given later; None: none were.
        copies: Of parts on GPUs, by their numbers, after `to_gpus`.
    """

    folder: Path
    manifest: Manifest
    parts: tuple[Part, ...]
    removed: Mask | None
    labels: Labels | None = None
    copies: dict[int, PartOnGpus] = field(default_factory=dict, repr=False)
    _columns: dict[str, pa.ChunkedArray] = field(default_factory=dict, repr=False)

    @cached_property
    def stores(self) -> Stores:
        """The vectors of all parts."""
        return Stores([part.vectors for part in self.parts], self.manifest.encoder.dimension)

    @property
    def starts(self) -> Ints:
        """Number of the first row of each part, and one past the last row of all."""
        return self.stores.starts

    @cached_property
    def live(self) -> Mask:
        """(size,) which rows count; not to be changed."""
        return np.ones(self.manifest.size, bool) if self.removed is None else ~self.removed

    def to_gpus(self, place: Place = on_gpus) -> None:
        """Copy all parts onto GPUs, for searches without a filter.

        Args:
            place: What puts an index of faiss there.

        Raises:
            RetrievalError: There is none.
        """
        self.copies.update({number: PartOnGpus(part, place) for number, part in enumerate(self.parts)})

    def column(self, name: str) -> pa.ChunkedArray:
        """A column of all rows, those that were removed included; what filters ask for is read once."""
        if name not in _FILTERED:
            return self._read(name)
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> pa.ChunkedArray:
        chunks = [chunk for part in self.parts for chunk in part.table.column(name).chunks]
        found = pa.chunked_array(chunks, type=SCHEMA.field(name).type)
        if name != "labels" or self.labels is None:
            return found
        return self.labels.put(found, np.arange(self.manifest.size))

    def rows(self, numbers: Sequence[int] | Ints, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows by their numbers, in the order given.

        Args:
            numbers: Of the rows.
            columns: Which; None: all.
        """
        wanted = np.asarray(numbers, np.int64)
        part_of = np.searchsorted(self.starts, wanted, side="right") - 1
        tables, order = [], []
        for number in np.unique(part_of).tolist():
            own = np.flatnonzero(part_of == number)
            tables.append(self.parts[number].table.take(wanted[own] - self.starts[number], columns))
            order.append(own)
        if not tables:
            return pa.schema([SCHEMA.field(name) for name in columns or SCHEMA.names]).empty_table()
        table, found = pa.concat_tables(tables), np.concatenate(order)
        if (np.diff(found) < 0).any():
            table = table.take(np.argsort(found, kind="stable"))
        if self.labels is None or "labels" not in table.column_names:
            return table
        place = table.column_names.index("labels")
        return table.set_column(place, SCHEMA.field("labels"), self.labels.put(table["labels"], wanted))

    def live_rows(self) -> Iterator[pa.Table]:
        """All rows that count, some at a time."""
        numbers = np.flatnonzero(self.live)
        for start in range(0, len(numbers), _BLOCK):
            yield self.rows(numbers[start : start + _BLOCK])


def open_snapshot(folder: Path) -> Snapshot:
    """Open an index as it is now. Vectors are mapped, and rows read when they are asked for.

    Raises:
        RetrievalError: It is no index, or a file of it is missing, cut off or no table of rows.
    """
    for tries in range(TRIES):
        manifest = read_manifest(folder)
        try:
            parts = tuple(open_part(folder, part, manifest.encoder.dimension) for part in manifest.parts)
            return Snapshot(
                folder, manifest, parts, read_removed(folder, manifest), read_labels(folder, manifest)
            )
        except FileNotFoundError as error:
            gone = error.filename or str(error)
            if tries + 1 == TRIES or read_manifest(folder) == manifest:
                raise RetrievalError(f"{gone}: is missing: restore it, or build the index anew") from None
    raise AssertionError


def read_removed(folder: Path, manifest: Manifest) -> Mask | None:
    """Return (size,) which rows of an index do not count any more; None: all count."""
    record = manifest.removed
    if record is None:
        return None
    file = folder / record.name
    check_size(file, record.file)
    found = np.unpackbits(np.fromfile(file, np.uint8), count=manifest.size).astype(bool)
    if int(found.sum()) != record.rows:
        raise RetrievalError(f"{file}: is damaged ({int(found.sum())} rows removed, not {record.rows})")
    return found


def numbers_of(snapshot: Snapshot, keys: Iterable[str]) -> dict[str, int]:
    """Row numbers of keys, of those that can be found."""
    wanted = pa.array(sorted(set(keys)), pa.large_string())
    live, found = snapshot.live, {}
    for start, part in zip(snapshot.starts.tolist(), snapshot.parts, strict=False):
        for column in part.table.blocks("key"):
            for row in np.flatnonzero(pc.is_in(unbounded(column), value_set=wanted).to_numpy()):
                if live[start + row]:
                    found[column[int(row)].as_py()] = int(start + row)
            start += len(column)
    return found
