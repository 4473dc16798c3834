"""The picture while it is drawn: colours, land cover, soft-edged masks, light and shadow."""

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image, ImageDraw, ImageFilter
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from .town import GSD, SIZE

Floats = npt.NDArray[np.floating[Any]]
Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 255."""

METRE = 1 / GSD
"""Pixels per metre."""

# The sun stands in the south-east, 40 degrees high, as in the morning: shadows fall to the north-west.
_AZIMUTH, _ELEVATION = math.radians(145), math.radians(40)
SUN = (math.sin(_AZIMUTH), -math.cos(_AZIMUTH))
"""Direction to the sun in pixels (x right, y down), of length 1."""
SHADOW = (-SUN[0] / math.tan(_ELEVATION), -SUN[1] / math.tan(_ELEVATION))
"""Where the shadow of something one unit high ends."""
SHADE = (0.42, 0.47, 0.58)
"""What is left of red, green and blue in shadow: the blue sky still lights it."""


class Patch(NamedTuple):
    """A window of the picture and how much of each of its pixels something covers, 0 to 1."""

    window: tuple[slice, slice]
    alpha: Floats

    def positions(self) -> tuple[Floats, Floats]:
        """The x (1, W) and y (H, 1) of the window's pixel centres."""
        rows, cols = self.window
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5
        return np.arange(cols.start, cols.stop, dtype=np.float32)[None, :] + 0.5, y


class Noise:
    """Random fields over the whole picture, mean 0 and deviation 1, named by the size of their grains."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.fine = _field(rng, 1)
        self.grain = _field(rng, 3)
        self.tuft = _field(rng, 9)
        self.patch = _field(rng, 40)
        self.broad = _field(rng, 220)


class Canvas:
    """A square picture of `SIZE` pixels a side.

    Attributes:
        rgb: (H, W, 3) colours, 0 to 255.
        cover: (H, W) ESA WorldCover codes of what is seen there.
        taken: (H, W) where no tree may stand.
        noise: Fields that textures are made of.
    """

    def __init__(self, seed: int) -> None:
        self.rgb: Floats = np.zeros((SIZE, SIZE, 3), np.float32)
        self.cover: npt.NDArray[np.uint8] = np.zeros((SIZE, SIZE), np.uint8)
        self.taken: npt.NDArray[np.bool_] = np.zeros((SIZE, SIZE), bool)
        self.noise = Noise(seed)

    def mask(self, shape: BaseGeometry, soft: float = 0.0) -> Patch | None:
        """What a polygon covers, with smooth edges; None where nothing of it is in the picture.

        Args:
            shape: Polygon or MultiPolygon in pixels.
            soft: Width in pixels over which its edge fades out.
        """
        if shape.is_empty:
            return None
        margin = 2 + 2 * soft
        x0, y0, x1, y1 = shape.bounds
        left, top = max(math.floor(x0 - margin), 0), max(math.floor(y0 - margin), 0)
        right, bottom = min(math.ceil(x1 + margin), SIZE), min(math.ceil(y1 + margin), SIZE)
        if right <= left or bottom <= top:
            return None
        scale = 4 if max(right - left, bottom - top) < 400 else 2
        image = Image.new("L", ((right - left) * scale, (bottom - top) * scale))
        draw = ImageDraw.Draw(image)
        for part in shapely.get_parts(shape):
            for ring, ink in ((part.exterior, 255), *((hole, 0) for hole in part.interiors)):
                points = (shapely.get_coordinates(ring) - (left, top)) * scale - 0.5
                draw.polygon([(x, y) for x, y in points.tolist()], fill=ink)
        alpha: Floats = np.asarray(image.reduce(scale), np.float32) / 255
        if soft:
            alpha = blur(alpha, soft)
        return Patch((slice(top, bottom), slice(left, right)), alpha)

    def paint(
        self, patch: Patch | None, colour: Colour | Floats, *, cover: int | None = None, opacity: float = 1.0
    ) -> None:
        """Lay a colour, or a (H, W, 3) texture, over what a patch covers; `cover` is its land-cover code."""
        if patch is None:
            return
        alpha = patch.alpha[..., None] * np.float32(opacity)
        below = self.rgb[patch.window]
        below += alpha * (np.asarray(colour, np.float32) - below)
        if cover is not None:
            self.cover[patch.window][patch.alpha > 0.5] = cover

    def shade(self, patch: Patch | None, strength: float = 1.0) -> None:
        """Put a patch in shadow."""
        if patch is not None:
            left = 1 - strength * (1 - np.array(SHADE, np.float32))
            self.rgb[patch.window] *= 1 - patch.alpha[..., None] * (1 - left)

    def cast(self, shape: Polygon, height: float) -> None:
        """Draw the shadow of an upright body.

        Args:
            shape: Its ground plan.
            height: In metres.
        """
        dx, dy = SHADOW[0] * height * METRE, SHADOW[1] * height * METRE
        self.shade(self.mask(sweep(shape, dx, dy), 0.6))

    def take(self, shape: BaseGeometry) -> None:
        """Keep trees away from a shape."""
        patch = self.mask(shape)
        if patch is not None:
            self.taken[patch.window] |= patch.alpha > 0.2


def stroke(points: BaseGeometry, metres: float) -> BaseGeometry:
    """A line as a band so many metres wide, with flat ends."""
    return points.buffer(metres * METRE / 2, cap_style="flat", join_style="round")


def sweep(shape: Polygon, dx: float, dy: float) -> MultiPolygon:
    """What a polygon covers while it is moved by (dx, dy), as parts that overlap: fit to be drawn only."""
    ring = shapely.get_coordinates(shape.exterior)
    sides = [Polygon([a, b, (b[0] + dx, b[1] + dy), (a[0] + dx, a[1] + dy)]) for a, b in pairwise(ring)]
    return MultiPolygon([shape, Polygon(ring + np.array([dx, dy])), *sides])


class Frame:
    """The straight axes of an oblong shape: positions in metres from its centre, along and across.

    Attributes:
        length: Of the longer side, in metres.
        width: Of the shorter one.
    """

    def __init__(self, shape: BaseGeometry) -> None:
        box = shapely.get_coordinates(shape.minimum_rotated_rectangle)
        first, second = box[1] - box[0], box[2] - box[1]
        if np.hypot(*first) < np.hypot(*second):
            first, second = second, first
        self.length, self.width = float(np.hypot(*first)) * GSD, float(np.hypot(*second)) * GSD
        self.along, self.across = first / np.hypot(*first), second / np.hypot(*second)
        self.centre = box[:4].mean(axis=0)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Pixel of a position."""
        x, y = self.centre + (u * self.along + v * self.across) * METRE
        return float(x), float(y)

    def box(self, u: float, v: float, length: float, width: float) -> Polygon:
        """A rectangle around a position, its sides along the axes."""
        ends = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return Polygon([self.at(u + i * length / 2, v + j * width / 2) for i, j in ends])

    def line(self, *points: tuple[float, float]) -> LineString:
        """A line through positions."""
        return LineString([self.at(u, v) for u, v in points])

    def of(self, patch: Patch) -> tuple[Floats, Floats]:
        """Positions (H, W) along and across of a patch's pixels."""
        x, y = patch.positions()
        dx, dy = (x - self.centre[0]) * GSD, (y - self.centre[1]) * GSD
        return (
            (dx * self.along[0] + dy * self.along[1]).astype(np.float32),
            (dx * self.across[0] + dy * self.across[1]).astype(np.float32),
        )


def blur(share: Floats, radius: float) -> Floats:
    """A field of 0 to 1 smoothed by a Gaussian of this deviation in pixels."""
    image = Image.fromarray((share * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float32) / 255


def _field(rng: np.random.Generator, grain: int) -> Floats:
    side = -(-SIZE // grain) + 3
    small = rng.random((side, side), dtype=np.float32)
    if grain > 1:
        image = Image.fromarray(small).resize((side * grain, side * grain), Image.Resampling.BICUBIC)
        small = np.asarray(image)[grain : grain + SIZE, grain : grain + SIZE]
    else:
        small = small[:SIZE, :SIZE]
    field: Floats = ((small - small.mean()) / small.std()).astype(np.float32)
    return field
