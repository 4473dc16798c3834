"""Kinds of search: exact where that is affordable, approximate where it is not."""

import math
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from rsvlm.memory import machine_memory

from .errors import RetrievalError
from .stored import Vectors

Kind = Literal["exact", "ivf-flat", "ivf-sq8", "ivf-pq", "ivf-rabitq", "hnsw-sq8"]
"""How a part is searched; `ivf-pq` and `ivf-rabitq` have coarse codes and are never chosen by themselves."""

Asked = Literal["pictures", "words", "both"]
"""What a query is made of: an approximate search has to look farther for words."""

KINDS: tuple[Kind, ...] = get_args(Kind)

EXACT_UP_TO = 100_000
"""Vectors that are compared one by one without a wait."""
_LEAST = 1000
"""Vectors below which there is nothing to save."""
_GRAPH_UP_TO = 3_000_000
"""Vectors above which a graph takes hours to build and is made on request only."""
_SCATTERED = 0.02
"""Share of the cells that image queries need, from which a graph answers sooner than cells do."""
LINKS = 16
"""Links of a vector in a graph, twice as many on the lowest level: M of HNSW."""
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass(frozen=True)
class Plan:
    """How a part shall be searched.

    Attributes:
        kind: One of `KINDS`; "auto": by count, memory, and how scattered the vectors are found to be.
        recall: Share of the true first ten that a search shall find.
        max_memory: Bytes that building and searching may take; None: half of the machine's.
        texts: (t, d) vectors of words as they may be asked, by which the search is tuned; None: for words every vector
            is compared.
    """

    kind: Kind | Literal["auto"] = "auto"
    recall: float = 0.99
    max_memory: int | None = None
    texts: Vectors | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in ("auto", *KINDS):
            raise RetrievalError(f"kind {self.kind!r}: give auto, {', '.join(KINDS)}")
        if not 0 < self.recall < 1:
            raise RetrievalError(f"recall {self.recall:g}: give a share of the true hits, such as 0.99")
        if self.max_memory is not None and self.max_memory < 1:
            raise RetrievalError(
                f"max_memory {self.max_memory}: give bytes, or None for half of the machine's"
            )

    def first_kind(self, count: int) -> Kind:
        """What to build of so many vectors, before anything is known of them."""
        if count < _LEAST:
            return "exact"
        if self.kind != "auto":
            return self.kind
        return "exact" if count <= EXACT_UP_TO or faiss_or_none() is None else "ivf-sq8"

    def wants_graph(self, count: int, dimension: int, share: float) -> bool:
        """Whether a graph shall take the place of cells.

        Args:
            count: Vectors.
            dimension: Of them.
            share: Of the cells, that image queries were found to need.
        """
        return (
            self.kind == "auto"
            and share > _SCATTERED
            and count <= _GRAPH_UP_TO
            and graph_bytes(count, dimension) <= self.memory
        )

    @property
    def memory(self) -> int:
        """Bytes that may be taken."""
        return machine_memory() // 2 if self.max_memory is None else self.max_memory


def cells_of(count: int) -> int:
    """How many cells so many vectors are put into: a power of two near the square root."""
    return int(2 ** round(math.log2(math.sqrt(max(count, 1)))))


def graph_bytes(count: int, dimension: int) -> int:
    """What a graph of 8-bit codes takes in memory."""
    return count * (dimension + 2 * LINKS * 4 * 2)


def memory_of(text: str) -> int:
    """Bytes of "8GiB", "500 MB", "2g".

    Raises:
        RetrievalError: No such size.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*", text.lower())
    if match is None or not float(match[1]):
        raise RetrievalError(f"memory {text!r}: give a size such as 8GiB or 500MB")
    return int(float(match[1]) * _UNITS[match[2]])


def faiss_or_none() -> Any:
    """Faiss, or None where it is not installed."""
    try:
        import faiss
    except ImportError:
        return None
    return faiss


def needed_faiss() -> Any:
    """Faiss.

    Raises:
        RetrievalError: It is not installed.
    """
    faiss = faiss_or_none()
    if faiss is None:
        raise RetrievalError('faiss is not installed: pip install "rsvlm[cpu]" (or "rsvlm[gpu]")')
    return faiss
