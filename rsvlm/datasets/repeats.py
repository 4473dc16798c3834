"""Tables with a row for each caption: the rows of one image become one image with all its captions."""

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from .errors import DatasetError
from .pictures import ImageRef
from .sets import EvalSet, Float64s, unique_keys


def one_row_an_image(found: EvalSet, names: Sequence[str]) -> EvalSet:
    """Return a data set with captions in which each image is there once, with the captions of all its rows.

    Else a caption of the image's other rows would count as another image's. A set without captions stays as it is, and
    in one with labels rows that say the same stay several, too: these are items to be classified, as often as the file
    has them. What else is known of an image is what its first row says; a number to be predicted is not known where
    its rows say different ones.

    Args:
        found: An item a row.
        names: What each row calls its image. Of stored images of one name the bytes tell which are the same.

    Raises:
        DatasetError: Rows of one image have different labels.
    """
    counts = Counter(names)
    if found.captions is None or len(counts) == len(names):
        return found
    rows_of: dict[Hashable, list[int]] = {}
    for row, (name, image) in enumerate(zip(names, found.images, strict=True)):
        picture = name if counts[name] == 1 else (name, _content(image))
        rows_of.setdefault(picture, []).append(row)
    groups: list[list[int]] = []
    for rows in rows_of.values():
        groups += [[row] for row in rows] if _are_items(found, names, rows) else [rows]
    groups.sort()
    first = [rows[0] for rows in groups]
    return replace(
        found.take(first),
        keys=unique_keys([names[row] for row in first]),
        captions=tuple(tuple(text for row in rows for text in found.captions[row]) for rows in groups),
        targets={name: _numbers(values, groups) for name, values in found.targets.items()},
    )


def _content(image: ImageRef) -> Hashable:
    """What tells an image from others of its name: many a parquet calls all of them "image.png"."""
    try:
        content = image() if callable(image) else image
    except DatasetError:  # its row is empty
        return id(image)
    return hashlib.sha256(content).digest() if isinstance(content, bytes) else str(content)


def _are_items(found: EvalSet, names: Sequence[str], rows: Sequence[int]) -> bool:
    """Whether the rows of an image are items of their own, since they have labels and say nothing new of it."""
    if found.labels is None or found.captions is None:
        return False
    labels = [found.labels[row] for row in rows]
    other = next((one for one in labels if set(one) != set(labels[0])), None)
    if other is not None:
        raise DatasetError(
            f"{found.title}: the rows of {names[rows[0]]} have different labels, {';'.join(labels[0]) or 'none'} and "
            f"{';'.join(other) or 'none'}; give them the same (of several classes, all with ; between them)"
        )
    return all(found.captions[row] == found.captions[rows[0]] for row in rows)


def _numbers(values: Float64s, groups: Sequence[Sequence[int]]) -> Float64s:
    """The number of each image, NaN where its rows do not agree."""
    same = [bool((values[rows] == values[rows[0]]).all()) for rows in map(list, groups)]
    return np.where(same, values[[rows[0] for rows in groups]], np.nan)
