"""What of a folder is read."""

import os
from collections.abc import Iterator
from pathlib import Path

from rsvlm.datasets.pairs import is_pairs_dataset

from ..errors import RagError
from ..record import is_base
from .images import is_index
from .kinds import DOCUMENTS, TABLES
from .osm import is_osm
from .source import Note

_UNREADABLE = (".doc", ".docx", ".odt", ".rtf", ".epub", ".xls", ".xlsx", ".ods", ".ppt", ".pptx")
"""Texts and tables that somebody may expect to be read."""
_MAPS = (".kml", ".kmz", ".gml", ".gpx")
"""Likewise of what has places."""


def found_in(folder: Path, note: Note) -> Iterator[Path]:
    """The files, pairs datasets and indexes of a folder and of those below it, in order.

    Links and hidden files are passed over: what a link within the folder leads to is there itself. So are knowledge
    bases, whose texts are those of other sources: one that is made of the folder that it lies in would feed on itself.
    """
    for place, folders, files in os.walk(folder, onerror=lambda error: _unread(error, folder, note)):
        here = Path(place)
        folders.sort()
        for name in list(folders):
            if _is_passed(here / name, folder, note) or is_base(here / name):
                folders.remove(name)
            elif is_pairs_dataset(here / name) or is_index(here / name):
                folders.remove(name)
                yield here / name
        for name in sorted(files):
            path = here / name
            ending = path.suffix.lower()
            if ending in _UNREADABLE:
                note(inside(path, folder), "is of no kind that can be read; save it as PDF, Markdown or CSV")
            elif ending in _MAPS:
                note(inside(path, folder), "is of no kind that can be read; save it as GeoJSON or GeoPackage")
            elif (
                (ending in (*DOCUMENTS, *TABLES) or is_osm(path))
                and not _is_passed(path, folder, note)
                and path.is_file()
            ):
                yield path


def inside(path: Path, folder: Path) -> str:
    """A path as it is named within a folder."""
    return path.relative_to(folder).as_posix()


def _is_passed(path: Path, folder: Path, note: Note) -> bool:
    if path.name.startswith("."):
        return True
    try:
        path.name.encode("utf-8")
    except UnicodeEncodeError:
        note(ascii(inside(path, folder)), "its name is no UTF-8; rename it")
        return True
    if not path.is_symlink():
        return False
    if not path.resolve().is_relative_to(folder.resolve()):
        note(inside(path, folder), "is a link that leads out of the folder; name what it leads to")
    return True


def _unread(error: OSError, folder: Path, note: Note) -> None:
    if Path(error.filename) == folder:
        raise RagError(f"cannot be read ({error.strerror})")
    note(inside(Path(error.filename), folder), f"cannot be read ({error.strerror})")
