"""The land-cover classes of a chip that are worth telling, in words."""

from typing import NamedTuple

from rsvlm.captioning.classwords import class_words
from rsvlm.captioning.labels import OVERALL, LandCover

LEAST_SHARE = 0.01
MOST_CLASSES = 4


class Cover(NamedTuple):
    """A class in words and its share of the labelled pixels."""

    words: str
    share: float


def covers(landcover: LandCover | None) -> list[Cover]:
    """Return the classes worth telling: the first, and up to three more of at least one percent."""
    pixels = class_pixels(landcover, OVERALL) if landcover else {}
    total = sum(pixels.values())
    if not total:
        return []
    found = [Cover(words, count / total) for words, count in pixels.items()]
    return [c for i, c in enumerate(found[:MOST_CLASSES]) if i == 0 or c.share >= LEAST_SHARE]


def class_pixels(landcover: LandCover, region: str) -> dict[str, int]:
    """Return the pixels of a region by class words, the most first; classes of the same words are one."""
    pixels: dict[str, int] = {}
    for share in landcover["regions"].get(region, []):
        words = class_words(landcover, share["name"])
        pixels[words] = pixels.get(words, 0) + share["pixels"]
    return dict(sorted(pixels.items(), key=lambda item: -item[1]))
