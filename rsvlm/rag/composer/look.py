"""What an image shows: its vector, those of its parts, and the pictures of a base that look like it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PIL import Image as PillowImage

from rsvlm.models import Encoder
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Box, class_names
from rsvlm.rag.questions.reading import words_of
from rsvlm.rag.questions.things import find_things
from rsvlm.rag.seen import Seen
from rsvlm.retrieval.exact import Floats
from rsvlm.retrieval.stored import Vectors
from rsvlm.vocabularies import vocabulary, vocabulary_names

_SHARPNESS = 20.0
"""How much more the nearest pictures count than those behind them."""
_SMALLEST = 16
"""Pixels of a part, at least: on fewer an encoder sees nothing."""


@dataclass(frozen=True)
class Neighbour:
    """A picture of a base that looks like the one asked about.

    Attributes:
        weight: How much it counts; those of all neighbours sum to 1.
        evidence: Its captions, or what else is said of it.
        labels: Classes that it has.
        things: Classes that its captions name, with how many do.
    """

    weight: float
    evidence: tuple[Evidence, ...]
    labels: tuple[str, ...]
    things: Counter[str]

    def shows(self, classes: Sequence[str]) -> bool:
        """Whether it shows one of these, by its captions or its labels."""
        return any(self.things[one] for one in classes) or bool(set(classes) & set(self.labels))


class Look:
    """An image, looked at as far as a question needs.

    Args:
        seen: The image.
        encoder: What makes vectors of it.
        vector: (d,) that of the whole image.

    Attributes:
        neighbours: Pictures that look like it; none without a base.
    """

    def __init__(self, seen: Seen, encoder: Encoder, vector: Floats) -> None:
        self.seen, self._encoder, self.vector = seen, encoder, vector
        self.neighbours: tuple[Neighbour, ...] = ()
        self._parts: dict[int, Vectors] = {}

    def tiles(self, count: int) -> Vectors:
        """(count, count, d) vectors of equal tiles, row by row from the upper left."""
        if count not in self._parts:
            edges = np.linspace(0, 1, count + 1)
            boxes = [
                (edges[column], edges[row], edges[column + 1], edges[row + 1])
                for row in range(count)
                for column in range(count)
            ]
            crops = [self._crop(box) for box in boxes]
            self._parts[count] = self._encoder.encode_images(crops).reshape(count, count, -1)
        return self._parts[count]

    def part(self, box: Box) -> Floats:
        """(d,) vector of a part."""
        found: Floats = self._encoder.encode_images([self._crop(box)])[0].astype(np.float64)
        return found

    def finest(self, wanted: int) -> int:
        """How many tiles along a side are of some use, at most as many as are wanted."""
        height, width = self.seen.picture.shape[:2]
        return max(1, min(wanted, int(min(height, width)) // _SMALLEST))

    def _crop(self, box: Box) -> PillowImage.Image:
        height, width = self.seen.picture.shape[:2]
        left, top, right, bottom = box
        x, y = int(left * width), int(top * height)
        x_end, y_end = max(x + 1, round(right * width)), max(y + 1, round(bottom * height))
        return PillowImage.fromarray(self.seen.picture[y:y_end, x:x_end])


def neighbours_of(evidence: Sequence[Evidence]) -> list[Neighbour]:
    """Bring evidence on the same picture together, and say how much each picture counts.

    Args:
        evidence: Of pictures, with `by_image`.
    """
    by_picture: dict[str, list[Evidence]] = {}
    for one in evidence:
        if one.chunk.image is not None and one.by_image is not None:
            by_picture.setdefault(one.chunk.image, []).append(one)
    if not by_picture:
        return []
    cosines = np.array([group[0].by_image for group in by_picture.values()], np.float64)
    weights = np.exp(_SHARPNESS * (cosines - cosines.max()))
    return [
        Neighbour(weight, tuple(group), _labels(group), _things([one.chunk.text for one in group]))
        for weight, group in zip((weights / weights.sum()).tolist(), by_picture.values(), strict=True)
    ]


def _labels(group: Sequence[Evidence]) -> tuple[str, ...]:
    names = dict.fromkeys(label for one in group for label in one.chunk.labels)
    return tuple(called(name) for name in names)


def called(label: str) -> str:
    """Return the name that questions have for the class of a label, or the label: "baseballdiamond" is one, too."""
    return _called().get(label.lower()) or (class_names(label) or (label,))[0]


@cache
def _called() -> dict[str, str]:
    """Names of classes as data sets file them, each with what questions call it."""
    every = [one for name in vocabulary_names() for one in vocabulary(name).classes]
    return {one.name.lower(): found[0] for one in every if one.words and (found := class_names(one.words[0]))}


def _things(texts: Sequence[str]) -> Counter[str]:
    return Counter(name for text in texts for name in things_named(text))


@lru_cache(maxsize=16384)
def things_named(text: str) -> frozenset[str]:
    """Classes that a text names."""
    return frozenset(one.thing.classes[0] for one in find_things(text, words_of(text)) if one.thing.classes)
