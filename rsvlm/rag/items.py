"""Questions with their images, on the way to their answers."""

import os
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rsvlm.imagery.items import PathLike, Picture
from rsvlm.models import Encoder
from rsvlm.models.storable import storable

from .answer import Answer
from .composer.look import Look
from .errors import RagError
from .seen import Seen

Images = Picture | PathLike | Sequence[Picture | PathLike] | None
LONGEST = 20_000
"""Letters of a question."""


@dataclass
class Item:
    """A question with its images, on the way to its answer."""

    question: str
    images: list[Any]
    seen: list[Seen] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0  # that its images took
    finding: float = 0.0  # that evidence took


def prepare(
    batch: Sequence[tuple[Images, str]], encoder: Encoder, read: Callable[[Picture | PathLike], Seen | str]
) -> list[Item]:
    """Read the images of some questions, each once, and encode them together.

    Args:
        batch: Images and questions.
        encoder: What looks at images.
        read: Reads an image, or says why it cannot be.
    """
    begin = time.perf_counter()
    pictures: dict[Hashable, Seen | str] = {}
    items = [Item(storable(question), [*several(images)]) for images, question in batch]
    for item in items:
        for image in item.images:
            if _key(image) not in pictures:
                pictures[_key(image)] = read(image)
    there = {key: one for key, one in pictures.items() if isinstance(one, Seen)}
    looks: dict[Hashable, Look] = {}
    if there:
        vectors = encoder.encode_images([one.picture for one in there.values()]).astype(np.float64)
        for (key, seen), vector in zip(there.items(), vectors, strict=True):
            looks[key] = Look(seen, encoder, vector)
    for item in items:
        found = [pictures[_key(image)] for image in item.images]
        item.seen = [one for one in found if isinstance(one, Seen)]
        item.looks = [looks[_key(image)] for image in item.images if _key(image) in looks]
        item.error = next((one for one in found if isinstance(one, str)), None)
        item.seconds = (time.perf_counter() - begin) / len(items)
        if not item.question.strip():
            item.error = "the question is empty"
        elif len(item.question) > LONGEST:
            item.error = f"the question has {len(item.question):,} letters; ask in at most {LONGEST:,}"
    return items


def failed(item: Item, error: str) -> Answer:
    """No answer, and why."""
    return Answer(item.question, "", abstained=True, error=error)


def image_and_question(given: Any) -> tuple[Images, str]:
    """Return what was asked, an image and a question, as it was given.

    Raises:
        RagError: It is something else.
    """
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise RagError(
            f"an item is a {type(given).__name__}: give an image (or None) and a question, as a tuple"
        )
    images, question = given
    if not isinstance(question, str):
        remedy = (
            "give the image first, and then the question" if isinstance(images, str) else "ask one, as text"
        )
        raise RagError(f"the question is a {type(question).__name__}: {remedy}")
    return images, question


def several(images: Images) -> Sequence[Any]:
    """Images as a list."""
    if images is None:
        return []
    return images if isinstance(images, list | tuple) else [images]


def _key(image: Picture | PathLike) -> Hashable:
    """What tells images apart: files by their path, others by being the same object."""
    return os.fspath(image) if isinstance(image, str | os.PathLike) else id(image)
