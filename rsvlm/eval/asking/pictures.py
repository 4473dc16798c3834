"""The pictures that go with what is asked: read as everywhere in evaluation, when their turn comes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.eval.errors import EvalError
from rsvlm.imagery import ChipReader
from rsvlm.models import Image
from rsvlm.models.generators.answerfile import file_mark


def pictures_of(
    image: ImageRef, reader: ChipReader, opening: Mapping[str, Any] | None = None
) -> Callable[[], Sequence[Image]]:
    """Return what opens the picture of an image, for a request; see `open_picture`."""
    return partial(_open, image, reader, opening)


def files_or_pictures_of(image: ImageRef, reader: ChipReader) -> Callable[[], Sequence[Any]]:
    """Return what gives the file of an image, for a request to a plain generator; the picture where it has none."""
    return (lambda: [image]) if isinstance(image, str) else partial(_open, image, reader, None)


def check_of(image: ImageRef) -> Callable[[], None]:
    """Return what raises `EvalError` where the file of an image is not there."""
    return partial(_check, image)


def mark_of(*images: ImageRef) -> Callable[[], str | None]:
    """Return what says how files of images differ from others: size and content."""
    return partial(_mark, images)


def _mark(images: Sequence[ImageRef]) -> str | None:
    """None where an image is no file of its own, or not there."""
    marks = [file_mark(image) if isinstance(image, str) else None for image in images]
    return None if None in marks else " ".join(map(str, marks))


def _open(image: ImageRef, reader: ChipReader, opening: Mapping[str, Any] | None) -> list[Image]:
    return [open_picture(image, reader, opening)]


def _check(image: ImageRef) -> None:
    if isinstance(image, str) and not _is_there(image):
        raise EvalError(f"image {image}: there is no such file")


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long for a name, or with a null in it
        return False
