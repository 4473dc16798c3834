"""Places of pixels, by plain arithmetic: `*` of affine is to go, and `@` is not in its older releases."""

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
