"""OpenStreetMap files to map objects with geometry, by libosmium.

One way in for all formats: libosmium reads the file, gives the ways the places of their nodes and assembles
multipolygons, and writes what has a tag as OPL text to a temporary file, which is then read in batches.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium
import shapely

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.areas import is_area
from rsvlm.captioning.osm.extent import Extents, Mask
from rsvlm.captioning.osm.opl import is_incomplete, parse_members, parse_nodes, parse_tags
from rsvlm.captioning.osm.overlong import cut_overlong, is_overlong
from rsvlm.captioning.osm.shapes import AREA, LINE, POINT, Geometries, Runs, repair_areas
from rsvlm.captioning.osm.table import TYPES, ObjectTable, TableBuilder
from rsvlm.captioning.osm.tags import TagSorter

FORMATS = {".osm.pbf": "pbf", ".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2"}
"""File names' endings, and what libosmium calls the format."""

ATTRIBUTION = {
    "name": "OpenStreetMap",
    "licence": "ODbL-1.0",
    "attribution": "© OpenStreetMap contributors",
    "url": "https://www.openstreetmap.org/copyright",
}

_BATCH = 5_000  # small, so that the pieces of text are gone before the garbage collector walks them twice
_NODE, _WAY, _RELATION = (TYPES.index(name) for name in ("node", "way", "relation"))
_AREA_RELATIONS = ("multipolygon", "boundary")

SMALLEST_RING = 4
"""Node references of a triangle, the first and last the same."""

_REFUSALS = (RuntimeError, OSError, ValueError)  # what pyosmium makes of libosmium's exceptions

Lines = list[list[str]]


def read_osm(path: Path, extents: Extents, sorter: TagSorter) -> ObjectTable:
    """Read an OpenStreetMap file.

    Args:
        path: A file with one of the endings of `FORMATS`.
        extents: Only objects that touch these are kept.
        sorter: Chooses the tags.

    Raises:
        CaptioningError: The file cannot be read, or holds no tagged object.
    """
    reading = _Reading(extents, sorter)
    with tempfile.TemporaryDirectory(prefix="rsvlm-", ignore_cleanup_errors=True) as folder:
        text = Path(folder) / "objects.opl"
        try:
            _write_text(path, text, reading, sorter.object_keys)
        except _REFUSALS as error:
            if not is_overlong(path, error):
                raise CaptioningError(_why_not(path, error)) from error
            _write_text(_cut(path, Path(folder)), text, reading, sorter.object_keys)
        with text.open(encoding="utf-8", newline="\n") as lines:
            reading.objects(lines)
    if not reading.counts["read"]:
        raise CaptioningError(
            f"{path} holds no tagged OpenStreetMap object: check that it is the extract you meant"
        )
    return reading.finish()


def _write_text(path: Path, text: Path, reading: "_Reading", keys: frozenset[str]) -> None:
    """Write all tagged objects as text, and take the areas that libosmium assembles from relations."""
    form = FORMATS[next(end for end in FORMATS if path.name.lower().endswith(end))]
    options = "opl,add_metadata=none,locations_on_ways=true"
    tagged = osmium.filter.EmptyTagFilter()
    wkb = osmium.geom.WKBFactory()
    with osmium.SimpleWriter(osmium.io.File(str(text), options), overwrite=True) as writer:
        seen = (
            osmium.FileProcessor(osmium.io.File(str(path), form))
            .with_areas(osmium.filter.KeyFilter(*sorted(keys)))
            .with_filter(tagged)
            .with_filter(writer)  # lets everything pass, and writes nodes, ways and relations
            # Ways only so that something comes: areas pile up in memory until the next object does.
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY | osmium.osm.AREA))
        )
        # Closed ways become areas here too, without a look at their tags: `is_area` tells them apart later.
        areas = (thing for thing in seen if isinstance(thing, osmium.osm.Area) and not thing.from_way())
        # An area whose rings do not close comes without rings.
        found = ((area.orig_id(), wkb.create_multipolygon(area)) for area in areas if area.num_rings()[0])
        while batch := list(islice(found, _BATCH)):
            reading.relation_areas(batch)


def _cut(path: Path, folder: Path) -> Path:
    short = folder / "short.osm"
    cut_overlong(path, short)
    return short


def _why_not(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        return f"{path} is empty: download it again"
    if start.startswith((b"<!doctype html", b"<html")):
        return f"{path} is a web page, not OpenStreetMap data: download it again"
    reason = " ".join(str(error).split())
    return f"{path} cannot be read as OpenStreetMap data ({reason}): check that it is whole"


class _Reading:
    """What one file has given so far."""

    def __init__(self, extents: Extents, sorter: TagSorter) -> None:
        self.counts: Counter[str] = Counter()
        self._extents = extents
        self._sorter = sorter
        self._builder = TableBuilder(sorter)
        self._areas: dict[int, shapely.Geometry | None] = {}  # None: outside of the imagery
        self._doubled: dict[int, list[int]] = {}

    def relation_areas(self, batch: list[tuple[int, str]]) -> None:
        """Take areas assembled from relations: id and WKB, hexadecimal."""
        geometries = shapely.from_wkb([wkb for _, wkb in batch])
        near = self._extents.near(shapely.bounds(geometries))
        for (number, _), geometry, inside in zip(batch, geometries, near, strict=True):
            self._areas[number] = geometry if inside else None

    def objects(self, lines: Iterator[str]) -> None:
        """Read the text with all tagged objects."""
        readers = {"n": self._nodes, "w": self._ways, "r": self._relations}
        for kind, group in groupby(lines, key=itemgetter(0)):
            while batch := [line.split(" ") for line in islice(group, _BATCH)]:
                self.counts["read"] += len(batch)
                readers[kind](batch)

    def finish(self) -> ObjectTable:
        table, doubled = self._builder.finish(self._doubled)
        self.counts["doubled"] = doubled
        self.counts["kept"] = table.num_rows
        return ObjectTable(
            table, dict(sorted(self.counts.items())), self._sorter.unknown(), dict(ATTRIBUTION)
        )

    def _nodes(self, lines: Lines) -> None:
        lines = self._drop(lines, [line[2] == "x" for line in lines], "incomplete")
        xy = np.array([(line[2][1:], line[3][1:]) for line in lines], float).reshape(-1, 2)
        near = self._extents.near(np.tile(xy, 2))
        lines = self._drop(lines, ~near, "outside")
        tags, _ = self._read_tags(lines)
        used = tags >= 0
        points = shapely.points(xy[near][used])
        self._add(_NODE, _ids(lines)[used], tags[used], np.full(len(points), POINT, np.int8), points)

    def _ways(self, lines: Lines) -> None:
        lines = self._drop(lines, [is_incomplete(line[2]) for line in lines], "incomplete")
        ids, xy, counts = parse_nodes([line[2] for line in lines])
        ends = np.cumsum(counts)
        closed = (counts >= SMALLEST_RING) & (ids[ends - counts] == ids[ends - 1])
        runs = Runs(xy, counts)
        near = self._extents.near(runs.bounds())
        lines = self._drop(lines, ~near, "outside")
        tags, areal = self._read_tags(lines)
        used = tags >= 0
        areal = (areal & closed[near])[used]
        near[near] = used
        shapes = np.where(areal, AREA, LINE).astype(np.int8)
        self._add(_WAY, _ids(lines)[used], tags[used], shapes, runs.take(near).shapes(areal))

    def _relations(self, lines: Lines) -> None:
        tags, _ = self._read_tags(lines)
        rows = [row for row in np.flatnonzero(tags >= 0) if self._assembled(lines[row])]
        lines, tags = [lines[row] for row in rows], tags[rows]
        ids = _ids(lines)
        areas = repair_areas(np.array([self._areas[number] for number in ids.tolist()], object))
        kept = self._add(_RELATION, ids, tags, np.full(len(ids), AREA, np.int8), areas)
        for row in np.flatnonzero(kept):
            for way in parse_members(lines[row][2]):
                self._doubled.setdefault(way, []).append(int(tags[row]))

    def _read_tags(self, lines: Lines) -> tuple[npt.NDArray[np.int64], Mask]:
        """Numbers of the lines' kept tags, and whether all tags would make a closed way an area."""
        told = {}
        for text, times in Counter(line[1] for line in lines).items():
            tags = parse_tags(text)
            told[text] = self._sorter.number(tags, times), is_area(tags)
        found = np.array([told[line[1]] for line in lines], np.int64).reshape(-1, 2)
        self.counts["without_used_tag"] += int((found[:, 0] < 0).sum())
        return found[:, 0], found[:, 1].astype(bool)

    def _assembled(self, line: list[str]) -> bool:
        """Say whether a relation is an area at the imagery; count it where it is not."""
        number = int(line[0][1:])
        if number not in self._areas:
            kind = dict(parse_tags(line[1])).get("type")
            self.counts["incomplete" if kind in _AREA_RELATIONS else "no_area"] += 1
            return False
        if self._areas[number] is None:
            self.counts["outside"] += 1
        return self._areas[number] is not None

    def _drop(self, lines: Lines, out: Sequence[bool] | Mask, reason: str) -> Lines:
        kept = [line for line, drop in zip(lines, out, strict=True) if not drop]
        self.counts[reason] += len(lines) - len(kept)
        return kept

    def _add(
        self,
        kind: int,
        ids: npt.NDArray[np.int64],
        tags: npt.NDArray[np.int64],
        shapes: npt.NDArray[np.int8],
        found: Geometries,
    ) -> Mask:
        """Add objects to the table but for those whose geometry is nothing, or lies outside after all."""
        sound = ~shapely.is_missing(found)
        touching: Mask = self._extents.touch(found) & sound
        self.counts["invalid"] += int((~sound).sum())
        self.counts["outside"] += int((sound & ~touching).sum())
        self._builder.add(kind, ids[touching], tags[touching], shapes[touching], found[touching])
        return touching


def _ids(lines: Lines) -> npt.NDArray[np.int64]:
    return np.array([line[0][1:] for line in lines], np.int64)
