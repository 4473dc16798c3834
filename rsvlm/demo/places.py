"""A small map of where the image and its evidence, or hits, lie: drawn here, without any map server."""

from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.imagery.grid import BBox
from rsvlm.rag import Evidence
from rsvlm.retrieval.minimap import minimap
from rsvlm.retrieval.rows import EDGES

from .escaping import plain


def evidence_map(evidence: Sequence[Evidence], here: BBox | None) -> str:
    """Return a map, each number on it a link to its card; "" where nothing has a place.

    Args:
        evidence: What is cited.
        here: West, south, east, north of the image; None: it has no place.
    """
    rows = [
        {"rank": one.number, "key": plain(one.title)} | dict(zip(EDGES, one.chunk.bbox or (None,) * 4, strict=True))
        for one in evidence
    ]  # fmt: skip
    drawn = minimap(rows, here=here, anchor="evidence", label="Where the image and its evidence lie")
    if drawn is None:
        return ""
    placed = sum(row["west"] is not None for row in rows)
    told = ["ring: the image"] * (here is not None) + ["numbers: evidence"] * (placed > 0)
    return _figure(drawn, "; ".join(told), alone=not placed)


def hits_map(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a map of hits; "" where none has a place."""
    drawn = minimap([{**row, "key": plain(row["key"])} for row in rows])
    return "" if drawn is None else _figure(drawn, "numbers: the hits, by rank")


def _figure(drawing: str, legend: str, *, alone: bool = False) -> str:
    told = f'<figcaption class="quiet">North is up; {legend}</figcaption>'
    return f'<figure class="places{" alone" if alone else ""}">{drawing}{told}</figure>'
