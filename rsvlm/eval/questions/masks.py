"""Where a class lies in a small window: whether it can be seen, where it is thick, how many patches it has."""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def eroded(mask: Mask, steps: int = 1) -> Mask:
    """Take away all that is within `steps` pixels of something else, diagonals included, or of the window's edge."""
    for _ in range(steps):
        wide = np.pad(mask, 1)
        rows = wide[:-2] & wide[1:-1] & wide[2:]
        mask = rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]
    return mask


def grown(mask: Mask, steps: int = 1) -> Mask:
    """Add all pixels within `steps` of the mask, diagonals included."""
    for _ in range(steps):
        wide = np.pad(mask, 1)
        rows = wide[:-2] | wide[1:-1] | wide[2:]
        mask = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return mask


def opened(mask: Mask) -> Mask:
    """Keep what is at least three pixels wide and high: lines and specks go."""
    padded = np.pad(mask, 2, mode="edge")  # what goes on past the window's edge is as wide as it seems
    return grown(eroded(padded))[2:-2, 2:-2]


def patches(mask: Mask, diagonal: bool) -> npt.NDArray[np.intp]:
    """Number the connected patches of a mask from 1, 0 elsewhere; touching corners connect where `diagonal`.

    It is code of its own on purpose: what checks the questions finds patches by rasterio, and must not share a mistake.
    """
    height, width = mask.shape
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, lefts = np.nonzero(edges == 1)  # runs of pixels side by side, row after row
    rights = np.nonzero(edges == -1)[1]
    row, reach = width + 2, int(diagonal)  # rows lie so far apart that no run reaches one but the next
    begins, ends = rows * row + lefts, rows * row + rights
    first = np.searchsorted(
        ends, begins + row - reach, side="right"
    )  # those of the next row that a run touches
    touched = np.searchsorted(begins, ends + row + reach, side="left") - first
    upper = np.repeat(np.arange(len(rows)), touched)
    lower = np.arange(len(upper)) + np.repeat(first - (touched.cumsum() - touched), touched)
    names = np.arange(len(rows))  # each run is named after one that it is joined to, in the end the first
    while (names[upper] != names[lower]).any():
        one, other = names[upper], names[lower]
        np.minimum.at(names, np.maximum(one, other), np.minimum(one, other))
        while (names[names] != names).any():
            names = names[names]
    labels = np.zeros((height, width), np.intp)
    labels[mask] = np.repeat(np.unique(names, return_inverse=True)[1] + 1, rights - lefts)
    return labels


def extent(mask: Mask) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom edge of what a mask holds; None where that is nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
