"""How an index begins."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

import rsvlm
from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.models import Encoder, TextEncoder
from rsvlm.vocabularies import vocabulary, vocabulary_names

from .building import Encoded
from .changes import Change, joined, locked
from .chiprows import absolute
from .errors import RetrievalError
from .kinds import Plan
from .manifest import NAME, CutRecord, EncoderRecord, Manifest
from .parts import FOLDER, unit_vectors
from .places import placed
from .rows import checked, is_storable, older_ones, table_of

Blocks = ArrayLike | Iterator[ArrayLike]
"""(n, d) floats, or an iterator of them, some at a time."""

Rows = Iterable[Mapping[str, Any]] | Any
"""Dicts, a data frame of pandas, or an Arrow table."""

_TEXTS = 500
"""Texts that a search is tuned by."""
_ROWS = 5000
"""Rows among whose captions they are looked for: those of all may be more than Arrow holds in an array."""


def encoder_record(encoder: Encoder) -> EncoderRecord:
    """What a manifest says of an encoder: of a folder or file its whole path, so that it is found from anywhere."""
    name = absolute(encoder.name) if Path(encoder.name).exists() else encoder.name
    return EncoderRecord(name=name, revision=encoder.revision, dimension=encoder.dimension)


def named_encoder(name: str, revision: str, dimension: int) -> EncoderRecord:
    """What a manifest says of an encoder that is only named.

    Raises:
        RetrievalError: The name is no text, or there is none.
    """
    if not isinstance(name, str) or not name.strip():
        raise RetrievalError(f"encoder {name!r}: give the name of what made the vectors")
    return EncoderRecord(name=name, revision=revision, dimension=dimension)


def check_encoder(place: Path | str, own: EncoderRecord, encoder: TextEncoder) -> None:
    """Refuse an encoder unless it is what made the vectors of an index.

    Raises:
        RetrievalError: It is another one, or has other weights.
    """
    if (encoder.dimension, encoder.revision) != (own.dimension, own.revision):
        raise RetrievalError(
            f"{place}: was made by {own.name} ({own.revision}, {own.dimension} numbers), and "
            f"{encoder.name} is another ({encoder.revision}, {encoder.dimension} numbers): name the one that made "
            "it, or build the index anew"
        )


def check_new(folder: Path) -> None:
    """Refuse a folder that is no place for a new index.

    Raises:
        RetrievalError: It is an index, holds something else, or its name is none that a row can have.
    """
    if not is_storable(str(folder)):
        raise RetrievalError(f"{str(folder)!r}: is no valid Unicode: name another folder")
    if is_pairs_dataset(folder):
        raise RetrievalError(
            f"{folder}: is a pairs dataset, which an index is made of: name another folder for it"
        )
    if (folder / NAME).exists():
        raise RetrievalError(f"{folder}: is an index already: add to it, or name another folder")
    foreign = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    foreign = [name for name in foreign if not name.startswith(".") and name != FOLDER]
    if foreign:
        raise RetrievalError(f"{folder}: holds files of another origin ({foreign[0]}); name a new folder")


def create(
    folder: Path, encoder: EncoderRecord, encoded: Encoded, plan: Plan, cut: CutRecord | None = None
) -> None:
    """Make an index of what was encoded.

    Raises:
        RetrievalError: As of `check_new`, or another process is writing there.
    """
    plan = checked_plan(plan, encoder.dimension)
    with locked(folder):
        check_new(folder)
        change = Change(folder, Manifest(rsvlm=rsvlm.__version__, encoder=encoder, cut=cut))
        change.add(encoded.blocks(), encoded.table, plan)
        change.remove(older_ones(encoded.table))
        change.commit()


def checked_plan(plan: Plan, dimension: int) -> Plan:
    """A plan whose words, if it has some, are of unit length and of the index's dimension.

    Raises:
        RetrievalError: They are not vectors of this index, or one has no direction.
    """
    if plan.texts is None or not len(plan.texts):
        return replace(plan, texts=None)
    try:
        return replace(plan, texts=unit_vectors(plan.texts, dimension))
    except RetrievalError as error:
        raise RetrievalError(f"texts of the plan: {error}") from None


def fitting(vectors: Blocks, rows: Rows, dimension: int | None) -> tuple[int, Encoded]:
    """Return the dimension of vectors, and them in unit length with their rows, one for each.

    Args:
        vectors: (n, d), or an iterator of such blocks, which are looked at as they are written.
        rows: As many.
        dimension: What they must have; None: any.

    Raises:
        RetrievalError: They do not fit together, or to the dimension.
    """
    table = placed(checked(rows if isinstance(rows, pa.Table) else table_of(rows)))
    if dimension is None and not len(table):
        raise RetrievalError("no rows at all: an index begins with one")
    if not isinstance(vectors, Iterator):
        unit = unit_vectors(vectors, dimension)
        if len(table) != len(unit):
            raise RetrievalError(f"{len(unit)} vectors for {len(table)} rows; give one each")
        return unit.shape[1], Encoded(lambda: iter([unit]), table)
    first = next(vectors, None)
    if first is None:
        raise RetrievalError("no vectors at all")
    unit = unit_vectors(first, dimension)
    rest = (unit_vectors(block, unit.shape[1]) for block in vectors)
    return unit.shape[1], Encoded(lambda: chain([unit], rest), table)


def tuned_for(plan: Plan, encoder: Encoder, table: pa.Table, before: Manifest | None = None) -> Plan:
    """A plan with words to tune the search by: captions of the rows, else names of classes.

    Args:
        plan: As it was given; with words of its own it stays.
        encoder: What makes vectors of words.
        table: The rows that are added.
        before: What the index consists of now; None: it is new.
    """
    count = len(table) + sum(part.rows for part in (joined(before, len(table)) if before else ()))
    if plan.texts is not None or plan.first_kind(count) == "exact":
        return plan
    captions = pc.unique(pc.list_flatten(_some(table["captions"], _ROWS))).drop_null()
    if len(captions) >= _TEXTS // 2:
        places = np.linspace(0, len(captions) - 1, min(_TEXTS, len(captions))).astype(np.int64)
        texts = captions.take(pa.array(places)).to_pylist()
    else:
        names = {name for one in vocabulary_names() for name in vocabulary(one).names}
        texts = [f"a satellite image of {name}" for name in sorted(names)][:_TEXTS]
    return replace(plan, texts=encoder.encode_texts(texts))


def _some(captions: pa.ChunkedArray, count: int) -> pa.ChunkedArray:
    """Lists of captions that are not empty: so many, from the first row to the last."""
    filled = np.flatnonzero(pc.fill_null(pc.list_value_length(captions), 0).to_numpy() > 0)
    chosen = np.zeros(len(captions), bool)
    chosen[filled[np.linspace(0, len(filled) - 1, min(count, len(filled))).astype(np.int64)]] = True
    return captions.filter(pa.array(chosen))
