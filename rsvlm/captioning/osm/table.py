"""The table of map objects that passes from the parser to the chips."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from rsvlm.captioning.labels import Shape
from rsvlm.captioning.osm.columns import binary_column, name_column, number_column, text_column
from rsvlm.captioning.osm.index import TableIndex
from rsvlm.captioning.osm.tags import Tag, TagSorter

TYPES = ("node", "way", "relation", "feature")
SHAPES: tuple[Shape, ...] = ("point", "line", "area")

_NAME = pa.dictionary(pa.int8(), pa.string())
SCHEMA = pa.schema(
    [
        ("type", _NAME),
        ("id", pa.int64()),
        ("tags", pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))),
        ("shape", _NAME),
        ("geometry", pa.large_binary()),
        ("west", pa.float64()),
        ("south", pa.float64()),
        ("east", pa.float64()),
        ("north", pa.float64()),
        ("max_gsd", pa.float32()),
    ]
)
"""`type` is one of TYPES, `shape` one of SHAPES, `geometry` WKB and the bounds WGS84 degrees, `max_gsd` the
largest of the maximum GSDs of the object's sights (10: that and coarser). Rows are in the order of type and
id."""

_WHY = {
    "without_used_tag": "without a tag that can be seen from above",
    "outside": "outside of the images",
    "incomplete": "with nodes or members missing",
    "invalid": "without length or area",
    "no_area": "relations that are no area",
}


@dataclass(frozen=True)
class ObjectTable:
    """Map objects with at least one tag that can be seen from above.

    Attributes:
        table: One row an object; see `SCHEMA`.
        counts: What became of the objects that were read: `read` (tagged objects) is the sum of `kept`,
            `outside` (of the imagery), `without_used_tag`, `incomplete` (nodes or members missing, as at the
            edge of every extract, or rings that do not close), `invalid` (no length or area even after
            repair), `doubled` (ways that repeat the multipolygon that they bound, and repeated features) and
            `no_area` (relations that are no area, as routes).
        unknown: Tags that the vocabulary has no line for, and how often they were met, the commonest 10,000.
        source: Name, licence, attribution and url of the data, as far as known.
        path: The cache file that the table lies in, for workers to open; None where it lies in none.
    """

    table: pa.Table
    counts: dict[str, int]
    unknown: dict[str, int]
    source: dict[str, str]
    path: Path | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def why_none(self) -> str:
        """Say in one line why no object was kept; "" where some were."""
        if len(self):
            return ""
        left = ", ".join(
            f"{self.counts[kind]:,} {words}" for kind, words in _WHY.items() if self.counts.get(kind)
        )
        return f"none of its {self.counts.get('read', 0):,} map objects is used: {left}"

    @cached_property
    def index(self) -> TableIndex:
        """The rows by place and by what they show."""
        return TableIndex(self.table)


class TableBuilder:
    """Collects objects in batches; geometries are kept as WKB, so that a country fits into memory."""

    def __init__(self, sorter: TagSorter) -> None:
        self._sorter = sorter
        self._types: list[npt.NDArray[np.int8]] = []
        self._ids: list[npt.NDArray[np.int64]] = []
        self._tags: list[npt.NDArray[np.int64]] = []
        self._shapes: list[npt.NDArray[np.int8]] = []
        self._bounds: list[npt.NDArray[np.float64]] = []
        self._geometry: list[pa.Array] = []

    def add(
        self,
        kind: int,
        ids: npt.NDArray[np.int64],
        tags: npt.NDArray[np.int64],
        shapes: npt.NDArray[np.int8],
        geometries: npt.NDArray[np.object_],
    ) -> None:
        """Add objects of one type (place in TYPES): ids, numbers of tags, places in SHAPES, geometries."""
        self._types.append(np.full(len(ids), kind, np.int8))
        self._ids.append(ids)
        self._tags.append(tags)
        self._shapes.append(shapes)
        self._bounds.append(shapely.bounds(geometries).reshape(-1, 4))
        self._geometry.append(binary_column(shapely.to_wkb(geometries)))

    def finish(self, doubled: dict[int, list[int]]) -> tuple[pa.Table, int]:
        """Make the table, and count the rows left out.

        Args:
            doubled: For the ids of ways that bound a kept multipolygon, the numbers of the tags of those.

        Returns:
            The table, and how many rows were left out as ways that say no more than their multipolygon does,
            or as repetitions of the same feature.
        """
        if not self._ids:
            return SCHEMA.empty_table(), 0
        types, ids, tags = np.concatenate(self._types), np.concatenate(self._ids), np.concatenate(self._tags)
        order = np.lexsort((ids, types))  # stable: of two versions, the later one stays later
        last = np.ones(len(order), bool)
        last[:-1] = (np.diff(ids[order]) != 0) | (np.diff(types[order]) != 0)
        rows = order[last & ~self._repeats(types, ids, tags, doubled)[order]]
        bounds = np.concatenate(self._bounds)[rows]
        shapes = np.concatenate(self._shapes)[rows]
        geometry = pa.chunked_array(self._geometry).take(number_column(rows)).combine_chunks()
        columns = [
            name_column(types[rows], TYPES),
            number_column(ids[rows]),
            _tag_lists(self._sorter.kept).take(number_column(tags[rows])),
            name_column(shapes, SHAPES),
            geometry,
            *(number_column(side) for side in bounds.T),
            number_column(np.array(self._sorter.max_gsd, np.float32)[tags[rows]]),
        ]
        return pa.table(columns, schema=SCHEMA), len(ids) - len(rows)

    def _repeats(
        self,
        types: npt.NDArray[np.int8],
        ids: npt.NDArray[np.int64],
        tags: npt.NDArray[np.int64],
        doubled: dict[int, list[int]],
    ) -> npt.NDArray[np.bool_]:
        repeats = np.zeros(len(ids), bool)
        members = np.isin(ids, np.fromiter(doubled, np.int64, len(doubled))) & (types == TYPES.index("way"))
        kept = self._sorter.kept
        for row in np.flatnonzero(members):
            mine = set(kept[tags[row]])
            repeats[row] = any(mine <= set(kept[number]) for number in doubled[int(ids[row])])
        return repeats


def _tag_lists(sets: list[tuple[Tag, ...]]) -> pa.Array:
    flat = [tag for tags in sets for tag in tags]
    parts = [text_column([tag[part] for tag in flat]) for part in (0, 1)]
    offsets = np.cumsum([0, *(len(tags) for tags in sets)], dtype=np.int32)
    return pa.ListArray.from_arrays(
        number_column(offsets), pa.StructArray.from_arrays(parts, names=["key", "value"])
    )
