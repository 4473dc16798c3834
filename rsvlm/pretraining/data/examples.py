"""One image-text pair as training sees it, and the seeded rule that picks among its captions."""

import hashlib
from dataclasses import dataclass

from rsvlm.datasets.pictures import ImageRef


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
    """

    key: str
    image: ImageRef | None
    captions: tuple[str, ...]
    place: tuple[float, float] | None = None
    scene: str | None = None
    licence: str | None = None


def mixed(*parts: object) -> int:
    """Return a number of 64 bits for a seed and what it is used for: the same on every machine and in every thread."""
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def caption_of(example: Example, visit: int, seed: int) -> str | None:
    """Return the caption that an image is shown with this time; None where it has none.

    Args:
        example: The image.
        visit: Which time the image is seen: the epoch.
        seed: Of the run.
    """
    if not example.captions:
        return None
    return example.captions[mixed(seed, "caption", visit, example.key) % len(example.captions)]
