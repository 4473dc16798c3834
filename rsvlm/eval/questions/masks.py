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
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(height, width), 0)
    none = mask.size + 1
    while True:
        wide = np.pad(np.where(mask, labels, none), 1, constant_values=none)
        sides = [(0, 1), (2, 1), (1, 0), (1, 2)] + ([(0, 0), (0, 2), (2, 0), (2, 2)] if diagonal else [])
        least = labels
        for row, column in sides:
            least = np.minimum(least, wide[row : row + height, column : column + width])
        least = np.where(mask, least, 0)
        flat = np.concatenate([[0], least.ravel()])
        least = np.where(mask, flat[least], 0)  # a pixel takes the number of the one that it is named after
        if (least == labels).all():
            break
        labels = least
    return np.unique(labels, return_inverse=True)[1].reshape(height, width) + (0 if not mask.all() else 1)


def extent(mask: Mask) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom edge of what a mask holds; None where that is nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
