"""One image-text pair as training sees it, and the seeded rule that picks among its captions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.imagery import ChipReader, ImageryError
from rsvlm.models import Image
from rsvlm.pretraining.errors import PretrainingError


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """An image that is still to be decoded, and what is known of it.

    Attributes:
        key: What the image is called. Rows that repeat an image, as tables with a caption a row do, share it.
        image: What `rsvlm.datasets.open_picture` reads; None where the row has none.
        captions: All texts of the image, none of them blank.
        place: Longitude and latitude of its middle in degrees (WGS84), or None.
        scene: Name of the image or place that it was cut from, or None.
        licence: Licences of the image and of what its captions were made from, or None.
        opening: Options of `open_scene`, for files that need them.
    """

    key: str
    image: ImageRef | None
    captions: tuple[str, ...]
    place: tuple[float, float] | None = None
    scene: str | None = None
    licence: str | None = None
    opening: Mapping[str, Any] | None = None


def picture_of(example: Example, reader: ChipReader | None = None) -> Image:
    """Return the picture of an example.

    Args:
        example: The image.
        reader: Reads files; None: one for this file alone.

    Raises:
        PretrainingError: There is no image, or it cannot be read.
        OSError: It ends too early.
    """
    if example.image is None:
        raise PretrainingError("has no image")
    if reader is None:
        with ChipReader() as own:
            return picture_of(example, own)
    try:
        return open_picture(example.image, reader, example.opening)
    except (DatasetError, ImageryError) as error:
        text = str(error)
        if "--sensor" in text or "--bands" in text:  # which other commands have
            text = text.replace("--bands (red,green,blue,...)", "bands: [red, green, blue, ...]")
            text = (
                text.replace("--sensor", "sensor:").replace("--bands", "bands:")
                + ", for this source in a .yaml of sources"
            )
        raise PretrainingError(text) from None


def mixed(*parts: object) -> int:
    """Return a number of 64 bits for a seed and what it is used for: the same on every machine and in every thread."""
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def caption_of(example: Example, visit: int, seed: int) -> str | None:
    """Return the caption that an image is shown with this time: all in turn; None where it has none.

    Args:
        example: The image.
        visit: Which time the image is seen: the epoch.
        seed: Of the run.
    """
    if not example.captions:
        return None
    first = mixed(seed, "caption", example.key)
    return example.captions[(first + visit) % len(example.captions)]
