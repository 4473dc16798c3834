"""An index as a data set: its rows with their labels and captions, and their vectors, so that no image is opened."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.datasets.pairs import middles
from rsvlm.datasets.reading import read_eval_set
from rsvlm.datasets.sets import EvalSet
from rsvlm.datasets.sources import records
from rsvlm.retrieval import Index, is_index

from .errors import EvalError

PathLike = str | os.PathLike[str]
Known = Literal["labels", "captions"]


@dataclass(frozen=True, eq=False)
class IndexSet(EvalSet):
    """Rows of an index.

    Attributes:
        folder: Of the index.
        numbers: (n,) of the rows in it.
    """

    folder: Path = field(kw_only=True)
    numbers: NDArray[np.int64] = field(kw_only=True)

    @property
    def state(self) -> str | None:
        """As of `EvalSet`; the images are not looked at."""
        return self.fingerprint

    def take(self, rows: ArrayLike) -> EvalSet:
        """As of `EvalSet`."""
        return replace(cast(IndexSet, super().take(rows)), numbers=self.numbers[np.asarray(rows, np.int64)])

    def vectors(self, encoder: Any) -> NDArray[np.float32]:
        """(n, dimension) vectors of the rows.

        Raises:
            rsvlm.retrieval.RetrievalError: Another encoder made them.
        """
        return Index(self.folder, encoder).vectors(self.numbers)


def read_data(place: PathLike, split: str | None = None, known: Known | None = None) -> EvalSet:
    """Read a data set, or an index in its place.

    Args:
        place: What `read_eval_set` takes, or the folder of an index.
        split: Which one, where the set has several.
        known: What rows of an index must have to be taken; None: nothing.

    Raises:
        EvalError: An index has no rows with that, or it was asked for a split.
        rsvlm.datasets.DatasetError: A data set cannot be read.
        rsvlm.retrieval.RetrievalError: An index is damaged.
    """
    if not is_index(Path(place)):
        return read_eval_set(os.fspath(place), split=split)
    if split is not None:
        raise EvalError(f"{os.fspath(place)}: is an index, which has no split {split}; index each by itself")
    return _rows(Index(place), known)


def encoder_for(data: Any, given: Any) -> Any:
    """Return what is to be evaluated: what was given, else what made the index that the data is."""
    return Index(data.folder).encoder if given is None and isinstance(data, IndexSet) else given


def check_alike(sets: Iterable[EvalSet]) -> None:
    """Refuse indexes beside images: what is in both could not be told, as an index keeps no pixels.

    Raises:
        EvalError: Some are indexes, and others not.
    """
    listed = list(sets)
    indexes = [one for one in listed if isinstance(one, IndexSet)]
    if indexes and len(indexes) < len(listed):
        raise EvalError(
            f"{indexes[0].folder}: is an index, and other images are read: what is in both cannot be told; index both"
        )


def _rows(index: Index, known: Known | None) -> IndexSet:
    numbers = index.numbers()
    table = index.rows(numbers)
    labels, captions = table["labels"].to_pylist(), table["captions"].to_pylist()
    if known is not None:
        own = np.flatnonzero([bool(one) for one in (labels if known == "labels" else captions)])
        if not len(own):
            raise EvalError(
                f"{index.place}: none of its {len(numbers):,} rows has {known}"
                + ("; give it some: rsvlm index label" if known == "labels" else "")
            )
        numbers, table = numbers[own], table.take(own)
        labels, captions = [labels[row] for row in own], [captions[row] for row in own]
    rows = table.to_pylist()
    boxes = [_box(row) for row in rows]
    return IndexSet(
        name=index.folder.resolve().name,
        images=[row["image"] or row["key"] for row in rows],
        keys=tuple(row["key"] for row in rows),
        labels=tuple(tuple(one or ()) for one in labels) if any(labels) else None,
        captions=tuple(tuple(one or ()) for one in captions) if any(captions) else None,
        places=middles(boxes),
        times=tuple(None if row["datetime"] is None else row["datetime"].isoformat() for row in rows),
        multi_label=any(len(one or ()) > 1 for one in labels),
        sources=records([Path(index.place) / "manifest.json"]),
        folder=index.folder,
        numbers=numbers,
    )


def _box(row: dict[str, Any]) -> list[float] | None:
    box = [row[side] for side in ("west", "south", "east", "north")]
    return None if None in box else box


def vector_hashes(vectors: NDArray[np.float32]) -> tuple[str, ...]:
    """32 hex digits for each vector, in place of its picture's: equal pictures have equal vectors."""
    return tuple(hashlib.sha256(vector.tobytes()).hexdigest()[:32] for vector in vectors)
