"""What the ground is covered with: grass, fields, forest floor, paving, rock, water."""

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from .canvas import METRE, SUN, Canvas, Colour, Floats, Frame, Patch, blur
from .town import Feature

TREE, GRASS, CROP, BUILT, BARE, WATER = 10, 30, 40, 50, 60, 80
"""ESA WorldCover codes."""

ASPHALT: Colour = (112, 112, 114)
PAVING: Colour = (163, 158, 150)
GRAVEL: Colour = (170, 161, 143)
LAWN: Colour = (103, 127, 66)
MEADOW: Colour = (122, 140, 78)


def texture(
    canvas: Canvas,
    patch: Patch,
    colour: Colour,
    *,
    fine: float = 0.04,
    grain: float = 0.0,
    tuft: float = 0.0,
    broad: float = 0.0,
    dry: float = 0.0,
) -> Floats:
    """A colour made uneven by noise of several grains, as shares of its brightness; `dry` yellows it."""
    noise, window = canvas.noise, patch.window
    light = 1 + fine * noise.fine[window]
    for strength, field in ((grain, noise.grain), (tuft, noise.tuft), (broad, noise.patch)):
        if strength:
            light = light + strength * field[window]
    out = np.asarray(colour, np.float32) * light[..., None]
    if dry:
        hue = dry * (noise.patch[window] + noise.broad[window])
        out = out * (1 + hue[..., None] * np.array([0.045, 0.012, -0.012], np.float32))
    return out.astype(np.float32)


def paint_base(canvas: Canvas) -> None:
    """Rough grass everywhere."""
    whole = Patch((slice(None), slice(None)), np.ones(canvas.cover.shape, np.float32))
    canvas.paint(
        whole, texture(canvas, whole, MEADOW, fine=0.05, grain=0.05, tuft=0.05, dry=1.0), cover=GRASS
    )


def paint_plain(
    canvas: Canvas, shape: BaseGeometry, colour: Colour, cover: int | None, soft: float = 0.0
) -> None:
    """An even surface: paving, gravel, clay."""
    patch = canvas.mask(shape, soft)
    if patch is not None:
        canvas.paint(patch, texture(canvas, patch, colour, fine=0.035, grain=0.025, broad=0.02), cover=cover)


def paint_grass(
    canvas: Canvas, shape: BaseGeometry, colour: Colour = LAWN, soft: float = 1.0, cover: int = GRASS
) -> None:
    """Mown or grazed grass; `cover` where what grows or stands on it counts for more."""
    patch = canvas.mask(shape, soft)
    if patch is not None:
        grass = texture(canvas, patch, colour, fine=0.05, grain=0.04, tuft=0.04, dry=0.8)
        canvas.paint(patch, grass, cover=cover)


def paint_meadow(canvas: Canvas, feature: Feature) -> None:
    """A hay meadow with the swathes of the last mowing."""
    patch = canvas.mask(feature.shape, 1.5)
    if patch is None:
        return
    rng = np.random.default_rng(feature.id)
    _, v = Frame(feature.shape).of(patch)
    swathe = np.sin((v + 0.6 * canvas.noise.tuft[patch.window]) * 2 * math.pi / 5.5)
    colour = ((118, 142, 72), (132, 148, 80), (112, 134, 66))[rng.integers(3)]
    grass = texture(canvas, patch, colour, fine=0.05, grain=0.04, tuft=0.04, dry=1.2)
    canvas.paint(patch, grass * (1 + 0.045 * swathe[..., None]), cover=GRASS)


_CROPS: dict[str, tuple[Colour, float]] = {
    "wheat": ((191, 170, 108), 0.05),
    "maize": ((78, 108, 52), 0.10),
    "rapeseed": ((205, 191, 62), 0.06),
    "": ((141, 115, 88), 0.09),
}
"""Colour of each crop and how deep its rows are; without a crop the soil is bare, freshly ploughed."""


def paint_field(canvas: Canvas, feature: Feature) -> None:
    """Farmland: rows along the longer side, the paired tracks of the tractor, a headland at both ends."""
    patch = canvas.mask(feature.shape, 0.8)
    if patch is None:
        return
    colour, depth = _CROPS[feature.tags.get("crop", "")]
    frame = Frame(feature.shape)
    u, v = frame.of(patch)
    inside = blur(patch.alpha, 7 * METRE) > 0.93
    rows = np.where(inside, np.sin(v * 2 * math.pi / 2.6), np.sin(u * 2 * math.pi / 2.6))
    soil = texture(canvas, patch, colour, fine=0.05, grain=0.035, tuft=0.03, broad=0.045, dry=0.7)
    soil *= (1 + depth * rows * (0.8 + 0.3 * canvas.noise.tuft[patch.window]))[..., None]
    if feature.has("crop"):
        lane = np.abs((v + 9) % 18 - 9)
        track = ((lane > 0.75) & (lane < 1.35) & inside)[..., None]
        soil = np.where(track, soil * np.array([0.86, 0.82, 0.86], np.float32) + 8, soil)
    canvas.paint(patch, soil.astype(np.float32), cover=CROP)


def paint_forest_floor(canvas: Canvas, shape: BaseGeometry) -> None:
    """The dark ground between trunks."""
    patch = canvas.mask(shape, 1.0)
    if patch is not None:
        canvas.paint(patch, texture(canvas, patch, (52, 62, 38), fine=0.08, grain=0.1, tuft=0.1), cover=TREE)


def paint_quarry(canvas: Canvas, shape: BaseGeometry) -> None:
    """Bare stone that goes down in benches, their walls bright towards the sun and dark against it."""
    patch = canvas.mask(shape, 0.5)
    if patch is None:
        return
    window, bench = patch.window, 11 * METRE
    x, y = patch.positions()
    points = shapely.points(*np.broadcast_arrays(x[:, ::2], y[::2]))
    edge = np.kron(shapely.distance(points, shape.boundary), np.ones((2, 2)))[: x.shape[1], : x.shape[1]]
    depth = np.zeros_like(patch.alpha)
    depth[:] = edge[: depth.shape[0], : depth.shape[1]]
    level = (
        np.minimum(depth + 3.5 * canvas.noise.patch[window] + 0.5 * canvas.noise.tuft[window], 4.4 * bench)
        / bench
    )
    floor = np.floor(level).astype(np.float32)
    dy, dx = np.gradient(8 * blur(floor / 8, 1.6))
    wall = SUN[0] * dx + SUN[1] * dy  # ground falls, and so a wall faces, where the gradient points
    stone = texture(canvas, patch, (190, 179, 156), fine=0.035, grain=0.03, tuft=0.03, broad=0.05)
    rubble = np.clip(level - floor, 0, 1)
    stone *= np.clip(0.97 - 0.05 * floor + 0.06 * rubble + 1.5 * wall, 0.42, 1.22)[..., None]
    canvas.paint(patch, stone.astype(np.float32), cover=BARE)


def paint_water(canvas: Canvas, feature: Feature) -> None:
    """Water: a muddy rim, greener where it is shallow, darker where it is deep, with ripples."""
    still = feature.has("water", "pond", "wastewater")
    bank = canvas.mask(feature.shape.buffer(1.6 * METRE), 1.6)
    if bank is not None and not feature.has("water", "wastewater"):
        canvas.paint(bank, texture(canvas, bank, (108, 108, 72), fine=0.08, grain=0.1), opacity=0.8)
    patch = canvas.mask(feature.shape, 0.5)
    if patch is None:
        return
    deep = np.clip((blur(patch.alpha, 4 * METRE) - 0.5) * 2.2, 0, 1)[..., None]
    shallow, bed = ((92, 112, 92), (44, 66, 66)) if still else ((104, 118, 96), (58, 84, 88))
    if feature.has("water", "wastewater"):
        shallow, bed = (96, 104, 84), (70, 80, 66)
    ripple = 0.02 * canvas.noise.grain[patch.window] + 0.025 * canvas.noise.tuft[patch.window]
    shine = 1 + ripple + 0.06 * canvas.noise.broad[patch.window]
    water = (np.array(shallow) * (1 - deep) + np.array(bed) * deep) * shine[..., None]
    canvas.paint(patch, water.astype(np.float32), cover=WATER)
    canvas.take(feature.shape.buffer(METRE))
