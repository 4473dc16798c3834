"""Makers of labels for the tests of captions: a chip of 100 x 100 px at 1 m, unless told otherwise."""

from typing import Any

from rsvlm.captioning.labels import OVERALL, REGIONS, Labels, LandCover, ObjectLabel, Role, Shape


def thing(
    tags: str | dict[str, str],
    box: tuple[float, float, float, float],
    shape: Shape = "area",
    *,
    role: Role = "surrounding",
    **fields: Any,
) -> ObjectLabel:
    """Return an object; tags may be written `key=value key=value`, sizes follow from the box."""
    x0, y0, x1, y1 = box
    label: ObjectLabel = {
        "id": f"w{x0:.0f}{y0:.0f}{x1:.0f}{y1:.0f}",
        "role": role,
        "shape": shape,
        "tags": dict(tags) if isinstance(tags, dict) else dict(tag.split("=", 1) for tag in tags.split()),
        "box": [x0, y0, x1, y1],
        "whole": True,
        "area_m2": (x1 - x0) * (y1 - y0) if shape == "area" else None,
        "length_m": max(x1 - x0, y1 - y0) if shape == "line" else None,
        "distance_m": None if role == "focus" else 5.0,
    }
    label.update(fields)  # type: ignore[typeddict-item]
    return label


def chip(*objects: ObjectLabel, **fields: Any) -> Labels:
    """Return the labels of a chip that holds these objects."""
    labels: Labels = {
        "width": 100,
        "height": 100,
        "gsd": 1.0,
        "north_up": True,
        "objects": list(objects),
        "landcover": None,
        "scene": [],
    }
    labels.update(fields)  # type: ignore[typeddict-item]
    return labels


def cover(
    overall: dict[str, int],
    *regions: dict[str, int],
    legend: str = "worldcover",
    coverage: float = 1.0,
) -> LandCover:
    """Return land cover by pixels: of the whole, and of the five regions (if none, equal to the whole)."""
    counts = dict(zip((OVERALL, *REGIONS), (overall, *(regions or [overall] * 5)), strict=True))
    return {
        "legend": legend,
        "date": None,
        "coverage": coverage,
        "regions": {
            region: [{"name": n, "pixels": p} for n, p in sorted(classes.items(), key=lambda c: -c[1])]
            for region, classes in counts.items()
        },
    }
