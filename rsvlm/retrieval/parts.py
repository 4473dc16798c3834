"""Parts of an index: vectors and their rows, written once and never changed."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from rsvlm.shards.files import sync_folder

from .errors import RetrievalError
from .manifest import FileRecord, PartRecord
from .rows import open_rows, write_rows

FOLDER, VECTORS, TABLE = "parts", "vectors.f32", "rows.parquet"

Vectors = NDArray[np.float32]


class Part(NamedTuple):
    """An open part.

    Attributes:
        record: What the manifest says of it.
        vectors: (n, d) float32 of unit length, mapped from the disk.
        table: Its rows, open and not read.
    """

    record: PartRecord
    vectors: Vectors
    table: pq.ParquetFile


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
    folder: Path, name: str, blocks: Iterable[Vectors], table: pa.Table, dimension: int
) -> PartRecord:
    """Write a part below an index; it counts once the manifest names it.

    Args:
        folder: Of the index.
        name: Of the part.
        blocks: Its vectors, of unit length, some at a time.
        table: Its rows.
        dimension: Of the vectors.
    """
    place = folder / FOLDER / name
    if place.exists():  # left by a writer that was killed before it wrote the manifest
        shutil.rmtree(place)
    place.mkdir(parents=True)
    with (place / VECTORS).open("wb") as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
        file.flush()
        os.fsync(file.fileno())
    write_rows(place / TABLE, table)
    with (place / TABLE).open("rb+") as file:
        os.fsync(file.fileno())
    sync_folder(place)
    sync_folder(place.parent)
    record = PartRecord(
        name=name, rows=len(table), vectors=record_of(place / VECTORS), table=record_of(place / TABLE)
    )
    if record.vectors.bytes != len(table) * dimension * 4:
        raise RetrievalError(
            f"{record.vectors.bytes} bytes of vectors for {len(table)} rows of {dimension} numbers"
        )
    return record


def open_part(folder: Path, record: PartRecord, dimension: int) -> Part:
    """Open a part without reading it.

    Raises:
        FileNotFoundError: A file is not there.
        RetrievalError: A file has another size than it was written with, or is no table of rows.
    """
    place = folder / FOLDER / record.name
    for file, written in ((place / VECTORS, record.vectors), (place / TABLE, record.table)):
        check_size(file, written)
    vectors = np.memmap(place / VECTORS, "<f4", "r", shape=(record.rows, dimension))
    return Part(record, vectors, open_rows(place / TABLE, record.rows))


def check_size(file: Path, written: FileRecord) -> None:
    """Refuse a file that was cut off or has grown.

    Raises:
        FileNotFoundError: It is not there.
        RetrievalError: It has another size.
    """
    if file.is_symlink() or not file.exists():
        raise FileNotFoundError(file)
    size = file.stat().st_size
    if size != written.bytes:
        raise RetrievalError(
            f"{file}: has {size} bytes, {written.bytes} were written: restore it, or build anew"
        )


def record_of(file: Path) -> FileRecord:
    """Size and hash of a file."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileRecord(bytes=file.stat().st_size, sha256=digest)
