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
    shares = landcover["regions"].get(OVERALL, []) if landcover else []
    total = sum(c["pixels"] for c in shares)
    if not landcover or not total:
        return []
    found = [Cover(class_words(landcover, c["name"]), c["pixels"] / total) for c in shares]
    return [c for i, c in enumerate(found[:MOST_CLASSES]) if i == 0 or c.share >= LEAST_SHARE]
