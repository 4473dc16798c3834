"""Roofs, and what stands upright: houses, halls, the church, tanks, greenhouses."""

import math
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from .canvas import METRE, SUN, Canvas, Colour, Floats, Frame, Patch
from .ground import BUILT, texture
from .town import Feature

_ROOFS: dict[str, Colour] = {
    "red": (170, 86, 62),
    "orange": (190, 112, 70),
    "brown": (128, 92, 70),
    "darkgrey": (92, 93, 98),
    "grey": (142, 142, 144),
    "lightgrey": (186, 186, 184),
    "white": (224, 224, 220),
    "blue": (104, 134, 168),
}
_PITCH = {"gabled": 0.62, "hipped": 0.55, "pyramidal": 1.4}
"""How steep a roof is: rise over run."""


def paint_building(canvas: Canvas, feature: Feature) -> None:
    """A building with its shadow and the roof that its tags tell of."""
    canvas.cast(feature.shape, feature.height)
    canvas.take(feature.shape.buffer(0.8 * METRE))
    patch = canvas.mask(feature.shape)
    if patch is None:
        return
    if feature.has("building", "greenhouse"):
        roof = _glass(canvas, patch, feature.shape)
    elif feature.tags.get("roof:shape", "flat") == "flat":
        roof = _flat(canvas, patch, feature)
    else:
        roof = _pitched(canvas, patch, feature)
    canvas.paint(patch, roof, cover=BUILT)
    if feature.has("roof:shape", "flat") and feature.shape.area > 500 * METRE**2:
        _equipment(canvas, feature)
    elif feature.has("building", "house"):
        _chimney(canvas, feature)


def _pitched(canvas: Canvas, patch: Patch, feature: Feature) -> Floats:
    """Sloping faces, one for each eave: a pixel belongs to the nearest, as bright as it faces the sun.

    On a gabled roof over a rectangle only the two longer sides have eaves.
    """
    shape = feature.tags["roof:shape"]
    ring = shapely.get_coordinates(feature.shape.exterior)
    if not feature.shape.exterior.is_ccw:  # in pixels, with y down, that is clockwise
        ring = ring[::-1]
    sides = list(pairwise(ring))
    lengths = [math.dist(a, b) for a, b in sides]
    if shape == "gabled" and len(sides) == 4:
        longer = 0 if lengths[0] + lengths[2] >= lengths[1] + lengths[3] else 1
        sides = sides[longer::2]
    x, y = patch.positions()
    depth = np.stack([_distance(x, y, a, b) for a, b in sides])
    face = depth.argmin(axis=0)
    near = np.sort(depth, axis=0)
    light = np.array([_facing(a, b, _PITCH[shape]) for a, b in sides], np.float32)[face]
    rows = 0.03 * np.sin(near[0] / METRE * 2 * math.pi / 1.1)
    roof = texture(canvas, patch, _ROOFS[feature.tags["roof:colour"]], fine=0.045, grain=0.03, tuft=0.03)
    ridge = np.clip(1 - (near[1] - near[0]) / (0.5 * METRE), 0, 1)
    eave = np.clip(1 - near[0] / (0.6 * METRE), 0, 1)
    lit: Floats = (roof * (light * (1 + rows) + 0.10 * ridge - 0.10 * eave)[..., None]).astype(np.float32)
    return lit


def _distance(x: Floats, y: Floats, a: Floats, b: Floats) -> Floats:
    """Distance of pixels from the line through two corners, (H, W)."""
    nx, ny = a[1] - b[1], b[0] - a[0]
    size = math.hypot(nx, ny)
    far: Floats = np.abs(((x - a[0]) * nx + (y - a[1]) * ny) / size).astype(np.float32)
    return far


def _facing(a: Floats, b: Floats, pitch: float) -> float:
    """Brightness of the face over an eave, walked clockwise in the picture: 1 for level ground."""
    out = np.array([b[1] - a[1], a[0] - b[0]]) / math.dist(a, b)
    towards = float(out @ np.array(SUN))
    normal = math.hypot(1.0, pitch)
    direct = max(0.0, (0.64 + 0.77 * pitch * towards) / normal) / 0.64
    return 0.34 + 0.66 * direct


def _flat(canvas: Canvas, patch: Patch, feature: Feature) -> Floats:
    """A level roof with a parapet, and the shadow that its sides towards the sun throw on it."""
    colour = _ROOFS[feature.tags.get("roof:colour", "grey")]
    roof = texture(canvas, patch, colour, fine=0.025, grain=0.02, tuft=0.015, broad=0.03)
    x, y = patch.positions()
    ring = shapely.get_coordinates(feature.shape.exterior)
    if not feature.shape.exterior.is_ccw:  # in pixels, with y down, that is clockwise
        ring = ring[::-1]
    for a, b in pairwise(ring):
        edge = _distance(x, y, a, b) / METRE
        along = ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / math.dist(a, b) ** 2
        beside = (along > -0.02) & (along < 1.02)
        bright = _facing(a, b, 1.0) > 1
        roof[(edge < 0.5) & beside] *= 1.10
        if bright:
            roof[(edge >= 0.5) & (edge < 1.2) & beside] *= 0.72
    if feature.shape.area > 900 * METRE**2:
        u, _ = Frame(feature.shape).of(patch)
        roof *= (1 - 0.05 * (np.abs(u % 6 - 3) < 0.2))[..., None]
    return roof


def _equipment(canvas: Canvas, feature: Feature) -> None:
    """Skylights and ventilation on a large flat roof."""
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    inner = feature.shape.buffer(-4 * METRE)
    for u in np.arange(-frame.length / 2 + 8, frame.length / 2 - 7, 11.0):
        for v in (-frame.width / 5, frame.width / 5):
            kind = rng.random()
            size = (3.2, 1.6) if kind < 0.75 else (2.4, 2.4)
            box = frame.box(float(u), v, *size)
            if kind > 0.93 or not inner.contains(box):
                continue
            canvas.cast(box, 0.5 if kind < 0.75 else 1.6)
            canvas.paint(canvas.mask(box), (196, 210, 220) if kind < 0.75 else (168, 170, 172))


def _chimney(canvas: Canvas, feature: Feature) -> None:
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    box = frame.box(float(rng.uniform(-0.25, 0.25)) * frame.length, 0.8, 0.9, 0.9)
    canvas.cast(box, 1.6)
    canvas.paint(canvas.mask(box), (150, 120, 106))


def _glass(canvas: Canvas, patch: Patch, shape: BaseGeometry) -> Floats:
    """A greenhouse: glass over green, with white bars."""
    frame = Frame(shape)
    u, v = frame.of(patch)
    glass = texture(canvas, patch, (168, 190, 178), fine=0.04, grain=0.06, tuft=0.03)
    facing = float(np.array(frame.across) @ np.array(SUN))
    glass *= (1 + 0.10 * np.sign(v) * np.sign(facing))[..., None]
    bars = (np.abs(u % 3 - 1.5) < 0.28) | (np.abs(v) < 0.35) | (np.abs(v) > frame.width / 2 - 0.4)
    return np.where(bars[..., None], np.float32(226), glass).astype(np.float32)


def paint_round(canvas: Canvas, feature: Feature) -> None:
    """A tank or silo: a round white lid, brighter towards the sun, with a rim."""
    canvas.cast(feature.shape, feature.height)
    canvas.take(feature.shape.buffer(2 * METRE))
    patch = canvas.mask(feature.shape)
    if patch is None:
        return
    x, y = patch.positions()
    centre = feature.shape.centroid
    radius = math.sqrt(feature.shape.area / math.pi)
    dx, dy = (x - centre.x) / radius, (y - centre.y) / radius
    lid = texture(canvas, patch, (214, 214, 210), fine=0.02, grain=0.02)
    lid *= (0.96 + 0.16 * (dx * SUN[0] + dy * SUN[1]))[..., None]
    lid[np.abs(np.hypot(dx, dy) - 0.93) < 0.05] *= 0.84
    canvas.paint(patch, lid, cover=BUILT)
    canvas.paint(canvas.mask(Point(centre).buffer(0.6 * METRE)), (150, 150, 148))


def paint_clarifier(canvas: Canvas, shape: BaseGeometry) -> None:
    """The concrete rim round a sewage basin, and, where it is round, the scraper's bridge across it."""
    canvas.paint(canvas.mask(shape.boundary.buffer(0.6 * METRE)), (192, 190, 184))
    if shape.area > 0.7 * math.pi / 4 * shape.envelope.area and len(shape.exterior.coords) > 8:
        radius = math.sqrt(shape.area / math.pi)
        bridge = shapely.LineString(
            [shape.centroid, (shape.centroid.x + radius * 0.8, shape.centroid.y - radius * 0.6)]
        )
        canvas.paint(canvas.mask(bridge.buffer(0.5 * METRE)), (206, 206, 204))
        canvas.paint(canvas.mask(shape.centroid.buffer(1.2 * METRE)), (186, 186, 184))


def paint_fountain(canvas: Canvas, shape: BaseGeometry) -> None:
    """A round basin with a jet in the middle."""
    canvas.cast(shape, 0.6)
    canvas.paint(canvas.mask(shape), (196, 190, 178))
    canvas.paint(canvas.mask(shape.buffer(-0.7 * METRE)), (92, 134, 148))
    canvas.paint(canvas.mask(shape.centroid.buffer(0.7 * METRE), 0.5), (232, 238, 240))
