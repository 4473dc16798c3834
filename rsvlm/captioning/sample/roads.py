"""Lines on the ground: streets, tracks, the bridge, the railway, hedges, the power line."""

import math

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from .canvas import METRE, SHADOW, Canvas, Colour, Frame, stroke
from .ground import ASPHALT, BUILT, GRAVEL, PAVING, paint_plain, texture
from .town import Feature

WIDTHS = {
    "secondary": 7.5,
    "tertiary": 6.5,
    "unclassified": 6.0,
    "residential": 5.2,
    "service": 4.2,
    "track": 2.8,
    "footway": 2.2,
}
"""Metres from kerb to kerb."""

_SURFACES: dict[str, Colour] = {
    "asphalt": ASPHALT,
    "paving_stones": PAVING,
    "gravel": GRAVEL,
    "dirt": (151, 128, 97),
}
_WHITE: Colour = (222, 222, 216)


def paint_roads(canvas: Canvas, roads: list[Feature]) -> None:
    """All streets: first pavements and shoulders, then carriageways, then marks, so that junctions join."""
    for road in roads:
        kind = road.tags["highway"]
        if road.has("bridge", "yes"):
            _paint_bridge(canvas, road)
        elif kind in ("secondary", "tertiary", "residential", "unclassified"):
            paint_plain(canvas, stroke(road.shape, WIDTHS[kind] + 3.4), (158, 154, 146), BUILT, 0.4)
        else:
            paint_plain(canvas, stroke(road.shape, WIDTHS[kind] + 1.6), (132, 136, 92), None, 1.2)
        canvas.take(stroke(road.shape, WIDTHS[kind] + 3))
    for road in sorted(roads, key=lambda road: -WIDTHS[road.tags["highway"]], reverse=True):
        band = stroke(road.shape, WIDTHS[road.tags["highway"]]).union(_ends(road))
        cover = BUILT if road.has("surface", "asphalt", "paving_stones") else None
        paint_plain(canvas, band, _SURFACES[road.tags["surface"]], cover, 0.3)
        if road.has("highway", "track"):
            paint_plain(canvas, stroke(road.shape, 0.7), (124, 132, 84), None, 0.6)
    for road in roads:
        if road.has("highway", "secondary"):
            _paint_marks(canvas, road.shape)


def _ends(road: Feature) -> BaseGeometry:
    """Round ends, so that streets meet without a notch."""
    radius = WIDTHS[road.tags["highway"]] / 2 * METRE
    return shapely.union_all([shapely.Point(road.shape.coords[i]).buffer(radius) for i in (0, -1)])


def _paint_marks(canvas: Canvas, line: LineString) -> None:
    """The dashed line in the middle and the edge lines."""
    start = 8 * METRE
    while start < line.length - 8 * METRE:
        dash = substring(line, start, start + 4 * METRE)
        canvas.paint(canvas.mask(stroke(dash, 0.28)), _WHITE, opacity=0.9)
        start += 10 * METRE
    for side in (-1, 1):
        edge = line.parallel_offset(side * 3.35 * METRE)
        canvas.paint(canvas.mask(stroke(edge, 0.22)), _WHITE, opacity=0.55)


def _paint_bridge(canvas: Canvas, road: Feature) -> None:
    """A deck over the river with its shadow on the water and a parapet on either side."""
    width = WIDTHS[road.tags["highway"]] + 4
    deck = stroke(road.shape, width)
    dx, dy = (part * 5 * METRE for part in SHADOW)
    canvas.shade(canvas.mask(shapely.affinity.translate(deck, dx, dy), 0.6), 0.9)
    paint_plain(canvas, deck, (182, 178, 170), BUILT)
    for side in (-1, 1):
        wall = stroke(road.shape.parallel_offset(side * (width / 2 - 0.3) * METRE), 0.6)
        canvas.paint(canvas.mask(wall), (208, 205, 198))


def paint_ballast(canvas: Canvas, line: BaseGeometry) -> None:
    """The stone bed of a railway line."""
    paint_plain(canvas, stroke(line, 7.5), (138, 134, 104), BUILT, 2.0)
    patch = canvas.mask(stroke(line, 4.2), 0.6)
    if patch is not None:
        stone = texture(canvas, patch, (133, 121, 108), fine=0.10, grain=0.06)
        canvas.paint(patch, stone, cover=BUILT)
    canvas.take(stroke(line, 9))


def paint_rails(canvas: Canvas, line: LineString) -> None:
    """Sleepers, as far as they can be told at half a metre, and two rails that shine."""
    steps = np.arange(0.0, line.length, 1.3 * METRE)
    for start in steps:
        piece = substring(line, start, start + 0.55 * METRE)
        canvas.paint(canvas.mask(stroke(piece, 2.5)), (101, 92, 84), opacity=0.55)
    for side in (-0.75, 0.75):
        rail = stroke(line.parallel_offset(side * METRE), 0.34)
        canvas.paint(canvas.mask(rail), (186, 180, 174), opacity=0.85)


def paint_platform(canvas: Canvas, platform: Feature) -> None:
    """A raised platform with a light edge."""
    canvas.cast(platform.shape, 0.8)
    paint_plain(canvas, platform.shape, PAVING, BUILT)
    edge = platform.shape.boundary.buffer(0.35 * METRE)
    canvas.paint(canvas.mask(edge), (214, 210, 200), opacity=0.8)
    frame = Frame(platform.shape)
    roof = frame.box(0, 0, frame.length * 0.35, frame.width * 0.62)
    canvas.cast(roof, 4)
    canvas.paint(canvas.mask(roof), (112, 116, 122))


def paint_hedge(canvas: Canvas, hedge: Feature) -> None:
    """A dark strip that throws a short shadow."""
    band = stroke(hedge.shape, 1.8)
    canvas.cast(band, 1.8)
    patch = canvas.mask(band, 0.5)
    if patch is not None:
        canvas.paint(patch, texture(canvas, patch, (62, 84, 42), fine=0.12, grain=0.12))


def paint_power_line(canvas: Canvas, line: LineString) -> None:
    """Three wires, hardly to be seen, and their shadow."""
    for side in (-5, 0, 5):
        wire = line.parallel_offset(side * METRE)
        canvas.paint(canvas.mask(stroke(wire, 0.16)), (214, 214, 214), opacity=0.6)


def paint_pylon(canvas: Canvas, x: float, y: float, along: tuple[float, float]) -> None:
    """A lattice tower: four feet, a body that narrows, a cross-arm over the wires, and its long shadow."""
    norm = math.hypot(*along) or 1.0
    across = (-along[1] / norm, along[0] / norm)
    height = 26.0

    def arms(centre: tuple[float, float]) -> BaseGeometry:
        cx, cy = centre
        arm = 6.5 * METRE
        ends = [(cx + s * across[0] * arm, cy + s * across[1] * arm) for s in (-1, 1)]
        return stroke(LineString(ends), 0.9)

    top = (x + SHADOW[0] * height * METRE, y + SHADOW[1] * height * METRE)
    half = 2.6 * METRE
    foot = Polygon([(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)])
    legs = [stroke(LineString([corner, top]), 0.45) for corner in foot.exterior.coords[:4]]
    for part in (*legs, arms((x + 0.8 * (top[0] - x), y + 0.8 * (top[1] - y)))):
        canvas.shade(canvas.mask(part), 0.8)
    canvas.paint(canvas.mask(foot.buffer(0.5 * METRE)), (150, 146, 130), opacity=0.6)
    struts = [stroke(LineString([corner, (x, y)]), 0.6) for corner in foot.exterior.coords[:4]]
    for part in (foot.boundary.buffer(0.25 * METRE), *struts, arms((x, y))):
        canvas.paint(canvas.mask(part), (196, 200, 202), opacity=0.95)
    canvas.take(foot.buffer(4 * METRE))
