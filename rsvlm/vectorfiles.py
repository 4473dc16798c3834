"""The one way of a vector file to GDAL, which goes by what is in a file and not by its name."""

import sqlite3
from contextlib import closing
from pathlib import Path

_STARTS = {
    ".gpkg": b"SQLite format 3\0", ".fgb": b"fgb\x03fgb", ".shp": b"\0\0\x27\x0a", ".geojson": b"{",
}  # fmt: skip
_VERSIONS = (b"GPKG", b"GP10", b"GP11")
_STANDARD_VIEWS = {"geometry_columns", "spatial_ref_sys", "st_geometry_columns", "st_spatial_ref_sys"}
"""Views that the GeoPackage standard proposes, which are no layers."""
_INDEXES = ("rtree", "fts3", "fts4", "fts5")


def name_to_open(path: Path, endings: tuple[str, ...]) -> str:
    """Return what to give to GDAL for a vector file, once its content is what its name says.

    A list of other files, or of addresses, would else be opened under any name, and with it all that it points to; and
    a view in a GeoPackage is a query that need not end.

    Args:
        path: The file.
        endings: Those that are allowed, of .gpkg, .fgb, .shp and .geojson.

    Raises:
        ValueError: It is none that is opened; the message follows on the file's name.
        OSError: It cannot be read.
    """
    ending = path.suffix.lower()
    if ending not in endings:
        raise ValueError(f"is no vector file that is read: give {', '.join(endings)}")
    with path.open("rb") as file:
        start = file.read(100)
    if not start:
        raise ValueError("is empty: download it again")
    if ending == ".geojson":
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(_STARTS[ending]) or (ending == ".gpkg" and start[68:72] not in _VERSIONS):
        raise ValueError(f"is not what its ending {ending} says: rename it, or download it again")
    if ending == ".gpkg":
        _refuse_queries(path)
    name = str(path.resolve())
    return f"GeoJSON:{name}" if ending == ".geojson" else name


def _refuse_queries(path: Path) -> None:
    try:
        queries = sorted(_queries(path))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read ({error})") from None
    if queries:
        raise ValueError(
            f"holds {queries[0]!r}, which is a view or another query and no table: save its rows as a layer"
        )


def _queries(path: Path) -> set[str]:
    """What in a database makes its rows when they are asked for."""
    address = path.resolve().as_uri()
    with closing(sqlite3.connect(f"{address}?mode=ro", uri=True)) as database:
        # not by what sqlite_master says that they are, which a file may say wrongly
        found = database.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'").fetchall()
        views = {name for name, kind in found if kind == "view"}
        virtual = {name for name, kind in found if kind == "virtual"}
        made = dict(database.execute("SELECT name, sql FROM sqlite_master"))
        layers = (
            {name for (name,) in database.execute("SELECT table_name FROM gpkg_contents")}
            if ("gpkg_contents" in {name for name, kind in found if kind == "table"})
            else set()
        )
    indexes = {name for name in virtual if _module(made.get(name)) in _INDEXES}
    return (views - (_STANDARD_VIEWS - layers)) | (virtual - indexes)


def _module(made: object) -> str:
    """The module of a virtual table, by the words that made it."""
    words = str(made).lower().partition(" using ")[2].split("(")[0].split()
    return words[0] if words else ""
