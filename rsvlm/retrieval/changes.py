"""The folder of an index: opened as it was at one moment, and changed by one writer at a time.

    index/
      manifest.json            what the index consists of; replaced at once
      parts/00001/vectors.f32  (n, d) float32 of unit length; vectors.f16 where the search is approximate
      parts/00001/rows.parquet one row for each
      parts/00001/pictures.faiss, pictures.map, words.faiss, words.map: where it is approximate, what finds candidates
      removed-3.bits           a bit for each row: which do not count any more
      labels-4.parquet         labels that rows were given later

Files are never changed. A change writes new ones, then the manifest that names them, and then removes what no
manifest names: whoever is killed in between leaves the index as it was, or as it should be.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from rsvlm.files import atomic_write, is_disk_full, is_temporary
from rsvlm.shards.locking import LOCK, locked_folder

from .errors import BusyIndexError, RetrievalError
from .exact import Mask
from .filerecords import record_of
from .kinds import EXACT_UP_TO, Plan
from .laterlabels import Labels, read_labels, write_labels
from .manifest import LabelsRecord, Manifest, PartRecord, RemovedRecord, read_manifest, write_manifest
from .parts import FOLDER, open_part, write_part
from .snapshot import read_removed
from .stored import Ints, Vectors

_SMALL_PARTS = 8
"""Exact parts at the end, from which they are made one."""
_BLOCK = 50_000


class Change:
    """A change of an index by the one process that has it locked. Nothing counts before `commit`.

    Args:
        folder: Of the index.
        manifest: What it consists of now.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self.manifest = folder, manifest

    def add(self, blocks: Iterable[Vectors], table: pa.Table, plan: Plan) -> None:
        """Put vectors and their rows behind those that are there.

        Small parts at the end become one with what is added, so that many small additions make few parts; no row
        gets another number.
        """
        dimension, parts = self.manifest.encoder.dimension, self.manifest.parts
        name = f"{max((int(part.name) for part in parts), default=0) + 1:05d}"
        kept = len(parts) - len(joined(self.manifest, len(table)))
        tail = [open_part(self._folder, part, dimension) for part in parts[kept:]]
        before = (
            one.vectors.block(first, first + _BLOCK)
            for one in tail
            for first in range(0, len(one.vectors), _BLOCK)
        )
        table = pa.concat_tables([*(one.table.all() for one in tail), table])
        part = write_part(self._folder, name, chain(before, blocks), table, dimension, plan)
        removed = self._removed()
        self.manifest = self.manifest.model_copy(update={"parts": (*parts[:kept], part), "removed": None})
        self._remove(removed)

    def remove(self, rows: Ints) -> None:
        """Make rows, by their numbers, not count any more."""
        removed = self._removed()
        removed[rows] = True
        self._remove(removed)

    def label(self, labels: Labels) -> None:
        """Give rows labels, in place of those that they have."""
        before = read_labels(self._folder, self.manifest)
        merged = labels if before is None else before.replaced(labels)
        file = self._folder / f"labels-{self.manifest.change + 1}.parquet"
        with atomic_write(file) as temporary:
            write_labels(temporary, merged)
        record = LabelsRecord(name=file.name, rows=len(merged.rows), file=record_of(file))
        self.manifest = self.manifest.model_copy(update={"labels": record})

    def commit(self) -> Manifest:
        """Put the manifest in place, and clear away what no manifest names any more."""
        self.manifest = self.manifest.model_copy(update={"change": self.manifest.change + 1})
        self.manifest = Manifest.model_validate(self.manifest.model_dump())
        write_manifest(self._folder, self.manifest)
        clear(self._folder, self.manifest)
        return self.manifest

    def _removed(self) -> Mask:
        found = read_removed(self._folder, self.manifest)
        return np.zeros(self.manifest.size, bool) if found is None else found

    def _remove(self, removed: Mask) -> None:
        removed = np.concatenate([removed, np.zeros(self.manifest.size - len(removed), bool)])
        record = None
        if removed.any():
            file = self._folder / f"removed-{self.manifest.change + 1}.bits"
            with atomic_write(file) as temporary:
                temporary.write_bytes(np.packbits(removed).tobytes())
            record = RemovedRecord(name=file.name, rows=int(removed.sum()), file=record_of(file))
        self.manifest = self.manifest.model_copy(update={"removed": record})


def joined(manifest: Manifest, rows: int) -> tuple[PartRecord, ...]:
    """Return the parts, the last ones, that become one with so many rows that are added.

    They are those that are compared one by one because they are small, once there are many or too many rows in them. A
    part that is so on request, however large it is, stays.
    """
    kept = len(manifest.parts)
    while kept and manifest.parts[kept - 1].kind == "exact" and manifest.parts[kept - 1].rows <= EXACT_UP_TO:
        kept -= 1
    small = manifest.parts[kept:]
    few = len(small) < _SMALL_PARTS and sum(part.rows for part in small) + rows <= EXACT_UP_TO
    return () if few else small


@contextmanager
def locked(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Have the folder of an index to oneself; the lock ends with the process, however that ends.

    Args:
        folder: Made where it is missing.
        name: Of the lock: changes of different things have their own.

    Raises:
        RetrievalError: Another process has it, or it cannot be written (a full disk included, at any time).
    """
    busy = BusyIndexError(f"{folder}: another process is changing it; wait until it is through")
    with locked_folder(folder, busy, RetrievalError, name):
        try:
            yield
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise RetrievalError(
                f"{folder}: the disk is full; make room and run it again: the index is as it was"
            ) from None


@contextmanager
def changing(folder: Path) -> Iterator[Change]:
    """Change an index that there is.

    Raises:
        RetrievalError: As of `locked`, or it is no index.
    """
    read_manifest(folder)  # so that a folder that is none gets no lock file
    with locked(folder):
        now = read_manifest(folder)
        try:
            yield Change(folder, now)
        except BaseException:
            with suppress(RetrievalError, OSError):
                if read_manifest(folder) == now:  # a full disk has no room for what nothing names
                    clear(folder, now)
            raise


def clear(folder: Path, manifest: Manifest) -> None:
    """Remove what a change made needless, and what a killed writer left."""
    named = {part.name for part in manifest.parts}
    for leftover in folder.glob(".*.tmp"):  # not in folders below: captions may be written there now
        if is_temporary(leftover.name):
            leftover.unlink(missing_ok=True)
    for place in (folder / FOLDER).glob("*") if (folder / FOLDER).is_dir() else ():
        if place.name not in named and place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
    kept = {one.name for one in (manifest.removed, manifest.labels) if one is not None}
    for pattern in ("removed-*.bits", "labels-*.parquet"):
        for file in folder.glob(pattern):
            if file.name not in kept:
                with suppress(OSError):
                    file.unlink()
