"""Places of pixels, by plain arithmetic: `*` of affine is to go, and `@` is not in its older releases."""

from math import cos, radians, sin

from rasterio.transform import Affine


def at(transform: Affine, x: float, y: float) -> tuple[float, float]:
    """Coordinates of a place in pixels."""
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f


def moved(transform: Affine, x: float, y: float, scale: float = 1.0) -> Affine:
    """The transform of a grid whose origin is at a place, with pixels of another size."""
    a, b, _, d, e, _ = transform[:6]
    left, top = at(transform, x, y)
    return Affine(a * scale, b * scale, left, d * scale, e * scale, top)


def turned(transform: Affine, width: float, height: float, degrees: float) -> Affine:
    """The transform of a grid that is turned about its middle, clockwise where y runs down."""
    a, b, _, d, e, _ = transform[:6]
    along, down = cos(radians(degrees)), sin(radians(degrees))
    x, y = at(transform, width / 2, height / 2)
    right, below = (a * along + b * down, d * along + e * down), (b * along - a * down, e * along - d * down)
    return Affine(
        right[0], below[0], x - (right[0] * width + below[0] * height) / 2,
        right[1], below[1], y - (right[1] * width + below[1] * height) / 2,
    )  # fmt: skip
