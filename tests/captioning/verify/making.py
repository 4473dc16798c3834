"""Short ways to write labels by hand."""

import math
from typing import Any

from rsvlm.captioning.labels import CoverShare, LandCover, ObjectLabel
from rsvlm.captioning.labels import Labels as Labels


def labels(
    objects: list[ObjectLabel] | None = None,
    cover: LandCover | None = None,
    scene: list[str] | None = None,
    **more: Any,
) -> Labels:
    """Labels of a chip of 300 x 300 pixels of 1 m, north up, where nothing else is said."""
    made: dict[str, Any] = {"width": 300, "height": 300, "gsd": 1.0, "north_up": True}
    made |= {"objects": objects or [], "landcover": cover, "scene": scene or []}
    return made | more  # type: ignore[return-value]


def area(tags: dict[str, str], box: tuple[float, float, float, float], **more: Any) -> ObjectLabel:
    """A rectangle that fills its box, 30 m from the focus."""
    x0, y0, x1, y1 = box
    return _label("area", tags, box, **{"area_m2": float((x1 - x0) * (y1 - y0))} | more)


def line(tags: dict[str, str], box: tuple[float, float, float, float], **more: Any) -> ObjectLabel:
    """A straight line from corner to corner of its box."""
    x0, y0, x1, y1 = box
    return _label("line", tags, box, **{"length_m": math.hypot(x1 - x0, y1 - y0)} | more)


def point(tags: dict[str, str], x: float, y: float, **more: Any) -> ObjectLabel:
    """A point."""
    return _label("point", tags, (x, y, x, y), **more)


def _label(shape: str, tags: dict[str, str], box: tuple[float, ...], **more: Any) -> ObjectLabel:
    made: dict[str, Any] = {
        "id": "way/1",
        "role": "surrounding",
        "shape": shape,
        "tags": tags,
        "box": list(box),
    }
    made |= {"whole": True, "area_m2": None, "length_m": None, "distance_m": 30.0} | more
    if made["role"] == "focus":
        made["distance_m"] = None
    return made  # type: ignore[return-value]


def cover(
    legend: str, overall: list[tuple[str, int]], coverage: float = 1.0, **regions: list[tuple[str, int]]
) -> LandCover:
    """Land cover; regions that are not given (with `_` for the blank) are a quarter of the whole."""
    quarter = [(name, pixels // 4) for name, pixels in overall]
    names = ("top left", "top right", "bottom left", "bottom right", "middle")
    told = {name: regions.get(name.replace(" ", "_"), quarter) for name in names}
    return {
        "legend": legend,
        "date": None,
        "coverage": coverage,
        "regions": {name: _shares(shares) for name, shares in {"overall": overall, **told}.items()},
    }


def _shares(shares: list[tuple[str, int]]) -> list[CoverShare]:
    return [{"name": name, "pixels": pixels} for name, pixels in shares]
