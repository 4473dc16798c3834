"""ChatEarthNet's five regions of a chip and what covers them (arXiv 2402.11325, its text recipe)."""

import numpy as np
import numpy.typing as npt

from rsvlm.vocabularies import Legend

from ..labels import OVERALL, REGIONS, CoverShare
from .decode import UNKNOWN, Indices


def count_regions(classes: Indices, legend: Legend) -> dict[str, list[CoverShare]]:
    """Count the classes of a chip, all over and in each region, from most to fewest pixels.

    The quadrants meet at (H // 2, W // 2); the middle, which overlaps them, is rows H // 4 to 3 H // 4 and
    columns W // 4 to 3 W // 4. Background, nodata and unknown codes are left out; classes of equal count keep
    the legend's order.

    Args:
        classes: (H, W) places in `legend.classes`, negative for no class.
        legend: What the places mean.
    """
    height, width = classes.shape
    above, below = slice(None, height // 2), slice(height // 2, None)
    left, right = slice(None, width // 2), slice(width // 2, None)
    middle = (slice(height // 4, 3 * height // 4), slice(width // 4, 3 * width // 4))
    windows = ((above, left), (above, right), (below, left), (below, right), middle)
    shifted = (classes - np.int16(UNKNOWN)).astype(np.intp)
    counts = [_count(shifted[window], len(legend.classes)) for window in windows]
    everywhere = np.sum(counts[:4], axis=0)
    names = (OVERALL, *REGIONS)
    return {name: _shares(count, legend) for name, count in zip(names, (everywhere, *counts), strict=True)}


def _count(shifted: npt.NDArray[np.intp], number: int) -> npt.NDArray[np.intp]:
    counts: npt.NDArray[np.intp] = np.bincount(shifted.ravel(), minlength=number - UNKNOWN)
    return counts[-UNKNOWN:]


def _shares(counts: npt.NDArray[np.intp], legend: Legend) -> list[CoverShare]:
    """Classes from most to fewest pixels; those of one name (several codes, or a coarse level) count as one."""
    named: dict[str, int] = {}
    for legend_class, pixels in zip(legend.classes, counts.tolist(), strict=True):
        if pixels and not legend_class.background:
            named[legend_class.name] = named.get(legend_class.name, 0) + pixels
    # sorted() is stable, so equals keep the legend's order
    return [
        CoverShare(name=name, pixels=pixels)
        for name, pixels in sorted(named.items(), key=lambda item: -item[1])
    ]
