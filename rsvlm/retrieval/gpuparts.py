"""Parts of an index on GPUs: faiss holds a share of the vectors on each of them.

A copy for searching only: what is on the disk stays as it is, and is opened where there is no GPU.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from .devices import on_gpus
from .exact import SLACK, Floats
from .kinds import needed_faiss
from .mapping import of_queries
from .parts import Part
from .stored import Ints

LOG = logging.getLogger(__name__)

MOST = 2048
"""Hits, and cells, that faiss looks for on a GPU at once."""
_MORE = 32
"""Candidates beyond the hits, so that equals of the last hit are among them."""
_BLOCK = 2**16

Place = Callable[[Any], Any]
"""An index of faiss to its copy on GPUs."""


class PartOnGpus:
    """What finds candidates of a part on GPUs; what it cannot find is for the processor.

    Args:
        part: The part.
        place: What puts an index of faiss onto GPUs.
    """

    def __init__(self, part: Part, place: Place = on_gpus) -> None:
        self._part, self._place = part, place
        self._copies: dict[str, Any] = {}
        if part.record.approximate is None:
            self._flat()
        else:
            self._cells(words=False)
            self._cells(words=True)

    def nearest(self, queries: Floats, k: int) -> Ints | None:
        """Return (q, k or more) rows with the k nearest among them, all rows compared; None where it cannot tell."""
        flat = self._flat()
        count = min(k + _MORE, flat.ntotal)
        if count > MOST:
            LOG.info("k %d is compared on the processor: a GPU finds %d at once", k, MOST)
            return None
        scores, rows = flat.search(np.ascontiguousarray(queries, np.float32), count)
        slack = 2 * SLACK * np.linalg.norm(queries, axis=1)
        if count < flat.ntotal and (scores[:, -1] >= scores[:, k - 1] - slack).any():
            return None  # more equals of the last hit than were asked for
        found: Ints = rows
        return found

    def candidates(self, queries: Floats, count: int, effort: int, *, words: bool) -> Ints | None:
        """Return (q, count) rows that are likely among the nearest, from so many cells; None where it cannot."""
        structure = self._part.structure(words=words)
        copy = self._cells(words=words)
        if copy is None or structure is None or max(count, effort) > MOST:
            LOG.info("%d hits of %d cells are left to the processor: a GPU takes %d", count, effort, MOST)
            return None
        faiss = needed_faiss()
        # the parameters of a call do not reach the shards
        getattr(faiss, "GpuParameterSpace", faiss.ParameterSpace)().set_index_parameter(
            copy, "nprobe", effort
        )
        found: Ints = copy.search(of_queries(queries, structure.matrix), min(count, copy.ntotal))[1]
        return found

    def _flat(self) -> Any:
        if "flat" not in self._copies:
            vectors = self._part.vectors
            flat = needed_faiss().IndexFlatIP(vectors.block(0, 1).shape[1])
            for first in range(0, len(vectors), _BLOCK):
                flat.add(np.ascontiguousarray(vectors.block(first, min(first + _BLOCK, len(vectors)))))
            self._copies["flat"] = self._place(flat)
        return self._copies["flat"]

    def _cells(self, *, words: bool) -> Any:
        """The copy of the cells; None where there are none: a graph stays with the processor."""
        name, structure = ("words" if words else "pictures"), self._part.structure(words=words)
        if name not in self._copies:
            cells = None if structure is None or structure.is_graph else structure.index
            self._copies[name] = None if cells is None else self._place(cells)
        return self._copies[name]
