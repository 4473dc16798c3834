"""`.aux.xml` files beside an image, in which GDAL and QGIS keep what a format cannot hold or a user set later.

GDAL itself is not let near them, for they can name other files: CRS, transform and nodata are read here, and nothing
else. https://gdal.org/en/stable/drivers/raster/vrt.html#pam describes them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from pyproj import CRS
from pyproj.exceptions import CRSError

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Transform
from rsvlm.imagery.metafiles import parse_xml, read_bytes
from rsvlm.imagery.scan import trimmed
from rsvlm.imagery.stac_place import crs_text


@dataclass(frozen=True)
class Pam:
    """What an `.aux.xml` file says; each part is empty where it does not say it.

    Attributes:
        crs: "EPSG:32652" or WKT.
        transform: From (column, row) to coordinates of the CRS.
        nodata: Band number, from 1 -> stored value that means "no pixel here".
        note: Why the file was not read, where it was not.
    """

    crs: str | None = None
    transform: Transform | None = None
    nodata: Mapping[int, float] = field(default_factory=dict)
    note: str | None = None


def read_pam(path: Path) -> Pam:
    """Read the file; one that cannot be read says only so, for an image can do without."""
    try:
        root = parse_xml(read_bytes(path), path)
        return Pam(_crs(root, path), _transform(root), _nodata(root))
    except ImageryError as error:
        return Pam(note=f"its .aux.xml file was not read: {trimmed(error, path)}")


def _crs(root: Element, path: Path) -> str | None:
    text = (root.findtext("SRS") or "").strip()
    if not text:
        return None
    try:
        crs = CRS.from_wkt(text)
    except CRSError:
        raise ImageryError(f"{path} holds no coordinate system in WKT but {text[:80]!r}") from None
    return None if crs.is_engineering else crs_text(crs)


def _transform(root: Element) -> Transform | None:
    """GDAL's order is C A B F D E."""
    try:
        c, a, b, f, d, e = (float(number) for number in root.findtext("GeoTransform", "").split(","))
    except ValueError:
        return None
    usable = all(map(math.isfinite, (a, b, c, d, e, f))) and a * e != b * d
    return (a, b, c, d, e, f) if usable else None


def _nodata(root: Element) -> dict[int, float]:
    found = {}
    for band in root.iterfind("PAMRasterBand"):
        try:
            found[int(band.get("band", ""))] = float(band.findtext("NoDataValue", ""))
        except ValueError:  # says nothing of it
            continue
    return found
