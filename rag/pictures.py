"""Captioned pictures with what their captions name: what the recipes and measurements beside this file work on."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rsvlm.models import Encoder
from rsvlm.rag.composer.look import called, things_named
from rsvlm.rag.questions import Thing, class_names
from rsvlm.retrieval import Index

NEAREST, SHARPNESS = 20, 20.0
"""As of the composer."""


@dataclass(frozen=True)
class Pictures:
    """A split of a captioned data set.

    Attributes:
        vectors: (n, d).
        captions: Of each picture.
        labels: The class of each, by the name that questions have for it.
    """

    vectors: NDArray[np.float32]
    captions: list[list[str]]
    labels: list[str]

    @cached_property
    def named(self) -> list[Counter[str]]:
        """For each picture, how many of its captions name each class."""
        return [Counter(name for text in texts for name in things_named(text)) for texts in self.captions]

    def shows(self, thing: Thing) -> NDArray[np.bool_]:
        """(n,) which pictures show a thing, by a caption or by their class."""
        own = set(thing.classes)
        return np.array(
            [
                label in own or bool(own & set(named))
                for label, named in zip(self.labels, self.named, strict=True)
            ]
        )

    def truth(self, thing: Thing) -> NDArray[np.int8]:
        """(n,) 1 where two captions or the class say that it is there, 0 where nothing does, -1 in between."""
        own = set(thing.classes)
        found = np.full(len(self.labels), -1, np.int8)
        found[~self.shows(thing)] = 0
        for place, (label, named) in enumerate(zip(self.labels, self.named, strict=True)):
            if label in own or max((named[one] for one in own), default=0) >= 2:
                found[place] = 1
        return found


def pictures(file: Path, encoder: Encoder, work: Path) -> Pictures:
    """Read a split; its vectors are kept in a folder.

    Args:
        file: A parquet file with image, captions and label.
        encoder: What makes vectors.
        work: Where they are kept.
    """
    place = work / f"{file.parent.name}-{file.stem}-{encoder.revision.replace(':', '-')}"
    index = Index.open(place, encoder) if place.exists() else Index.build(file, place, encoder)
    numbers = index.numbers()
    rows = index.rows(numbers)
    labels = [called(one[0]) for one in rows["labels"].to_pylist()]
    return Pictures(index.vectors(numbers), rows["captions"].to_pylist(), labels)


def common_things(found: Pictures, least: int) -> list[Thing]:
    """Things that so many pictures' captions name, by their names: what is drawn of them is the same in every run."""
    counts = Counter(name for named in found.named for name in named)
    return [
        Thing(name, class_names(name) or (name,)) for name, count in sorted(counts.items()) if count >= least
    ]


def memory_weights(asked: Pictures, memory: Pictures, *, itself: bool) -> NDArray[np.float64]:
    """(n, m) how much each picture of a memory counts for each that is asked about, as the composer has it.

    Args:
        asked: The pictures.
        memory: What they are held against.
        itself: Whether both are the same: no picture is its own look-alike.
    """
    cosines = asked.vectors.astype(np.float64) @ memory.vectors.T
    if itself:
        np.fill_diagonal(cosines, -1)
    least = np.partition(cosines, -NEAREST, axis=1)[:, [-NEAREST]]
    weights = np.where(
        cosines >= least, np.exp(SHARPNESS * (cosines - cosines.max(axis=1, keepdims=True))), 0
    )
    found: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return found
