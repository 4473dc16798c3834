"""Parts of an index: vectors and their rows, written once and never changed."""

import os
import shutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rsvlm.files import sync_folder

from .approximate import Structure, open_structure
from .errors import RetrievalError
from .filerecords import check_size, record_of
from .kinds import Plan, faiss_or_none
from .manifest import NAME, PartRecord, StructureRecord
from .milvusaddress import folder_of
from .rowfile import RowFile
from .rows import write_rows
from .stored import StoredVectors, Vectors
from .structures import build_approximate

FOLDER, TABLE = "parts", "rows.parquet"


def is_index(place: Path) -> bool:
    """Whether a folder is an index, perhaps a damaged one.

    Raises:
        RetrievalError: It is the address of one in Milvus.
    """
    folder_of(place, "classified, evaluated or remembered")
    return (place / NAME).is_file() and (place / FOLDER).is_dir()


class Part:
    """An open part.

    Attributes:
        record: What the manifest says of it.
        vectors: Its vectors, of unit length.
        table: Its rows, open and not read.
    """

    def __init__(self, record: PartRecord, place: Path, dimension: int) -> None:
        self.record, self._place, self._dimension = record, place, dimension
        bits = record.bits_per_number
        self.vectors = StoredVectors(place / f"vectors.f{bits}", record.rows, dimension, bits)
        self.table = RowFile(place / TABLE, record.rows)

    def structure(self, *, words: bool) -> Structure | None:
        """What finds candidates, opened when it is first asked for; None: every vector is to be compared."""
        return self._for_words if words else self._for_pictures

    @cached_property
    def _for_words(self) -> Structure | None:
        record = self.record.approximate
        return None if record is None or record.words is None else self._opened("words", record.words)

    @cached_property
    def _for_pictures(self) -> Structure | None:
        record = self.record.approximate
        return None if record is None else self._opened("pictures", record.pictures)

    def _opened(self, name: str, record: StructureRecord) -> Structure | None:
        if faiss_or_none() is None:
            return None
        return open_structure(self._place, name, record, len(self.vectors), self._dimension)


def unit_vectors(vectors: ArrayLike, dimension: int | None = None) -> Vectors:
    """Return vectors of unit length in float32.

    Raises:
        RetrievalError: No matrix, of another dimension, or with a vector that has no direction.
    """
    found = np.asarray(vectors)
    if found.ndim != 2 or found.shape[1] == 0 or not np.issubdtype(found.dtype, np.floating):
        raise RetrievalError(f"vectors are {found.dtype} of shape {found.shape}; give floats (n, dimension)")
    if dimension is not None and found.shape[1] != dimension:
        raise RetrievalError(f"vectors have {found.shape[1]} numbers, those of the index have {dimension}")
    length = np.linalg.norm(found.astype(np.float64), axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(length) & (length > 0))[:, 0])
    if len(bad):
        raise RetrievalError(f"vector {bad[0]} has no direction (its length is {length[bad[0], 0]:g})")
    unit: Vectors = (found / length).astype("<f4")
    return unit


def write_part(
    folder: Path, name: str, blocks: Iterable[Vectors], table: pa.Table, dimension: int, plan: Plan
) -> PartRecord:
    """Write a part below an index; it counts once the manifest names it.

    Args:
        folder: Of the index.
        name: Of the part.
        blocks: Its vectors, of unit length, some at a time.
        table: Its rows.
        dimension: Of the vectors.
        plan: How it shall be searched.

    Raises:
        RetrievalError: There are not as many vectors as rows, or the plan needs faiss, which is not there.
    """
    place = folder / FOLDER / name
    if place.exists():  # left by a writer that was killed before it wrote the manifest
        shutil.rmtree(place)
    place.mkdir(parents=True)
    try:
        return _written(place, blocks, table, dimension, plan)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)  # it may be what filled the disk
        raise


def _written(
    place: Path, blocks: Iterable[Vectors], table: pa.Table, dimension: int, plan: Plan
) -> PartRecord:
    """Write a part into its folder."""
    kind = plan.first_kind(len(table))
    bits = 32 if kind == "exact" else 16
    vectors = place / f"vectors.f{bits}"
    with vectors.open("wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, f"<f{bits // 8}").data)
    size = vectors.stat().st_size
    if size != len(table) * dimension * bits // 8:
        raise RetrievalError(f"{size} bytes of vectors for {len(table)} rows of {dimension} numbers")
    write_rows(place / TABLE, table)
    approximate = None
    if kind != "exact":
        stored = StoredVectors(vectors, len(table), dimension, bits)
        approximate = build_approximate(place, stored, dimension, kind, plan)
    for written in place.iterdir():
        with written.open("rb+") as file:
            os.fsync(file.fileno())
    sync_folder(place)
    sync_folder(place.parent)
    return PartRecord(
        name=place.name,
        rows=len(table),
        vectors=record_of(vectors),
        table=record_of(place / TABLE),
        approximate=approximate,
    )


def open_part(folder: Path, record: PartRecord, dimension: int) -> Part:
    """Open a part without reading it.

    Raises:
        FileNotFoundError: A file is not there.
        RetrievalError: A file has another size than it was written with, or is no table of rows.
    """
    place = folder / FOLDER / record.name
    for name, written in record.files.items():
        check_size(place / name, written)
    return Part(record, place, dimension)
