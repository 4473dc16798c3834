"""Chips to cosines with the classes: the one path that every number of this room comes by."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from rsvlm.imagery.chipreader import ChipReader
from rsvlm.imagery.items import Item
from rsvlm.imagery.looks import Look, loader, looks_at
from rsvlm.models import Encoder, encode_stream
from rsvlm.models.stream import Encoded, fault_of

from .class_vectors import ClassVectors
from .memory import Memory

Floats = NDArray[np.float32]


@dataclass(eq=False)  # == of arrays is no answer
class Cosines:
    """What the encoder found.

    Attributes:
        values: float32 (n, classes); NaN where a chip failed.
        errors: The reason of each chip that failed, else None.
    """

    values: Floats
    errors: list[str | None]


def chip_cosines(
    items: Sequence[Item],
    encoder: Encoder,
    classes: ClassVectors,
    *,
    views: Sequence[str],
    min_valid: float,
    memory: Memory | None = None,
    itself: bool = True,
    batch_size: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Cosines:
    """Cosine of every chip with every class, and what a memory adds to it.

    Chips are read and prepared in threads while the encoder works. Several views of a chip are fused by the mean of
    their cosines.

    Args:
        items: What is to be classified.
        encoder: Any encoder.
        classes: Vectors of the classes, by the same encoder.
        views: Names of spectral views; those that a chip's bands do not allow are left out.
        min_valid: Least share of valid pixels of a chip.
        memory: Labelled images that chips are held against, or None.
        itself: Whether a chip may be held against itself, where the memory holds it.
        batch_size: Pictures a call of the encoder; None is its own choice.
        progress: Called with 1 for each chip that is done.
    """
    vectors = np.zeros((len(items), classes.vectors.shape[1]), dtype=np.float32)
    errors: list[str | None] = [None] * len(items)
    with ChipReader() as reader:
        looks = ((row, look) for row, item in enumerate(items) for look in looks_at(item, views))
        load = loader(reader, min_valid, square=True)
        encoded = encode_stream(encoder, looks, lambda pair: load(pair[1]), batch_size=batch_size)
        for row, vector, error in _by_chip(encoded):
            vectors[row], errors[row] = vector, error
            if progress is not None:
                progress(1)
    values = class_cosines(vectors, classes, memory, itself=itself)
    values[[error is not None for error in errors]] = np.nan
    return Cosines(values, errors)


def class_cosines(
    vectors: Floats, classes: ClassVectors, memory: Memory | None = None, *, itself: bool = True
) -> Floats:
    """Cosine of vectors (n, dimension) with every class, and what a memory adds to it: (n, classes)."""
    values: Floats = vectors @ classes.vectors.T  # float32 whatever the encoder computed in
    return values if memory is None else values + memory.evidence(vectors, itself=itself)


def _by_chip(encoded: Iterator[Encoded]) -> Iterator[tuple[int, Floats, str | None]]:
    """The mean vector of the views of each chip, or the reason why there is none."""

    def chip(one: Encoded) -> int:
        pair: tuple[int, Look] = one.item
        return pair[0]

    for row, views in groupby(encoded, key=chip):
        found = list(views)
        error = next((one.error for one in found if one.error is not None), None)
        vectors = [one.vector for one in found if one.vector is not None]
        error = error or fault_of(vectors)
        if error is not None:
            yield row, np.zeros(1, dtype=np.float32), error
        else:
            # the mean of cosines with unit vectors is the cosine with the mean of the vectors, not made unit length
            yield row, vectors[0] if len(vectors) == 1 else np.mean(vectors, axis=0), None
