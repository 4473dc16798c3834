"""The text with all tagged objects of an OpenStreetMap file, as map objects."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import shapely

from rsvlm.captioning.osm.antimeridian import reach, split_jumps
from rsvlm.captioning.osm.areas import is_area
from rsvlm.captioning.osm.extent import Extents, Mask
from rsvlm.captioning.osm.opl import (
    Lines,
    is_incomplete,
    parse_ids,
    parse_members,
    parse_nodes,
    parse_points,
    parse_tags,
)
from rsvlm.captioning.osm.shapes import AREA, LINE, POINT, Geometries, Runs, repair_areas
from rsvlm.captioning.osm.table import TYPES, ObjectTable, TableBuilder
from rsvlm.captioning.osm.tags import TagSorter

ATTRIBUTION = {
    "name": "OpenStreetMap",
    "licence": "ODbL-1.0",
    "attribution": "© OpenStreetMap contributors",
    "url": "https://www.openstreetmap.org/copyright",
}

SMALLEST_RING = 4
"""Node references of a triangle, the first and last the same."""

AREA_RELATIONS = ("multipolygon", "boundary")
"""Types of relations that are areas."""

_BATCH = 20_000
_NODE, _WAY, _RELATION = (TYPES.index(name) for name in ("node", "way", "relation"))

Ints = npt.NDArray[np.int64]


class Reading:
    """What one file has given so far.

    Attributes:
        counts: As in `ObjectTable`.
        own_ids: Where objects were numbered anew, for each type the ids that they had, by number.
    """

    def __init__(self, extents: Extents, sorter: TagSorter) -> None:
        self.counts: Counter[str] = Counter()
        self.own_ids: Sequence[Ints] | None = None
        self._extents = extents
        self._sorter = sorter
        self._builder = TableBuilder(sorter)
        self._areas: dict[int, shapely.Geometry | None] = {}  # None: outside of the imagery
        self._doubled: dict[int, list[int]] = {}

    def relation_areas(self, batch: list[tuple[int, str]]) -> None:
        """Take areas assembled from relations: id and WKB, hexadecimal."""
        geometries = split_jumps(shapely.from_wkb([wkb for _, wkb in batch]))
        near = self._extents.near(shapely.bounds(geometries))
        for (number, _), geometry, inside in zip(batch, geometries, near, strict=True):
            self._areas[number] = geometry if inside else None

    def objects(self, text: Iterator[str]) -> None:
        """Take the lines of all tagged objects, after the areas."""
        readers = {"n": self._nodes, "w": self._ways, "r": self._relations}
        for kind, group in groupby(text, key=itemgetter(0)):
            while len(lines := Lines.split(islice(group, _BATCH))):
                self.counts["read"] += len(lines)
                readers[kind](lines)

    def finish(self) -> ObjectTable:
        """Make the table."""
        table, self.counts["doubled"] = self._builder.finish(self._doubled)
        self.counts["kept"] = table.num_rows
        return ObjectTable(
            table, dict(sorted(self.counts.items())), self._sorter.unknown(), dict(ATTRIBUTION)
        )

    def _nodes(self, lines: Lines) -> None:
        lines = self._keep(lines, np.array(["x " not in rest for rest in lines.rest]), "incomplete")
        xy = parse_points(lines.rest)
        near = self._extents.near(np.tile(xy, 2))
        lines = self._keep(lines, near, "outside")
        tags, _ = self._read_tags(lines)
        used = tags >= 0
        points = shapely.points(xy[near][used])
        self._add(_NODE, parse_ids(lines)[used], tags[used], np.full(len(points), POINT, np.int8), points)

    def _ways(self, lines: Lines) -> None:
        complete = np.array([not is_incomplete(rest) for rest in lines.rest])
        lines = self._keep(lines, complete, "incomplete")
        ids, xy, counts = parse_nodes(lines.rest)
        ends = np.cumsum(counts)
        closed = (counts >= SMALLEST_RING) & (ids[ends - counts] == ids[ends - 1])
        runs = Runs(xy, counts)
        near = self._extents.near(reach(runs.bounds()))
        lines = self._keep(lines, near, "outside")
        tags, areal = self._read_tags(lines)
        used = tags >= 0
        areal = (areal & closed[near])[used]
        near[near] = used
        shapes = np.where(areal, AREA, LINE).astype(np.int8)
        found = split_jumps(runs.take(near).shapes(areal))
        found[areal] = repair_areas(found[areal])
        self._add(_WAY, parse_ids(lines)[used], tags[used], shapes, found)

    def _relations(self, lines: Lines) -> None:
        tags, _ = self._read_tags(lines)
        found = tags >= 0
        ids = parse_ids(lines)
        for row in np.flatnonzero(found):
            if reason := self._no_area(int(ids[row]), lines.tags[row]):
                self.counts[reason] += 1
                found[row] = False
        lines, tags, ids = lines.take(found), tags[found], ids[found]
        areas = repair_areas(np.array([self._areas[number] for number in ids.tolist()], object))
        kept = self._add(_RELATION, ids, tags, np.full(len(ids), AREA, np.int8), areas)
        for row in np.flatnonzero(kept):
            members = np.array(parse_members(lines.rest[row]), np.int64)
            for way in self._own(_WAY, members).tolist():
                self._doubled.setdefault(way, []).append(int(tags[row]))

    def _no_area(self, number: int, tags: str) -> str:
        """Why a relation is no area at the imagery; "" where it is one."""
        if number in self._areas:
            return "outside" if self._areas[number] is None else ""
        return "incomplete" if dict(parse_tags(tags)).get("type") in AREA_RELATIONS else "no_area"

    def _read_tags(self, lines: Lines) -> tuple[Ints, Mask]:
        """Numbers of the lines' kept tags, and whether all tags would make a closed way an area."""
        told = {}
        for text, times in Counter(lines.tags).items():
            tags = parse_tags(text)
            told[text] = self._sorter.number(tags, times), is_area(tags)
        found = np.array([told[text] for text in lines.tags], np.int64).reshape(-1, 2)
        self.counts["without_used_tag"] += int((found[:, 0] < 0).sum())
        return found[:, 0], found[:, 1].astype(bool)

    def _keep(self, lines: Lines, chosen: Mask, reason: str) -> Lines:
        """The chosen lines; the others are counted with the reason."""
        kept = lines.take(chosen)
        self.counts[reason] += len(lines) - len(kept)
        return kept

    def _own(self, kind: int, ids: Ints) -> Ints:
        return ids if self.own_ids is None else self.own_ids[kind][ids]

    def _add(self, kind: int, ids: Ints, tags: Ints, shapes: npt.NDArray[np.int8], found: Geometries) -> Mask:
        """Add objects to the table but for those whose geometry is nothing, or lies outside after all."""
        sound = ~shapely.is_missing(found)
        touching: Mask = self._extents.touch(found) & sound
        self.counts["invalid"] += int((~sound).sum())
        self.counts["outside"] += int((sound & ~touching).sum())
        self._builder.add(
            kind, self._own(kind, ids[touching]), tags[touching], shapes[touching], found[touching]
        )
        return touching
