"""OpenStreetMap extracts as places with names.

The file is read three times, for places, their ways and their nodes: only what is named is ever held, with its corners
at some 30 bytes each, however large the extract.
"""

import tempfile
from collections.abc import Iterator
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
from rsvlm.retrieval.exact import Floats

from ..chunk import PLACE, Chunk
from ..errors import RagError
from .documents import BLANK
from .places import around
from .placewords import KINDS, called, in_words, kind_of
from .source import Note

CREDIT = f"{ATTRIBUTION['licence']}, {ATTRIBUTION['attribution']}"

Ids = npt.NDArray[np.int64]

_TYPES = {"n": "node", "w": "way", "r": "relation"}
_REFUSALS = (RuntimeError, OSError, ValueError)  # what pyosmium makes of libosmium's exceptions


@dataclass
class _Place:
    """A place, and what says where it is.

    Attributes:
        text: The place in words.
        name: Its name.
        sort: What sort of place it is.
        where: Its name and number.
        box: Of a node; None: what follows says it.
        nodes: Ids (n,).
        ways: Ids of those whose nodes are to be added.
    """

    text: str
    name: str
    sort: str
    where: str
    box: BBox | None = None
    nodes: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    ways: list[int] = field(default_factory=list)


def is_osm(path: Path) -> bool:
    """Whether a file is an extract, by its name."""
    return path.name.lower().endswith(tuple(FORMATS))


def read_osm(path: Path, note: Note) -> Iterator[Chunk]:
    """The places that have a name: nodes, then ways, then relations.

    Raises:
        RagError: It cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="rsvlm-") as folder:
        try:
            try:
                places = list(_places(_file(path)))
            except _REFUSALS as error:
                if not is_overlong(path, error):
                    raise
                short = Path(folder) / "short.osm"
                cut_overlong(path, short)
                path, places = short, list(_places(_file(short)))
            _put_members(_file(path), [place for place in places if place.ways])
            corners = np.unique(np.concatenate([np.empty(0, np.int64), *(place.nodes for place in places)]))
            at = _locations(_file(path), corners)
        except _REFUSALS as error:
            raise RagError(f"cannot be read as OpenStreetMap data ({error}); is it whole?") from None
    lost = 0
    for place in places:
        box = place.box or _box(at[np.searchsorted(corners, place.nodes)])
        if box is None:
            lost += 1
            continue
        yield replace(
            BLANK, text=place.text, where=place.where, type=PLACE, bbox=box, licence=CREDIT,
            name=place.name, sort=place.sort,
        )  # fmt: skip
    if lost:
        note("", f"{lost:,} places with names have none of their nodes in it")


def _file(path: Path) -> Any:
    ending = next(end for end in FORMATS if path.name.lower().endswith(end))
    return osmium.io.File(str(path), FORMATS[ending])


def _places(file: Any) -> Iterator[_Place]:
    """The places of a file; what can be none is passed over by libosmium itself."""
    filters = osmium.filter.KeyFilter(*KINDS), osmium.filter.KeyFilter("name")
    items: Any = osmium.FileProcessor(file, osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION)
    for item in items.with_filter(filters[0]).with_filter(filters[1]):
        tags = {tag.k: tag.v for tag in item.tags}
        kind, type_ = kind_of(tags), item.type_str()
        if kind is None:
            continue
        where = f"{tags['name']}, {_TYPES[type_]} {item.id}"
        place = _Place(in_words(tags, kind), called(tags), kind, where)
        if type_ == "n" and item.location.valid():
            place.box = (item.location.lon, item.location.lat) * 2
        elif type_ == "w":
            place.nodes = _refs(item)
        elif type_ == "r":
            _put_parts(place, [(one.type, one.role, one.ref) for one in item.members])
        yield place


def _put_parts(place: _Place, members: list[tuple[str, str, int]]) -> None:
    """Say where a relation is: at its label, or at the nodes and ways that it is made of."""
    label = [ref for kind, role, ref in members if kind == "n" and role == "label"]
    nodes = label or [ref for kind, role, ref in members if kind == "n" and role != "admin_centre"]
    place.nodes = np.array(nodes, np.int64)
    if not label:
        place.ways = [ref for kind, role, ref in members if kind == "w" and role != "inner"]


def _put_members(file: Any, areas: list[_Place]) -> None:
    """Give relations that are made of ways the nodes of these."""
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


def _box(corners: Floats) -> BBox | None:
    """The box of places (n, 2); None where none is known."""
    known = corners[~np.isnan(corners[:, 0])]
    return around(known[:, 0].tolist(), known[:, 1].tolist()) if len(known) else None
