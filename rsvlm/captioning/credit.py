"""Whom to credit for labels: what a file says of itself, else what is known of its kind."""

import bz2
import gzip
import re
from pathlib import Path
from xml.sax.saxutils import unescape

from rsvlm.imagery.guard import open_raster

from .dataset.row import Source
from .landcover import LandCoverSource

_START = 4096
_ROOT = re.compile(r"<osm\b[^>]*>")


def map_credit(path: str, known: dict[str, str]) -> Source:
    """Credit for a map: the licence that an .osm file's first element states, where it is not OpenStreetMap's own.

    Args:
        path: The file.
        known: What its kind of file is usually credited as: name, licence, attribution, url.
    """
    own = _root_licence(Path(path))
    if own and "opendatacommons.org/licenses/odbl" not in own:
        return Source(name=Path(path).name, licence=own, attribution=None, url=None)
    return Source(
        name=known["name"],
        licence=known.get("licence"),
        attribution=known.get("attribution"),
        url=known.get("url"),
    )


def _root_licence(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix not in (".osm", ".gz", ".bz2"):
        return None
    with path.open("rb") as file:
        start: bytes
        if suffix == ".gz":
            start = gzip.GzipFile(fileobj=file).read(_START)
        elif suffix == ".bz2":
            start = bz2.BZ2File(file).read(_START)
        else:
            start = file.read(_START)
    root = _ROOT.search(start.decode("utf-8", "replace"))
    found = re.search(r"""\blicense=(["'])(.*?)\1""", root.group()) if root else None
    return unescape(found.group(2)) if found else None


def cover_credit(source: LandCoverSource) -> Source:
    """Credit for land cover: the licence tag of its first raster, else that of the legend's product."""
    legend = source.legend
    with open_raster(Path(source.sheets[0].path)) as raster:
        tags = raster.tags()
    if licence := tags.get("LICENCE") or tags.get("LICENSE"):
        name = Path(source.path).name
        return Source(name=name, licence=licence, attribution=tags.get("TIFFTAG_COPYRIGHT"), url=None)
    return Source(name=legend.title, licence=legend.licence, attribution=legend.attribution, url=legend.url)
