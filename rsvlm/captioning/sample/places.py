"""Places with marks of their own: pitches, car parks, gardens, graves, solar panels, playgrounds."""

import math

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from .canvas import METRE, Canvas, Colour, Frame, stroke
from .ground import ASPHALT, BUILT, GRASS, LAWN, PAVING, paint_grass, paint_plain, texture
from .town import Feature

_LINE: Colour = (228, 230, 224)
_CARS: tuple[Colour, ...] = (
    (218, 218, 216), (196, 198, 200), (70, 72, 76), (54, 56, 62),
    (150, 40, 38), (52, 82, 130), (128, 130, 132),
)  # fmt: skip


def _mark(canvas: Canvas, line: BaseGeometry, width: float = 0.32, opacity: float = 0.85) -> None:
    canvas.paint(canvas.mask(stroke(line, width)), _LINE, opacity=opacity)


def paint_football(canvas: Canvas, feature: Feature) -> None:
    """Mown in stripes, with touch lines, halfway line, centre circle, penalty areas and goals."""
    frame = Frame(feature.shape)
    patch = canvas.mask(feature.shape)
    if patch is None:
        return
    u, _ = frame.of(patch)
    grass = texture(canvas, patch, (94, 132, 62), fine=0.04, grain=0.03, tuft=0.02)
    canvas.paint(patch, grass * (1 + 0.06 * np.sign(np.sin(u * math.pi / 6.5)))[..., None], cover=GRASS)
    a, b = frame.length / 2 - 2, frame.width / 2 - 2
    _mark(canvas, frame.line((-a, -b), (a, -b), (a, b), (-a, b), (-a, -b)))
    _mark(canvas, frame.line((0, -b), (0, b)))
    _mark(canvas, Point(frame.at(0, 0)).buffer(a * 0.18 * METRE).boundary)
    for side in (-1, 1):
        for depth, half in ((0.32 * a, 0.6 * b), (0.11 * a, 0.28 * b)):
            _mark(
                canvas,
                frame.line(
                    (side * a, -half),
                    (side * (a - depth), -half),
                    (side * (a - depth), half),
                    (side * a, half),
                ),
            )
        goal = frame.box(side * (a + 0.8), 0, 1.4, 0.16 * b * 2)
        canvas.paint(canvas.mask(goal), _LINE, opacity=0.6)


def paint_tennis(canvas: Canvas, feature: Feature) -> None:
    """A clay court with its lines and the net."""
    frame = Frame(feature.shape)
    paint_plain(canvas, feature.shape, (176, 104, 72), BUILT)
    _mark(canvas, frame.line((-11.9, -5.5), (11.9, -5.5), (11.9, 5.5), (-11.9, 5.5), (-11.9, -5.5)))
    for v in (-4.1, 4.1):
        _mark(canvas, frame.line((-11.9, v), (11.9, v)), 0.26)
    for u in (-6.4, 6.4):
        _mark(canvas, frame.line((u, -4.1), (u, 4.1)), 0.26)
    _mark(canvas, frame.line((-6.4, 0), (6.4, 0)), 0.26)
    net = stroke(frame.line((0, -6), (0, 6)), 0.4)
    canvas.cast(net, 1.0)
    canvas.paint(canvas.mask(net), (60, 62, 60))


def paint_track(canvas: Canvas, feature: Feature) -> None:
    """A running track: red lanes with white lines round a lawn."""
    inner = feature.shape.buffer(-8 * METRE)
    paint_plain(canvas, feature.shape, (171, 84, 66), BUILT)
    for lane in range(1, 7):
        _mark(canvas, feature.shape.buffer(-lane * 1.22 * METRE).exterior, 0.2, 0.5)
    paint_grass(canvas, inner, LAWN, 0.3)


def paint_pool(canvas: Canvas, feature: Feature) -> None:
    """A tiled pool, lanes on its floor, with a light edge."""
    frame = Frame(feature.shape)
    paint_plain(canvas, feature.shape.buffer(4 * METRE, join_style="mitre"), (196, 188, 172), BUILT, 0.3)
    canvas.paint(canvas.mask(feature.shape.buffer(0.5 * METRE)), (222, 220, 212))
    patch = canvas.mask(feature.shape)
    if patch is not None:
        water = texture(canvas, patch, (86, 176, 190), fine=0.02, grain=0.04, tuft=0.02)
        canvas.paint(patch, water, cover=80)
    for v in np.arange(-frame.width / 2 + 2.1, frame.width / 2 - 1, 2.1):
        lane = stroke(frame.line((-frame.length / 2 + 1.5, v), (frame.length / 2 - 1.5, v)), 0.3)
        canvas.paint(canvas.mask(lane), (48, 112, 140), opacity=0.7)


def paint_car(canvas: Canvas, frame: Frame, u: float, v: float, turned: bool, paint: Colour) -> None:
    """A car in a frame; `turned` across it."""
    length, width = (1.85, 4.4) if turned else (4.4, 1.85)
    body = frame.box(u, v, length, width).buffer(0.25)
    canvas.cast(body, 1.4)
    canvas.paint(canvas.mask(body), paint)
    glass = frame.box(u, v, *((1.5, 2.3) if turned else (2.3, 1.5)))
    canvas.paint(canvas.mask(glass), (46, 52, 60), opacity=0.85)
    roof = frame.box(u, v, *((1.5, 1.3) if turned else (1.3, 1.5)))
    canvas.paint(canvas.mask(roof), paint)


def paint_parking(canvas: Canvas, feature: Feature) -> None:
    """Rows of bays on either side of the lanes, about six of ten with a car."""
    surface = PAVING if feature.has("surface", "paving_stones") else ASPHALT
    paint_plain(canvas, feature.shape, surface, BUILT)
    canvas.take(feature.shape)
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    ends = np.arange(-frame.length / 2 + 2, frame.length / 2 - 1.9, 2.6)
    for v in _bay_rows(frame.width):
        for i, u in enumerate(ends.tolist()):
            _mark(canvas, frame.line((u, v - 2.5), (u, v + 2.5)), 0.26, 0.8)
            if i + 1 < len(ends) and rng.random() < 0.6:
                paint_car(
                    canvas, frame, u + 1.3, v + rng.uniform(-0.2, 0.2), True, _CARS[rng.integers(len(_CARS))]
                )


def _bay_rows(width: float) -> list[float]:
    """Middles of rows of bays, 5 m deep, with 6 m between pairs of them."""
    found, v = [], -width / 2 + 3.0
    while v < width / 2 - 2.4:
        found.append(v)
        v += 11.0 if len(found) % 2 else 5.2
    return found


def paint_cemetery(canvas: Canvas, feature: Feature) -> None:
    """A lawn with gravel paths and rows of graves."""
    paint_grass(canvas, feature.shape, (106, 130, 74))
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    inner = feature.shape.buffer(-3 * METRE)
    for path in (
        frame.line((-frame.length / 2, 0), (frame.length / 2, 0)),
        frame.line((0, -frame.width / 2), (0, frame.width / 2)),
    ):
        paint_plain(canvas, stroke(path, 2.6).intersection(feature.shape), (178, 168, 150), None, 0.4)
    for v in np.arange(-frame.width / 2 + 4, frame.width / 2 - 2, 4.2):
        for u in np.arange(-frame.length / 2 + 4, frame.length / 2 - 2, 2.4):
            grave = frame.box(float(u), float(v), 1.2, 2.3)
            if abs(u) < 2.4 or abs(v) < 2.8 or rng.random() < 0.12 or not inner.contains(grave):
                continue
            tone = float(rng.uniform(120, 196))
            canvas.paint(canvas.mask(grave), (tone, tone * 0.98, tone * 0.94), opacity=0.9)
            stone = frame.box(float(u), float(v) + 1.0, 1.0, 0.4)
            canvas.cast(stone, 0.9)
    wall = feature.shape.boundary.buffer(0.4 * METRE)
    canvas.paint(canvas.mask(wall), (160, 152, 140))


def paint_solar(canvas: Canvas, feature: Feature) -> None:
    """Tables of dark blue panels in rows from west to east, that lean to the south."""
    paint_grass(canvas, feature.shape, (118, 138, 80), cover=BUILT)
    inner = feature.shape.buffer(-6 * METRE)
    x0, y0, x1, y1 = inner.bounds
    for y in np.arange(y0 + 3 * METRE, y1, 7.0 * METRE):
        for x in np.arange(x0, x1, 15.5 * METRE):
            table = shapely.box(x, y, x + 14.5 * METRE, y + 3.6 * METRE).intersection(inner)
            if table.area < 12 * METRE**2:
                continue
            canvas.cast(table, 1.4)
            _paint_panels(canvas, table)
    fence = feature.shape.buffer(-2 * METRE).boundary.buffer(0.18 * METRE)
    canvas.paint(canvas.mask(fence), (168, 170, 164), opacity=0.7)


def _paint_panels(canvas: Canvas, table: BaseGeometry) -> None:
    patch = canvas.mask(table)
    if patch is None:
        return
    x, y = patch.positions()
    x0, y0, _, _ = table.bounds
    panel = texture(canvas, patch, (50, 64, 98), fine=0.03, grain=0.03)
    frames = (((x - x0) % (1.7 * METRE)) < 0.7) | (np.abs(y - y0 - 1.8 * METRE) < 0.5)
    panel[np.broadcast_to(frames, panel.shape[:2])] *= np.array([1.7, 1.6, 1.4], np.float32)
    canvas.paint(patch, panel, cover=BUILT)


def paint_playground(canvas: Canvas, feature: Feature) -> None:
    """Sand with coloured things to climb on."""
    paint_plain(canvas, feature.shape, (206, 190, 150), None, 0.6)
    frame = Frame(feature.shape)
    for u, v, size, colour in (
        (-3.5, -1.5, (2.4, 2.4), (186, 60, 50)),
        (2.5, 1.8, (4.0, 1.0), (60, 110, 170)),
        (3.5, -2.5, (1.6, 1.6), (214, 170, 50)),
        (-2.0, 3.0, (3.2, 0.7), (80, 130, 70)),
    ):
        thing = frame.box(u, v, *size)
        canvas.cast(thing, 1.8)
        canvas.paint(canvas.mask(thing), colour)


def paint_allotments(canvas: Canvas, feature: Feature) -> None:
    """Small gardens beside each other: beds of every green and brown, with paths between."""
    paint_grass(canvas, feature.shape, (116, 134, 76))
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    beds: tuple[Colour, ...] = (
        (112, 86, 62), (84, 118, 50), (140, 150, 78), (66, 98, 46),
        (158, 132, 98), (124, 98, 74), (150, 92, 110),
    )  # fmt: skip
    inner = feature.shape.buffer(-1.5 * METRE)
    for v in np.arange(-frame.width / 2, frame.width / 2, 13.0):
        for u in np.arange(-frame.length / 2, frame.length / 2, 10.0):
            hedge = stroke(frame.line((float(u), float(v) + 1), (float(u), float(v) + 12)), 0.7)
            canvas.paint(canvas.mask(hedge.intersection(inner)), (72, 96, 50), opacity=0.9)
            for i in range(5):
                bed = frame.box(float(u) + 5, float(v) + 2.0 + 2.2 * i, 8.6, 1.8)
                if rng.random() < 0.9 and inner.contains(bed):
                    patch = canvas.mask(bed)
                    if patch is not None:
                        canvas.paint(
                            patch,
                            texture(canvas, patch, beds[rng.integers(len(beds))], fine=0.09, grain=0.08),
                        )
        path = stroke(frame.line((-frame.length / 2, float(v)), (frame.length / 2, float(v))), 1.4)
        paint_plain(canvas, path.intersection(feature.shape), (176, 164, 138), None, 0.4)


def paint_garden(canvas: Canvas, house: Feature, roads: BaseGeometry, verge: BaseGeometry) -> Polygon:
    """The plot of a house: its own green, a paved way to the street, a terrace. Returns the plot."""
    frame, rng = Frame(house.shape), np.random.default_rng(house.id)
    plot = frame.box(0, 0, frame.length + rng.uniform(9, 13), frame.width + rng.uniform(9, 14))
    plot = plot.difference(verge)
    if plot.geom_type != "Polygon":
        plot = max(plot.geoms, key=lambda part: float(part.area))
    greens: tuple[Colour, ...] = (
        (104, 130, 64),
        (118, 138, 74),
        (98, 122, 62),
        (128, 140, 82),
        (110, 134, 60),
    )
    paint_grass(canvas, plot, greens[rng.integers(len(greens))], 0.8)
    if rng.random() < 0.6:
        hedge = plot.boundary.buffer(0.55 * METRE)
        patch = canvas.mask(hedge, 0.4)
        if patch is not None:
            canvas.paint(patch, texture(canvas, patch, (70, 92, 48), fine=0.1, grain=0.1), opacity=0.8)
    start, end = shapely.ops.nearest_points(house.shape.centroid, roads)
    if start.distance(end) < 34 * METRE:
        paint_plain(canvas, stroke(LineString([start, end]), 3.0), (164, 158, 150), BUILT, 0.3)
    terrace = frame.box(rng.uniform(-2, 2), frame.width / 2 + 1.6, 5.0, 3.2)
    paint_plain(canvas, terrace, (176, 166, 154), BUILT)
    return plot
