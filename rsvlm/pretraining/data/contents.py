"""Images that are the same to the byte, whatever they are called."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rsvlm.datasets.pictures import ImageRef
from rsvlm.files import sha256_of

from .examples import Example
from .sources import PairsSource

MOST_COMPARED = 200_000
"""Examples of a source whose images are compared with others."""


def content_of(image: ImageRef | None) -> str | None:
    """A name for what an image's file holds; None where it cannot be read, or is not on this machine."""
    try:
        if isinstance(image, str):
            if not Path(image).is_file():  # a device or a pipe has no end
                return None
            return sha256_of(image)
    except OSError:
        return None
    return hashlib.sha256(image).hexdigest() if isinstance(image, bytes) else None


def size_of(image: ImageRef | None) -> int | None:
    """Bytes of an image's file; None where it is not on this machine."""
    if isinstance(image, str):
        return Path(image).stat().st_size if Path(image).is_file() else None
    return len(image) if isinstance(image, bytes) else None


def learned_from(judges: Sequence[Example], sources: Sequence[PairsSource]) -> int:
    """Return how many of these images are in sources, too, by the content of their files.

    Streams, and sources of more than `MOST_COMPARED` examples, are not looked at: their bytes would all be read.
    """
    contents = [content_of(example.image) for example in judges]
    # only files of the same size are read
    sizes = {size_of(example.image) for example in judges} - {None}
    found = set()
    for source in sources:
        images = (example.image for example in source) if is_compared(source) else ()
        found |= {content_of(image) for image in images if size_of(image) in sizes}
    return sum(content is not None and content in found for content in contents)


def is_compared(source: PairsSource) -> bool:
    """Whether the images of a source are looked at for copies."""
    return not source.streaming and len(source) <= MOST_COMPARED
