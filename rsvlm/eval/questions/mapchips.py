"""Windows of class rasters: the classes in them, and what of it can be said for certain."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .drafts import Panel
from .kinds import MARGIN
from .masks import Mask, opened

Codes = npt.NDArray[np.int16]

SEEN = 0.6
"""Share of a class's pixels that lie in parts at least three pixels wide, for the class to be spoken of."""
LEAST_PIXELS = 40


@dataclass(frozen=True, eq=False)
class MapChip:
    """One window of a class raster.

    What is unlabelled may be anything: a class has at least the pixels that are labelled so, and at most these and all
    unlabelled ones. What a question takes as true holds at both ends.

    Attributes:
        panel: What is shown.
        codes: (height, width) places in `names`, -1 where unlabelled.
        names: The classes.
        phrases: What they are called.
        pixel: Square metres of a pixel; None without a place.
    """

    panel: Panel
    codes: Codes
    names: tuple[str, ...]
    phrases: tuple[str, ...]
    pixel: float | None

    @property
    def side(self) -> int:
        """Pixels along the shorter side."""
        return int(min(self.codes.shape))

    @cached_property
    def counts(self) -> list[int]:
        """Pixels of each class."""
        return self.count(np.s_[:, :])

    @cached_property
    def unlabelled(self) -> int:
        """Pixels without a class."""
        return int((self.codes < 0).sum())

    @property
    def size(self) -> int:
        """Pixels of the window."""
        return int(self.codes.size)

    def count(self, part: tuple[slice, slice]) -> list[int]:
        """Pixels of each class in a part of the window."""
        found = np.bincount((self.codes[part] + 1).ravel(), minlength=len(self.names) + 1)
        return [int(number) for number in found[1:]]

    def open_in(self, part: tuple[slice, slice]) -> int:
        """Unlabelled pixels in a part of the window."""
        return int((self.codes[part] < 0).sum())

    def mask(self, place: int) -> Mask:
        """Where a class lies."""
        return np.asarray(self.codes == place)

    def seen(self, place: int) -> bool:
        """Whether a class forms parts that can be seen rather than lines and specks."""
        count = self.counts[place]
        return count >= LEAST_PIXELS and self.visible[place] >= SEEN * count

    @cached_property
    def visible(self) -> list[int]:
        """Pixels of each class that lie in parts at least three pixels wide."""
        return [
            int(opened(self.mask(place)).sum()) if self.counts[place] else 0
            for place in range(len(self.names))
        ]

    def absent(self, place: int) -> bool:
        """Whether a class is certainly not there: not one pixel, and nothing wide that could be of it."""
        if self.counts[place] or self.unlabelled > 0.05 * self.size:
            return False
        return bool(opened(self.codes < 0).sum() <= 0.002 * self.size)

    def share(self, place: int) -> tuple[float, float]:
        """The least and the greatest share of the window that a class can have."""
        least = self.counts[place] / self.size
        return least, least + self.unlabelled / self.size


def leads(lows: list[float], highs: list[float]) -> int | None:
    """Return the place of the one that is certainly the largest by `MARGIN`; None where none is.

    Args:
        lows: The least that each can be.
        highs: The most.
    """
    first = max(range(len(lows)), key=lambda place: lows[place])
    others = max((high for place, high in enumerate(highs) if place != first), default=0.0)
    return first if lows[first] > 0 and lows[first] - others >= MARGIN * lows[first] else None
