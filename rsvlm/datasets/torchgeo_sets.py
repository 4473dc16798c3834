"""Data sets of torchgeo: any object whose items are dictionaries with `image` and `label`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DatasetError
from .sets import EvalSet


def from_torchgeo(
    dataset: Any,
    name: str,
    *,
    split: str | None = None,
    bands: tuple[int, int, int] = (0, 1, 2),
    value_range: tuple[float, float] = (0.0, 255.0),
) -> EvalSet:
    """Wrap a classification data set of torchgeo; its images are read when they are needed.

    Labels come from the data set's `targets` where it has them (its folders of classes do), else every item is read
    once for its label.

    Args:
        dataset: An instance, without transforms: items have `image` (bands, height, width) and `label`, a class
            number or a row of 0 and 1 for each class. Its `classes` are the names.
        name: The data set's.
        split: Which split this is.
        bands: Which bands are red, green and blue.
        value_range: Values shown as black and white: 0 to 255 for pictures, 0 to 3000 for most Sentinel-2 sets.

    Raises:
        DatasetError: It has no `classes`, or its labels are no numbers of them.
    """
    classes = getattr(dataset, "classes", None)
    if not classes:
        raise DatasetError(f"{type(dataset).__name__} has no `classes`: it is no data set for classification")
    names = tuple(str(entry) for entry in classes)
    targets = getattr(dataset, "targets", None)
    rows = targets if targets is not None else [dataset[row]["label"] for row in range(len(dataset))]
    labels = tuple(_labels(np.asarray(row), names) for row in rows)
    return EvalSet(
        name=name,
        images=[_reader(dataset, row, bands, value_range) for row in range(len(dataset))],
        keys=tuple(f"{row:06d}" for row in range(len(dataset))),
        labels=labels,
        split=split,
        classes=names,
        multi_label=any(np.ndim(row) for row in rows),
    )


def _reader(
    dataset: Any, row: int, bands: Sequence[int], value_range: tuple[float, float]
) -> Callable[[], NDArray[np.uint8]]:
    def read() -> NDArray[np.uint8]:
        values = np.asarray(dataset[row]["image"], np.float32)
        if values.ndim != 3 or len(values) <= max(bands):
            raise DatasetError(
                f"item {row} has an image of {values.shape}, not (bands, height, width) with bands {bands}"
            )
        low, high = value_range
        shown = np.clip((values[list(bands)] - low) / (high - low), 0, 1) * 255
        picture: NDArray[np.uint8] = np.rint(shown).astype(np.uint8).transpose(1, 2, 0)
        return picture

    return read


def _labels(label: NDArray[Any], names: tuple[str, ...]) -> tuple[str, ...]:
    if label.ndim == 1 and len(label) == len(names):
        return tuple(name for name, there in zip(names, label.tolist(), strict=True) if there)
    if label.ndim or not 0 <= int(label) < len(names):
        raise DatasetError(
            f"the label {label.tolist()} is no number of a class, of which there are {len(names)}"
        )
    return (names[int(label)],)
