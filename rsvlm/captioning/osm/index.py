"""What is worked out once for a table and serves all images: where its rows lie, what their tags show."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from rsvlm.captioning.osm.columns import number_array, number_column
from rsvlm.captioning.osm.tags import Tag
from rsvlm.imagery.boxes import split_at_antimeridian
from rsvlm.imagery.grid import BBox
from rsvlm.vocabularies.osm import GSD_CLASSES, GSD_TOLERANCE, TagVocabulary

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sights:
    """What can be told of the rows of a table at one ground sample distance.

    Attributes:
        tags: For each distinct set of tags, the visible ones, the main one first; empty where none is.
        rarity: For each distinct set of tags, how many rows of the table have the same main tag (0 without
            one).
    """

    tags: list[dict[str, str]]
    rarity: npt.NDArray[np.int64]


class TableIndex:
    """A table's rows by place and by what they show."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._sights: dict[tuple[str, int], Sights] = {}

    def rows_in(self, box: BBox) -> Rows:
        """Return the rows whose bounding boxes touch a box in degrees, ascending."""
        parts = [shapely.box(*part) for part in split_at_antimeridian(box)]
        found: Rows = np.unique(self._tree.query(parts)[1])
        return found

    def geometries(self, rows: Rows) -> npt.NDArray[np.object_]:
        """Return the WGS84 geometries of some rows."""
        found: npt.NDArray[np.object_] = shapely.from_wkb(
            self._table["geometry"].take(number_column(rows)).to_pylist()
        )
        return found

    def names(self, rows: Rows) -> list[str]:
        """Return the names of some rows, as `way/123`."""
        places = self._table["type"].combine_chunks()
        kinds = [f"{kind}/" for kind in places.dictionary.to_pylist()]
        types = np.from_dlpack(places.indices)[rows]
        return [
            f"{kinds[kind]}{number}"
            for kind, number in zip(types.tolist(), self.ids[rows].tolist(), strict=True)
        ]

    @cached_property
    def ids(self) -> npt.NDArray[np.int64]:
        """Numbers of the objects (all rows,)."""
        return number_array(self._table["id"])

    @cached_property
    def shapes(self) -> npt.NDArray[np.int8]:
        """Places in `table.SHAPES` (all rows,)."""
        places: Any = np.from_dlpack(self._table["shape"].combine_chunks().indices)
        return np.asarray(places, np.int8)

    def sights(self, gsd: float | None, vocabulary: TagVocabulary) -> Sights:
        """Return what can be told at a ground sample distance in metres."""
        limits = [limit * GSD_TOLERANCE for limit in GSD_CLASSES]
        key = vocabulary.digest, -1 if gsd is None else bisect_left(limits, gsd)
        if key not in self._sights:
            self._sights[key] = self._look(gsd, vocabulary)
        return self._sights[key]

    @cached_property
    def tag_sets(self) -> tuple[list[tuple[Tag, ...]], npt.NDArray[np.int64]]:
        """The distinct sets of tags, and for each row the place of its own among them."""
        places: dict[tuple[Tag, ...], int] = {}
        numbers: list[int] = []
        for chunk in self._table["tags"].chunks:
            flat = chunk.flatten()
            tags = list(zip(flat.field("key").to_pylist(), flat.field("value").to_pylist(), strict=True))
            ends = np.cumsum(chunk.value_lengths().to_pylist()).tolist()
            for start, end in zip([0, *ends], ends, strict=False):
                numbers.append(places.setdefault(tuple(tags[start:end]), len(places)))
        return list(places), np.array(numbers, np.int64)

    def _look(self, gsd: float | None, vocabulary: TagVocabulary) -> Sights:
        sets, numbers = self.tag_sets
        tags = [vocabulary.visible(dict(pairs), gsd) for pairs in sets]
        mains = [next(iter(visible.items()), None) for visible in tags]
        rows = Counter[Tag | None]()
        for main, count in zip(mains, np.bincount(numbers, minlength=len(sets)).tolist(), strict=True):
            rows[main] += count
        rows[None] = 0
        return Sights(tags, np.array([rows[main] for main in mains], np.int64))

    @cached_property
    def _tree(self) -> shapely.STRtree:
        bounds = [number_array(self._table[side]) for side in ("west", "south", "east", "north")]
        return shapely.STRtree(shapely.box(*bounds))
