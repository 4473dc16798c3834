"""What a search found: a ranked table."""

import operator
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .errors import RetrievalError

_SHOWN = 20
"""Hits that a notebook shows."""


@dataclass(frozen=True, eq=False, repr=False)
class Hits:
    """Rows of an index by falling score.

    `hits[0]` is the best as a dict, and a loop over the hits gives them all.

    Attributes:
        table: One row a hit: "rank" from 1, "score", then what the index knows (`rsvlm.retrieval.rows.SCHEMA`).
        numbers: (m,) row numbers in the index; empty where rows have none: in Milvus.
        total: Rows that the filter let through.
    """

    table: pa.Table
    numbers: NDArray[np.int64]
    total: int

    @property
    def keys(self) -> list[str]:
        """What the hits are called, the best first."""
        return [str(key) for key in self.table["key"].to_pylist()]

    @property
    def scores(self) -> NDArray[np.float64]:
        """(m,) their scores."""
        found: NDArray[np.float64] = self.table["score"].to_numpy()
        return found

    def to_table(self) -> pa.Table:
        """The hits as an Arrow table."""
        return self.table

    def to_list(self) -> list[dict[str, Any]]:
        """The hits as plain dicts."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def to_pandas(self) -> Any:
        """The hits as a data frame of pandas, which must be installed."""
        return self.table.to_pandas()

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> "Hits": ...

    def __getitem__(self, place: int | slice) -> "dict[str, Any] | Hits":
        """The hit at a place, from 0; of a slice the hits there, with their ranks.

        Raises:
            IndexError: There are not so many.
        """
        if isinstance(place, slice):
            rows = np.arange(len(self))[place]
            return Hits(self.table.take(pa.array(rows)), self.numbers[place], self.total)
        row = range(len(self))[operator.index(place)]
        [found] = self.table.slice(row, 1).to_pylist()
        return dict(found)

    def __repr__(self) -> str:
        best = "".join(
            f"; the best {hit['key']!r}, {hit['score']:.3f}" for hit in self.table.slice(0, 1).to_pylist()
        )
        return f"<Hits: {len(self)} of {self.total:,} rows{best}>"

    def _repr_html_(self) -> str:
        """A table for notebooks, of the first ones."""
        lines = "".join(
            f"<tr><td>{hit['rank']}</td><td>{hit['score']:.3f}</td><td>{escape(hit['key'])}</td>"
            f"<td>{escape('; '.join(hit['labels'] or ()))}</td></tr>"
            for hit in self[:_SHOWN]
        )
        more = f"<p>and {len(self) - _SHOWN:,} more</p>" if len(self) > _SHOWN else ""
        return (
            f"<table><caption>{len(self)} of {self.total:,} rows</caption>"
            f"<tr><th>rank</th><th>score</th><th>key</th><th>labels</th></tr>{lines}</table>{more}"
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_list())


def check_count(name: str, value: int, least: int) -> None:
    """Refuse what counts no hits.

    Raises:
        RetrievalError: It is no integer, or below the least.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise RetrievalError(f"{name} {value!r}: give one from {least}")


def short_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys for people: without the folder that all of several have in common."""
    keys = [str(row["key"]) for row in rows]
    folder = posixpath.commonpath([posixpath.dirname(key) or "." for key in keys]) if _alike(keys) else ""
    return [key.removeprefix(folder).lstrip("/") if folder else key for key in keys]


def _alike(keys: Sequence[str]) -> bool:
    return (
        len(keys) > 0 and len({key.startswith("/") for key in keys}) == 1 and all("/" in key for key in keys)
    )


def ranked(
    rows: pa.Table, numbers: NDArray[np.int64], scores: NDArray[np.float64], first: int, total: int
) -> Hits:
    """Put ranks, from `first` on, and scores before the rows of hits."""
    ranks = pa.array(np.arange(first, first + len(rows)), pa.int64())
    table = rows.add_column(0, "rank", ranks).add_column(1, "score", pa.array(scores, pa.float64()))
    return Hits(table, numbers, total)
