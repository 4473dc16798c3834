"""How an index begins."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from numpy.typing import ArrayLike

import rsvlm
from rsvlm.models import Encoder

from .building import Encoded
from .changes import Change, locked
from .chiprows import absolute
from .errors import RetrievalError
from .manifest import NAME, EncoderRecord, Manifest
from .parts import FOLDER, Vectors, unit_vectors
from .rows import checked, older_ones, table_of

Rows = Iterable[Mapping[str, Any]] | Any
"""Dicts, or an Arrow table."""


def encoder_record(encoder: Encoder) -> EncoderRecord:
    """What a manifest says of an encoder: of a folder or file its whole path, so that it is found from anywhere."""
    name = absolute(encoder.name) if Path(encoder.name).exists() else encoder.name
    return EncoderRecord(name=name, revision=encoder.revision, dimension=encoder.dimension)


def check_new(folder: Path) -> None:
    """Refuse a folder that is no place for a new index.

    Raises:
        RetrievalError: It is an index, or holds something else.
    """
    if (folder / NAME).exists():
        raise RetrievalError(f"{folder}: is an index already: add to it, or name another folder")
    foreign = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    foreign = [name for name in foreign if not name.startswith(".") and name != FOLDER]
    if foreign:
        raise RetrievalError(f"{folder}: holds files of another origin ({foreign[0]}); name a new folder")


def create(folder: Path, encoder: EncoderRecord, encoded: Encoded) -> None:
    """Make an index of what was encoded.

    Raises:
        RetrievalError: As of `check_new`, or another process is writing there.
    """
    with locked(folder):
        check_new(folder)
        change = Change(folder, Manifest(rsvlm=rsvlm.__version__, encoder=encoder))
        change.add(encoded.blocks(), encoded.table)
        change.remove(older_ones(encoded.table))
        change.commit()


def fitting(vectors: ArrayLike, rows: Rows, dimension: int | None) -> tuple[Vectors, pa.Table]:
    """Return vectors of unit length and their rows, one for each.

    Raises:
        RetrievalError: They do not fit together, or to the dimension.
    """
    unit = unit_vectors(vectors, dimension)
    table = checked(rows if isinstance(rows, pa.Table) else table_of(rows))
    if len(table) != len(unit):
        raise RetrievalError(f"{len(unit)} vectors for {len(table)} rows; give one each")
    return unit, table
