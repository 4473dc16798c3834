"""OpenStreetMap files to map objects with geometry, by libosmium.

One way in for all formats: libosmium reads the file, gives the ways the places of their nodes and assembles
multipolygons, and writes what has a tag as OPL text to a temporary file, which is then read in batches.
"""

import ctypes
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import osmium

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.bulk import collection_paused
from rsvlm.captioning.osm.extent import Extents
from rsvlm.captioning.osm.overlong import cut_overlong, is_overlong
from rsvlm.captioning.osm.reading import AREA_RELATIONS, Reading
from rsvlm.captioning.osm.table import ObjectTable
from rsvlm.captioning.osm.tags import TagSorter
from rsvlm.captioning.osm.unsent import is_unsent, rewrite_unsent
from rsvlm.errors import one_line

FORMATS = {".osm.pbf": "pbf", ".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2"}
"""File names' endings, and what libosmium calls the format."""

_AREAS = 10_000  # taken at a time
_REFUSALS = (RuntimeError, OSError, ValueError)  # what pyosmium makes of libosmium's exceptions


def read_osm(path: Path, extents: Extents, sorter: TagSorter) -> ObjectTable:
    """Read an OpenStreetMap file.

    Args:
        path: A file with one of the endings of `FORMATS`.
        extents: Only objects that touch these are kept.
        sorter: Chooses the tags.

    Raises:
        CaptioningError: The file cannot be read, or holds no tagged object.
    """
    reading = Reading(extents, sorter)
    with tempfile.TemporaryDirectory(prefix="rsvlm-", ignore_cleanup_errors=True) as folder:
        text, source = Path(folder) / "objects.opl", path
        try:
            if is_unsent(path):
                source = Path(folder) / "numbered.osm"
                reading.own_ids = rewrite_unsent(path, source)
            _write_text(source, text, reading, sorter.object_keys)
        except CaptioningError:
            raise
        except _REFUSALS as error:
            if not is_overlong(source, error):
                raise CaptioningError(_why_not(path, error)) from error
            _write_text(_cut(source, Path(folder)), text, reading, sorter.object_keys)
        with text.open(encoding="utf-8", newline="\n") as lines, collection_paused():
            reading.objects(lines)
    if not reading.counts["read"]:
        raise CaptioningError(
            f"{path} holds no tagged OpenStreetMap object: check that it is the extract you meant"
        )
    return reading.finish()


def _write_text(path: Path, text: Path, reading: Reading, keys: frozenset[str]) -> None:
    """Write all tagged objects as text, and take the areas that libosmium assembles from relations."""
    file = osmium.io.File(str(path), FORMATS[next(end for end in FORMATS if path.name.lower().endswith(end))])
    manager = osmium.area.AreaManager()
    relations = _Relations()
    with osmium.io.Reader(file, osmium.osm.RELATION) as reader:
        wanted = osmium.filter.KeyFilter(*sorted(keys))
        osmium.apply(reader, wanted, relations, manager.first_pass_handler())
    places = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    places.ignore_errors()
    handlers: list[Any] = [places]
    areas = _Areas(reading)
    if relations.areas:
        # libosmium makes areas of closed ways too, without a look at their tags: `is_area` tells them apart later.
        assembled = osmium.filter.IdFilter(relations.areas)
        assembled.enable_for(osmium.osm.AREA)
        handlers.append(manager.second_pass_handler(assembled, areas))
    with _writing(text) as writer, osmium.io.Reader(file) as reader:
        osmium.apply(reader, *handlers, osmium.filter.EmptyTagFilter(), writer)
    areas.flush()


@contextmanager
def _writing(text: Path) -> Iterator[osmium.SimpleWriter]:
    """A writer of OPL text.

    Raises:
        CaptioningError: It could not write.
    """
    options = "opl,add_metadata=none,locations_on_ways=true"
    writer = osmium.SimpleWriter(osmium.io.File(str(text), options), overwrite=True)
    try:
        yield writer
    finally:
        try:
            writer.close()
        except RuntimeError as error:
            # Its destructor would try once more to write, fail, and take the process with it: so it is never called.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
            folder = text.parent.parent
            raise CaptioningError(
                f"{folder} has no room for a temporary file: free some, or set TMPDIR"
            ) from error


class _Relations:
    """A handler that notes the ids that areas made of relations will have."""

    def __init__(self) -> None:
        self.areas: list[int] = []

    def relation(self, relation: osmium.osm.Relation) -> None:
        if relation.id > 0 and relation.tags.get("type") in AREA_RELATIONS:
            self.areas.append(2 * relation.id + 1)


class _Areas:
    """A handler that passes areas on, some at a time."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._batch: list[tuple[int, str]] = []
        self._wkb = osmium.geom.WKBFactory()

    def area(self, area: osmium.osm.Area) -> None:
        if area.num_rings()[0]:  # one whose rings do not close comes without rings
            self._batch.append((area.orig_id(), self._wkb.create_multipolygon(area)))
        if len(self._batch) >= _AREAS:
            self.flush()

    def flush(self) -> None:
        self._reading.relation_areas(self._batch)
        self._batch = []


def _cut(path: Path, folder: Path) -> Path:
    short = folder / "short.osm"
    try:
        cut_overlong(path, short)
    except ValueError as error:
        raise CaptioningError(_why_not(path, error)) from error
    return short


def _why_not(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        return f"{path} is empty: download it again"
    if start.startswith((b"<!doctype html", b"<html")):
        return f"{path} is a web page, not OpenStreetMap data: download it again"
    reason = one_line(error)
    return f"{path} cannot be read as OpenStreetMap data ({reason}): check that it is whole"
