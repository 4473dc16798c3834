"""Trees: round and pointed crowns with a lit and a dark side, alone, in rows, in orchards and in woods."""

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image
from shapely.geometry.base import BaseGeometry

from .canvas import METRE, SHADE, SHADOW, SUN, Canvas, Floats, Frame
from .ground import TREE
from .town import SIZE, Feature

_SPRITE = 64
_LEAVES = {
    "broadleaved": ((96, 118, 58), (84, 108, 50), (108, 124, 62), (78, 100, 52)),
    "needleleaved": ((58, 80, 50), (52, 74, 48), (64, 84, 50)),
    "orchard": ((104, 124, 64), (96, 118, 58)),
}


class Tree(NamedTuple):
    """A crown: centre and radius in pixels, what it carries, and a number that picks its form."""

    x: float
    y: float
    radius: float
    leaf: str
    form: int


@cache
def _crown(leaf: str, form: int) -> Image.Image:
    """A crown seen from above as (light, opacity), 64 pixels wide."""
    rng = np.random.default_rng([form, len(leaf)])
    axis = (np.arange(_SPRITE) + 0.5) / _SPRITE * 2.2 - 1.1
    x, y = np.meshgrid(axis, axis)
    angle, far = np.arctan2(y, x), np.hypot(x, y)
    waves = sum(rng.uniform(0.03, 0.09) * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5, 8))
    rim = far / (0.92 + waves)
    bumps = Image.fromarray(rng.random((9, 9)).astype(np.float32)).resize(
        (_SPRITE, _SPRITE), Image.Resampling.BICUBIC
    )
    if leaf == "needleleaved":
        height = np.clip(1 - rim, 0, 1) * 1.25 + 0.10 * np.sin(9 * angle) * rim
    else:
        height = np.sqrt(np.clip(1 - rim**2, 0, 1)) + 0.34 * np.asarray(bumps)
    dy, dx = np.gradient(height, 2.2 / _SPRITE)
    light = (0.72 - 0.62 * (dx * SUN[0] + dy * SUN[1])) / np.sqrt(1 + dx**2 + dy**2)
    light = np.clip(0.52 + 0.56 * light, 0.38, 1.35)
    alpha = np.clip((1 - rim) / 0.10, 0, 1)
    both = np.stack([light * 180, alpha * 255], axis=-1)
    return Image.fromarray(np.clip(both, 0, 255).astype(np.uint8), mode="LA")


@cache
def _stamp(leaf: str, form: int, size: int) -> tuple[Floats, Floats]:
    """Light and opacity of a crown, `size` pixels wide."""
    small = np.asarray(_crown(leaf, form).resize((size, size), Image.Resampling.BOX), np.float32)
    return small[..., 0] / 180, small[..., 1] / 255


def paint_trees(canvas: Canvas, trees: list[Tree]) -> None:
    """Draw crowns from the north-west to the south-east, so that each lies over the shadow of the next."""
    for tree in sorted(trees, key=lambda tree: tree.x * SUN[0] + tree.y * SUN[1]):
        size = max(round(tree.radius * 2.2), 4)
        light, alpha = _stamp(tree.leaf, tree.form % 8, size)
        height = min(tree.radius * 1.5, 7 * METRE)
        _blend(canvas, tree.x + SHADOW[0] * height, tree.y + SHADOW[1] * height, alpha * 0.6, None)
        _blend(canvas, tree.x + SHADOW[0] * height / 2, tree.y + SHADOW[1] * height / 2, alpha * 0.4, None)
        leaves = _LEAVES[tree.leaf]
        colour = np.array(leaves[tree.form % len(leaves)], np.float32)
        _blend(canvas, tree.x, tree.y, alpha, colour * light[..., None])


def _blend(canvas: Canvas, x: float, y: float, alpha: Floats, colour: Floats | None) -> None:
    """Lay a square stamp on the picture, its centre at (x, y); without a colour it is a shadow."""
    size = alpha.shape[0]
    left, top = round(x - size / 2), round(y - size / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, SIZE), min(top + size, SIZE)
    if x1 <= x0 or y1 <= y0:
        return
    cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    below = canvas.rgb[y0:y1, x0:x1]
    strength = alpha[cut][..., None]
    if colour is None:
        below *= 1 - strength * (1 - np.array(SHADE, np.float32))
    else:
        below += strength * (colour[cut] - below)
        canvas.cover[y0:y1, x0:x1][alpha[cut] > 0.5] = TREE


def scatter(
    canvas: Canvas,
    shape: BaseGeometry,
    seed: int,
    *,
    spacing: float,
    radii: tuple[float, float],
    leaf: str,
) -> list[Tree]:
    """Trees at random places of a polygon, on a shaken lattice.

    Args:
        canvas: Where trees may stand.
        shape: Polygon in pixels.
        seed: Picks places and forms.
        spacing: Mean distance in metres.
        radii: Least and greatest radius of a crown in metres.
        leaf: "broadleaved", "needleleaved" or "mixed".
    """
    rng = np.random.default_rng(seed)
    step = spacing * METRE
    x0, y0, x1, y1 = shape.bounds
    lattice = np.stack(np.meshgrid(np.arange(x0, x1, step), np.arange(y0, y1, step)))
    xs, ys = (lattice + rng.uniform(-0.42, 0.42, lattice.shape) * step).reshape(2, -1)
    radius = rng.uniform(*radii, xs.shape) * METRE
    forms = rng.integers(0, 1 << 16, xs.shape)
    conifer = rng.random(xs.shape) < (0.45 + 0.3 * _at(canvas.noise.patch, xs, ys))
    keep = shapely.contains_xy(shape, xs, ys) & ~taken(canvas, xs, ys, radius * 0.8)
    trees = []
    for i in np.flatnonzero(keep).tolist():
        kind = leaf if leaf != "mixed" else ("needleleaved" if conifer[i] else "broadleaved")
        size = radius[i] * (0.8 if kind == "needleleaved" else 1.0)
        trees.append(Tree(float(xs[i]), float(ys[i]), float(size), kind, int(forms[i])))
    return trees


def rows(canvas: Canvas, feature: Feature) -> list[Tree]:
    """An orchard: trees in straight rows, one here and there missing."""
    frame, rng = Frame(feature.shape), np.random.default_rng(feature.id)
    inner = feature.shape.buffer(-2.5 * METRE)
    trees = []
    for v in np.arange(-frame.width / 2 + 3, frame.width / 2, 7.5):
        for u in np.arange(-frame.length / 2 + 3, frame.length / 2, 5.6):
            x, y = frame.at(float(u + rng.uniform(-0.5, 0.5)), float(v + rng.uniform(-0.4, 0.4)))
            if rng.random() < 0.94 and shapely.contains_xy(inner, x, y):
                trees.append(
                    Tree(x, y, float(rng.uniform(1.7, 2.4)) * METRE, "orchard", int(rng.integers(64)))
                )
    return [tree for tree in trees if not taken(canvas, tree.x, tree.y, 0.0)]


def along(canvas: Canvas, feature: Feature, spacing: float = 9.0) -> list[Tree]:
    """A row of trees along a line."""
    rng = np.random.default_rng(feature.id)
    trees = []
    for place in np.arange(3 * METRE, feature.shape.length, spacing * METRE):
        point = feature.shape.interpolate(float(place + rng.uniform(-1, 1)))
        trees.append(
            Tree(point.x, point.y, float(rng.uniform(2.6, 3.6)) * METRE, "broadleaved", int(rng.integers(64)))
        )
    return [tree for tree in trees if not taken(canvas, tree.x, tree.y, 0.0)]


def taken(canvas: Canvas, x: npt.ArrayLike, y: npt.ArrayLike, radius: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether crowns would reach over houses, streets or water."""
    x, y, radius = np.asarray(x), np.asarray(y), np.asarray(radius)
    found = _at(canvas.taken, x, y)
    for turn in range(8):
        dx, dy = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
        found = found | _at(canvas.taken, x + dx * radius, y + dy * radius)
    return np.asarray(found, bool)


def _at(field: npt.NDArray[Any], x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[Any]:
    col = np.clip(np.asarray(x).astype(int), 0, SIZE - 1)
    row = np.clip(np.asarray(y).astype(int), 0, SIZE - 1)
    return np.asarray(field[row, col])
