"""Images of which nothing says what is right: they are left out of an evaluation, and counted in a note."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.sets import EvalSet, Names

from .errors import EvalError


def labelled_rows(eval_set: EvalSet, *, multi_label: bool) -> NDArray[np.int64]:
    """Return the rows of the images with a label; where images may have several, one without shows none: all rows.

    Raises:
        EvalError: No image has a label.
    """
    if multi_label or eval_set.labels is None:
        return np.arange(len(eval_set))
    return _rows(eval_set, eval_set.labels, "label")


def captioned_rows(eval_set: EvalSet) -> NDArray[np.int64]:
    """Return the rows of the images with a caption.

    Raises:
        EvalError: No image has one.
    """
    if eval_set.captions is None:
        raise EvalError(f"{eval_set.title}: has no captions")
    return _rows(eval_set, eval_set.captions, "caption")


def left_out_notes(eval_set: EvalSet, rows: NDArray[np.int64], what: str) -> list[str]:
    """Return what a reader should know of the images that are not among the rows; nothing where all are.

    Args:
        eval_set: All images.
        rows: Those that are evaluated.
        what: What the others have none of, "label" or "caption".
    """
    n = len(eval_set) - len(rows)
    return [f"{eval_set.title}: {n:,} images have no {what}, and were left out"] if n else []


def _rows(eval_set: EvalSet, known: Sequence[Names], what: str) -> NDArray[np.int64]:
    rows = np.flatnonzero([bool(names) for names in known])
    if not len(rows):
        raise EvalError(f"{eval_set.title}: none of its {len(eval_set):,} images has a {what}")
    return rows
