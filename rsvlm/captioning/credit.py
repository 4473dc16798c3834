"""Whom to credit for labels: what a file says of itself, else what is known of its kind."""

import bz2
import gzip
import re
from pathlib import Path
from xml.sax.saxutils import unescape

from rsvlm.imagery.guard import open_raster
from rsvlm.vocabularies import legend_names

from .dataset.row import Source
from .landcover import LandCoverSource

_START = 4096
_PLACES = 3  # of a raster's path: its name and the folders that it lies in
_ALSO = {"corine": ("CLC",), "chatearthnet": ("WorldCover",)}
_CC0 = "creativecommons.org/publicdomain/zero/1.0"
_ROOT = re.compile(r"<osm\b[^>]*>")


def map_credit(path: str, known: dict[str, str]) -> Source:
    """Credit for a map: the licence that an .osm file's first element states, where it is not OpenStreetMap's own.

    Args:
        path: The file.
        known: What its kind of file is usually credited as: name, licence, attribution, url.
    """
    own = _root_licence(Path(path))
    if own and _CC0 in own:
        own = "CC0-1.0"
    if own and "opendatacommons.org/licenses/odbl" not in own:
        return Source(name=Path(path).name, licence=own, attribution=None, url=None)
    return Source(
        name=known["name"],
        licence=known.get("licence") or None,
        attribution=known.get("attribution") or None,
        url=known.get("url") or None,
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
    """Credit for land cover: the licence tag of its first raster, else that of the legend's product.

    A shipped legend's codes are used for other rasters too: only where names or tags say that a raster is the product
    is it credited so, and published under its licence.
    """
    legend = source.legend
    first = Path(source.sheets[0].path)
    with open_raster(first) as raster:
        tags = raster.tags()
    if licence := tags.get("LICENCE") or tags.get("LICENSE"):
        name = Path(source.path).name
        return Source(name=name, licence=licence, attribution=tags.get("TIFFTAG_COPYRIGHT"), url=None)
    told = _plain(" ".join([source.path, *first.parts[-_PLACES:], *tags.values()]))
    if legend.name in legend_names() and not any(
        _plain(name) in told for name in _product_names(legend.name)
    ):
        return Source(name=Path(source.path).name, licence=None, attribution=None, url=None)
    return Source(name=legend.title, licence=legend.licence, attribution=legend.attribution, url=legend.url)


def _product_names(legend: str) -> tuple[str, ...]:
    """What names of files call the product of a shipped legend."""
    return (legend, *_ALSO.get(legend, ()))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
