"""Labels as real chips have them, made from a seed: objects with boxes, land cover of a random mask, scene names."""

import math
import random

import numpy as np

from rsvlm.captioning.labels import OVERALL, REGIONS, CoverShare, LandCover, ObjectLabel, Role, Shape
from rsvlm.captioning.labels import Labels as Labels
from rsvlm.vocabularies import legend_names, load_legend, load_tags

AREAS: list[dict[str, str]] = [
    {"building": "house"},
    {"building": "house", "roof:shape": "gabled"},
    {"building": "yes"},
    {"building": "yes", "building:levels": "2"},
    {"building": "garage"},
    {"building": "church", "amenity": "place_of_worship"},
    {"building": "school", "amenity": "school"},
    {"landuse": "farmland"},
    {"landuse": "farmland", "crop": "cotton"},
    {"landuse": "forest", "leaf_type": "broadleaved"},
    {"landuse": "meadow"},
    {"landuse": "residential"},
    {"landuse": "quarry", "resource": "bauxite"},
    {"natural": "water", "water": "pond"},
    {"leisure": "swimming_pool"},
    {"leisure": "pitch", "sport": "tennis"},
    {"leisure": "pitch", "sport": "soccer", "surface": "grass"},
    {"amenity": "parking", "surface": "asphalt"},
    {"man_made": "pier"},
]
LINES: list[dict[str, str]] = [
    {"highway": "residential", "surface": "asphalt"},
    {"highway": "residential", "lanes": "2"},
    {"highway": "footway"},
    {"highway": "track", "surface": "gravel"},
    {"highway": "primary", "lanes": "2", "surface": "asphalt"},
    {"waterway": "river"},
    {"waterway": "stream"},
    {"railway": "rail"},
    {"power": "minor_line", "cables": "3", "voltage": "16000"},
    {"barrier": "hedge"},
]
POINTS: list[dict[str, str]] = [
    {"natural": "tree"},
    {"natural": "tree", "leaf_type": "needleleaved"},
    {"power": "pole"},
    {"power": "tower"},
    {"amenity": "fountain"},
]


def random_labels(rng: random.Random) -> Labels:
    """Labels of one chip: a third objects only, a third land cover too, the rest land cover or scene names only."""
    size = rng.choice([64, 256, 256, 512])
    gsd = rng.choice([0.3, 0.6, 0.6, 1.0])
    kind = rng.choice(["objects", "objects", "both", "both", "cover", "scene"])
    return {
        "width": size,
        "height": size,
        "gsd": 10.0 if kind in ("cover", "scene") else gsd,
        "north_up": rng.random() < 0.8,
        "objects": random_objects(rng, size, gsd) if kind in ("objects", "both") else [],
        "landcover": random_cover(rng, size) if kind in ("both", "cover") else None,
        "scene": random_scene(rng) if kind == "scene" else [],
    }


def random_objects(rng: random.Random, size: int, gsd: float) -> list[ObjectLabel]:
    """One focus and up to a dozen objects around it, many of them alike, nearest first."""
    kinds = [_kind(rng) for _ in range(rng.randint(1, 4))]
    drawn = [rng.choice(kinds) for _ in range(rng.choice([1, 1, 2, 3, 5, 8, 12]))]
    made = [_object(rng, n, shape, tags, size, gsd) for n, (shape, tags) in enumerate(drawn)]
    focus, others = made[0], made[1:]
    focus["role"], focus["distance_m"] = "focus", None
    for other in others:
        other["distance_m"] = gsd * _gap(focus["box"], other["box"])
    return [focus, *sorted(others, key=lambda o: (o["distance_m"] or 0.0, o["id"]))]


def _kind(rng: random.Random) -> tuple[Shape, dict[str, str]]:
    shape: Shape = rng.choice(["area", "area", "line", "point"])
    tags = rng.choice({"area": AREAS, "line": LINES, "point": POINTS}[shape])
    return shape, tags


def _object(
    rng: random.Random, n: int, shape: Shape, tags: dict[str, str], size: int, gsd: float
) -> ObjectLabel:
    role: Role = "surrounding"
    box = _box(rng, shape, size)
    width, height = box[2] - box[0], box[3] - box[1]
    return {
        "id": f"{'node' if shape == 'point' else 'way'}/{n}",
        "role": role,
        "shape": shape,
        "tags": load_tags().visible(tags, gsd) or dict(tags),
        "box": box,
        "whole": min(box[:2]) > 0 and max(box[2:]) < size,
        "area_m2": width * height * gsd * gsd * rng.uniform(0.6, 1.0) if shape == "area" else None,
        "length_m": math.hypot(width, height) * gsd * rng.uniform(1.0, 1.3) if shape == "line" else None,
        "distance_m": None,
    }


def _box(rng: random.Random, shape: Shape, size: int) -> list[float]:
    x, y = rng.uniform(0, size), rng.uniform(0, size)
    if shape == "point":
        return [x, y, x, y]
    if shape == "line" and rng.random() < 0.5:  # right across the chip
        return [0.0, y, float(size), min(y + rng.uniform(0, 20), size)]
    width, height = (math.exp(rng.uniform(math.log(4), math.log(size))) for _ in range(2))
    return [
        max(x - width / 2, 0),
        max(y - height / 2, 0),
        min(x + width / 2, size),
        min(y + height / 2, size),
    ]


def _gap(a: list[float], b: list[float]) -> float:
    dx = max(a[0] - b[2], b[0] - a[2], 0.0)
    dy = max(a[1] - b[3], b[1] - a[3], 0.0)
    return math.hypot(dx, dy)


def random_cover(rng: random.Random, size: int) -> LandCover:
    """The land cover of a mask of random rectangles over one background class, counted in the five regions."""
    legend = load_legend(rng.choice(legend_names()))
    parents = {c.parent.name for c in legend.classes if c.parent}  # rasters hold the finest level of a legend
    classes = sorted({c.name for c in legend.classes if not c.background and c.name not in parents})
    mask = np.full((size, size), rng.randrange(len(classes)), dtype=int)
    for _ in range(rng.choice([0, 1, 2, 4, 8, 16])):
        x, y = rng.randrange(size), rng.randrange(size)
        w, h = (max(2, int(size * rng.random() ** 2)) for _ in range(2))
        mask[y : y + h, x : x + w] = rng.choice([-1, *range(len(classes)), *range(len(classes))])
    half, quarter = size // 2, size // 4
    middle = slice(quarter, 3 * quarter)
    parts = [
        mask[:half, :half],
        mask[:half, half:],
        mask[half:, :half],
        mask[half:, half:],
        mask[middle, middle],
    ]
    regions = {OVERALL: _shares(mask, classes)}
    for region, part in zip(REGIONS, parts, strict=True):
        regions[region] = _shares(part, classes)
    return {
        "legend": legend.name,
        "date": None,
        "coverage": float((mask >= 0).mean()),
        "regions": regions,
    }


def _shares(part: np.ndarray, names: list[str]) -> list[CoverShare]:
    counts = np.bincount(part[part >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-counts[i], i))
    return [{"name": names[i], "pixels": int(counts[i])} for i in order if counts[i]]


def random_scene(rng: random.Random) -> list[str]:
    """Some CORINE level-3 names, as BigEarthNet gives them."""
    names = [c.name for c in load_legend("corine").classes if c.parent is not None]
    return rng.sample(names, rng.randint(1, 6))
