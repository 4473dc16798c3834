"""OpenStreetMap extracts as places with names.

The file is read several times, so that of all its nodes only the corners of places are ever held: some 30 bytes each,
however large the extract.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import osmium

from rsvlm.captioning.osm.overlong import cut_overlong, is_overlong
from rsvlm.captioning.osm.parse import FORMATS
from rsvlm.captioning.osm.reading import ATTRIBUTION
from rsvlm.imagery.grid import BBox

from ..chunk import Chunk
from ..errors import RagError
from .documents import BLANK
from .places import around
from .placewords import KINDS, in_words, kind_of
from .source import Note

CREDIT = f"{ATTRIBUTION['licence']}, {ATTRIBUTION['attribution']}"

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TYPES = {"n": "node", "w": "way", "r": "relation"}
_REFUSALS = (RuntimeError, OSError, ValueError)  # what pyosmium makes of libosmium's exceptions


@dataclass
class _Place:
    """A place, and the nodes and ways that say where it is."""

    text: str
    where: str
    nodes: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    ways: list[int] = field(default_factory=list)


def is_osm(path: Path) -> bool:
    """Whether a file is an extract, by its name."""
    return path.name.lower().endswith(tuple(FORMATS))


def read_osm(path: Path, note: Note) -> Iterator[Chunk]:
    """The places that have a name, nodes first.

    Raises:
        RagError: It cannot be read.
    """
    with ExitStack() as stack:
        try:
            try:
                areas = _relations(_file(path))
            except _REFUSALS as error:
                if not is_overlong(path, error):
                    raise
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rsvlm-"))
                cut = Path(folder) / "short.osm"
                cut_overlong(path, cut)
                path = cut
                areas = _relations(_file(path))
            yield from _read(path, areas, note)
        except _REFUSALS as error:
            if isinstance(error, RagError):
                raise
            raise RagError(
                f"cannot be read as OpenStreetMap data ({error}); check that it is whole"
            ) from None


def _file(path: Path) -> Any:
    ending = next(end for end in FORMATS if path.name.lower().endswith(end))
    return osmium.io.File(str(path), FORMATS[ending])


def _read(path: Path, areas: list[_Place], note: Note) -> Iterator[Chunk]:
    for node, place in _named(_file(path), osmium.osm.NODE):
        if node.location.valid():
            yield _chunk(place, (node.location.lon, node.location.lat) * 2)
    places = [*_lines(_file(path)), *areas]
    _put_members(_file(path), areas)
    corners = np.unique(np.concatenate([np.empty(0, np.int64), *(place.nodes for place in places)]))
    at = _locations(_file(path), corners)
    lost = 0
    for place in places:
        found = at[np.searchsorted(corners, place.nodes)]
        found = found[~np.isnan(found[:, 0])]
        if len(found):
            yield _chunk(place, around(found[:, 0].tolist(), found[:, 1].tolist()))
        lost += not len(found)
    if lost:
        note("", f"{lost:,} places with names have none of their nodes in it")


def _named(file: Any, kind: Any) -> Iterator[tuple[Any, _Place]]:
    """The places of a type of object; what can be none is passed over by libosmium itself."""
    filters = osmium.filter.KeyFilter(*KINDS), osmium.filter.KeyFilter("name")
    items: Any = osmium.FileProcessor(file, kind).with_filter(filters[0]).with_filter(filters[1])
    for item in items:
        tags = {tag.k: tag.v for tag in item.tags}
        if called := kind_of(tags):
            where = f"{tags['name']}, {_TYPES[item.type_str()]} {item.id}"
            yield item, _Place(in_words(tags, called), where)


def _relations(file: Any) -> list[_Place]:
    """Places that are relations: with a label, or the nodes and ways that they are made of."""
    found = []
    for relation, place in _named(file, osmium.osm.RELATION):
        members = [(one.type, one.role, one.ref) for one in relation.members]
        label = [ref for kind, role, ref in members if kind == "n" and role == "label"]
        nodes = label or [ref for kind, role, ref in members if kind == "n" and role != "admin_centre"]
        place.nodes = np.array(nodes, np.int64)
        if not label:
            place.ways = [ref for kind, role, ref in members if kind == "w" and role != "inner"]
        found.append(place)
    return found


def _lines(file: Any) -> Iterator[_Place]:
    """Places that are ways."""
    for way, place in _named(file, osmium.osm.WAY):
        place.nodes = _refs(way)
        yield place


def _put_members(file: Any, areas: list[_Place]) -> None:
    """Give relations the nodes of their ways."""
    wanted = {way for area in areas for way in area.ways}
    if not wanted:
        return
    chosen = osmium.FileProcessor(file, osmium.osm.WAY).with_filter(osmium.filter.IdFilter(wanted))
    members = {way.id: _refs(way) for way in chosen}
    for area in areas:
        area.nodes = np.concatenate([area.nodes, *(members[way] for way in area.ways if way in members)])


def _locations(file: Any, corners: Ids) -> Floats:
    """Longitude and latitude of nodes (n, 2) by their sorted ids (n,); NaN where the file has none."""
    at = np.full((len(corners), 2), np.nan)
    if len(corners):
        chosen = osmium.filter.IdFilter(corners.tolist())
        nodes: Any = osmium.FileProcessor(file, osmium.osm.NODE).with_filter(chosen)
        for node in nodes:
            if node.location.valid():
                at[np.searchsorted(corners, node.id)] = node.location.lon, node.location.lat
    return at


def _refs(way: Any) -> Ids:
    return np.fromiter((node.ref for node in way.nodes), np.int64)


def _chunk(place: _Place, box: BBox) -> Chunk:
    return replace(BLANK, text=place.text, where=place.where, type="place", bbox=box, licence=CREDIT)
