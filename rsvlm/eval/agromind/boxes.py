"""Boxes as shares of an image's sides: left, top, right, bottom."""

from typing import NamedTuple


class Box(NamedTuple):
    """Left, top, right and bottom; 0..1 from the upper left corner of the image."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Width times height; of a reversed box it means nothing."""
        return (self.right - self.left) * (self.bottom - self.top)


def iou(one: Box, other: Box) -> float:
    """Return the area that two boxes share by the area that they cover together; 0 where they cover none."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = width * height if width > 0 and height > 0 else 0.0
    covered = one.area + other.area - shared
    return shared / covered if covered else 0.0
