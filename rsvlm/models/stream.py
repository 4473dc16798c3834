"""Encode images that are still to be read: reading and preprocessing in threads, ahead of the model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from rsvlm.errors import one_line
from rsvlm.models.errors import ModelError
from rsvlm.models.given_vectors import given_vectors
from rsvlm.models.protocol import Encoder, Image
from rsvlm.models.threads import usable_cores, work_ahead

T = TypeVar("T")


class Encoded(NamedTuple):
    """What became of one item.

    Attributes:
        item: The item itself.
        vector: (dimension,) float32 of unit length, or None where it failed.
        error: Why it failed, in one line, or None.
    """

    item: Any
    vector: npt.NDArray[np.float32] | None
    error: str | None


class _Ready(NamedTuple):
    """An item as the threads leave it: with what the encoder takes, or the reason why there is none."""

    item: Any
    content: Any
    error: str | None


def encode_stream(
    encoder: Encoder,
    items: Iterable[T],
    load: Callable[[T], Image],
    *,
    batch_size: int | None = None,
    threads: int | None = None,
) -> Iterator[Encoded]:
    """Yield the vector of every item, in order, each once, or the reason why it has none.

    Args:
        encoder: Any encoder. With `prepare` and `encode_prepared`, as ours have, it also preprocesses in the threads.
        items: What to encode: paths, rows, windows; taken as they are needed, so it may be endless.
        load: Reads the picture of an item. Called in threads. What it raises becomes the item's `error`.
        batch_size: Items a batch; the encoder's own, else 32.
        threads: Threads that read; one for each core, at most 16.

    No more than three batches are in memory. Closing the generator ends its threads.

    Raises:
        ModelError: A batch of less than one, or the encoder gave other vectors than it says.
    """
    size: int = (getattr(encoder, "batch_size", None) or 32) if batch_size is None else batch_size
    if size < 1:
        raise ModelError(f"a batch of {size} images cannot be encoded: take at least 1")
    prepare = getattr(encoder, "prepare", None)
    encode = getattr(encoder, "encode_prepared", None)
    if prepare is None or encode is None:
        prepare, encode = _as_it_is, encoder.encode_images

    def ready(item: T) -> _Ready:
        try:
            return _Ready(item, prepare(load(item)), None)
        except Exception as error:  # a file may fail in any way; the others go on
            return _Ready(item, None, one_line(error))

    workers = threads or min(usable_cores(), 16)
    source = work_ahead(ready, items, threads=workers, ahead=2 * size)
    try:
        while batch := list(islice(source, size)):
            yield from _encode_batch(batch, encoder, encode)
    finally:
        source.close()


def _as_it_is(image: Image) -> Image:
    return image


def _encode_batch(
    batch: list[_Ready], encoder: Encoder, encode: Callable[[list[Any]], npt.NDArray[np.float32]]
) -> Iterator[Encoded]:
    good = [ready.content for ready in batch if ready.error is None]
    vectors = iter(given_vectors(encoder, encode(good), len(good), "images") if good else ())
    for ready in batch:
        yield Encoded(ready.item, None if ready.error is not None else next(vectors), ready.error)


def fault_of(vectors: Sequence[npt.NDArray[np.float32]]) -> str | None:
    """Why vectors of an image tell nothing of it, being as near to anything as to anything else; None: they do."""
    if not vectors:
        return "the encoder gave nothing"
    if not all(np.isfinite(vector).all() for vector in vectors):
        return "the encoder gave a vector that is not numbers (NaN or infinity)"
    return None if all(vector.any() for vector in vectors) else "the encoder gave a vector of zeros"
