"""An index taken from one place to another: from a folder to Milvus, back, or to another collection."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa

from .building import Encoded, Progress
from .errors import RetrievalError
from .kinds import Plan
from .making import check_new, create
from .manifest import CutRecord
from .milvusaddress import MilvusAddress, is_address
from .milvusmaking import Batches, make
from .milvusmaking import check_new as check_new_collection
from .opening import AnyIndex, open_index
from .parts import unit_vectors
from .rows import SCHEMA
from .searchable import PathLike
from .stored import Vectors


def copy_index(
    source: AnyIndex,
    to: PathLike,
    *,
    plan: Plan = Plan(),  # noqa: B008 - frozen
    progress: Progress | None = None,
) -> AnyIndex:
    """Copy all rows, with their vectors and labels. Stopped, the same call goes on, or begins anew.

    Args:
        source: From where.
        to: A new folder, or the address of a new collection of Milvus.
        plan: How a folder shall be searched.
        progress: Called with rows done and rows in all.

    Returns:
        The copy.

    Raises:
        RetrievalError: There is something at `to`, the source is empty or changed meanwhile, or a server does not
            answer.
    """
    total = len(source)
    if not total:
        raise RetrievalError(f"{source.place}: has no rows to copy")
    if not is_address(to):
        _into_folder(source, Path(to), plan, _counted(source.batches(), total, progress))
    else:
        address = MilvusAddress.parse(os.fspath(to))
        check_new_collection(address)
        keys = (key for table in source.tables() for key in table["key"].to_pylist())
        make(address, source.made_by, keys, source.batches(), progress, cut=CutRecord.of(source.cut))
    return open_index(to)


def _into_folder(source: AnyIndex, folder: Path, plan: Plan, batches: Batches) -> None:
    check_new(folder)
    table = pa.concat_tables([SCHEMA.empty_table(), *source.tables()])
    encoded = Encoded(partial(_as_before, source, table, batches), table)
    create(folder, source.made_by, encoded, plan, CutRecord.of(source.cut))


def _as_before(source: AnyIndex, table: pa.Table, batches: Batches) -> Iterator[Vectors]:
    """The vectors of a table's rows."""
    done = 0
    for rows, vectors in batches:
        if not rows["key"].equals(table["key"].slice(done, len(rows))):
            raise RetrievalError(f"{source.place}: was changed while it was copied; copy it again")
        yield unit_vectors(vectors)
        done += len(rows)


def _counted(batches: Batches, total: int, progress: Progress | None) -> Batches:
    done = 0
    for rows, vectors in batches:
        yield rows, vectors
        done += len(rows)
        if progress is not None:
            progress(done, total)
