"""What a STAC item says of an image: where its pixels lie, when it was taken, whose it is.

Projection extension 1 and 2: https://github.com/stac-extensions/projection.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from rsvlm.imagery.grid import Transform
from rsvlm.imagery.metafiles import utc
from rsvlm.imagery.stac import Item, Json, mapping, sequence

_LONGEST = 1000


@dataclass(frozen=True)
class SidecarPlace:
    """What the files beside an image say of it; each part is None where they do not say it.

    Attributes:
        crs: "EPSG:32652" or WKT; None where the place is unknown.
        transform: From (column, row) to coordinates of the CRS; None together with it.
        datetime: Time of acquisition, ISO 8601 UTC.
        licence: SPDX identifier or words.
        attribution: Who must be named.
        url: Where the item is published.
    """

    crs: str | None = None
    transform: Transform | None = None
    datetime: str | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None


def item_place(item: Item, image: Path, width: int, height: int) -> SidecarPlace:
    """What the item says of one of its images, `width` x `height` pixels.

    Place: `proj:transform` with `proj:code`, `proj:epsg`, `proj:wkt2` or `proj:projjson`, of the asset or
    else of the item, unless `proj:shape` beside it is of another image. Else the bounding box in degrees,
    where the geometry is exactly that rectangle: a footprint of any other form does not say where the pixels
    lie.
    """
    asset = next((a for a in item.assets.values() if item.local(a.get("href")) == image), {})
    place = _projected(asset, item.properties, width, height) or _rectangle(item.content, width, height)
    crs, transform = place or (None, None)
    said = {**item.properties, **asset}
    return SidecarPlace(
        crs=crs,
        transform=transform,
        datetime=utc(said.get("datetime")) or utc(said.get("start_datetime")),
        licence=_words(said.get("license")) or _link(item, "license"),
        attribution=_attribution(said.get("providers")),
        url=_link(item, "self") or _link(item, "canonical"),
    )


def crs_text(crs: CRS) -> str:
    """A CRS as "EPSG:32652" where it is one, else as WKT."""
    epsg = crs.to_epsg()
    return f"EPSG:{epsg}" if epsg is not None else str(crs.to_wkt())


def _projected(asset: Json, properties: Json, width: int, height: int) -> tuple[str, Transform] | None:
    for level in (asset, properties):
        if "proj:transform" not in level:
            continue
        if level.get("proj:shape", [height, width]) != [height, width]:
            return None
        transform = _affine(level["proj:transform"])
        crs = _crs(asset) or _crs(properties)
        return (crs, transform) if crs and transform else None
    return None


def _affine(value: object) -> Transform | None:
    numbers = [n for n in map(_number, sequence(value)[:6]) if n is not None]
    if len(numbers) != 6:
        return None
    a, b, c, d, e, f = numbers
    return (a, b, c, d, e, f) if a * e - b * d != 0 else None


def _crs(level: Json) -> str | None:
    epsg = level.get("proj:epsg")
    code = level.get("proj:code", f"EPSG:{epsg}" if isinstance(epsg, int) else None)
    try:
        if isinstance(code, str) and re.fullmatch(r"\w+:\w+", code):
            return crs_text(CRS.from_user_input(code))
        if isinstance(wkt := level.get("proj:wkt2"), str):
            return crs_text(CRS.from_wkt(wkt))
        if isinstance(projjson := level.get("proj:projjson"), Mapping):
            return crs_text(CRS.from_json_dict(dict(projjson)))
    except CRSError:  # the item is used for what else it says
        return None
    return None


def _rectangle(content: Json, width: int, height: int) -> tuple[str, Transform] | None:
    box = [n for n in map(_number, sequence(content.get("bbox"))) if n is not None]
    if len(box) == 6:  # with heights
        box = [box[0], box[1], box[3], box[4]]
    geometry = mapping(content.get("geometry"))
    rings = sequence(geometry.get("coordinates"))
    if len(box) != 4 or geometry.get("type") != "Polygon" or len(rings) != 1:
        return None
    west, south, east, north = box
    points = [p for p in map(sequence, sequence(rings[0])) if len(p) >= 2]
    corners = [(_number(p[0]), _number(p[1])) for p in points]
    expected = {(west, south), (east, south), (east, north), (west, north)}
    if len(corners) != 5 or set(corners) != expected or not (west < east and south < north):
        return None
    if any((x0 == x1) == (y0 == y1) for (x0, y0), (x1, y1) in pairwise(corners)):  # a bow tie
        return None
    return "EPSG:4326", ((east - west) / width, 0.0, west, 0.0, (south - north) / height, north)


def _attribution(providers: object) -> str | None:
    known = [p for p in map(mapping, sequence(providers)) if _words(p.get("name"))]
    makers = [p for p in known if {"licensor", "producer"} & set(map(str, sequence(p.get("roles"))))]
    names = dict.fromkeys(str(_words(p["name"])) for p in makers or known)
    return "; ".join(names) or None


def _link(item: Item, relation: str) -> str | None:
    """The first link of a relation to the web: a path on somebody's disk says nothing to others."""
    for link in map(mapping, sequence(item.content.get("links"))):
        href = _words(link.get("href"))
        if link.get("rel") == relation and href and href.startswith(("https://", "http://")):
            return href
    return None


def _words(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) and len(value) <= _LONGEST else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 and math.isfinite(value) else None
