"""What a probe is given: features of items, and what is to be predicted from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.classification.class_vectors import unit
from rsvlm.datasets.sets import EvalSet
from rsvlm.eval.errors import EvalError
from rsvlm.eval.vectors import SetVectors, text_vectors
from rsvlm.eval.zeroshot import label_places
from rsvlm.models import Encoder
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes

from .features import place_harmonics, place_waves, time_waves
from .targets import Target

FEATURES = ("image", "text", "place", "place-waves", "time")
"""Blocks of features: image vectors, mean caption vectors, spherical harmonics of the place, sines and cosines of it,
and season, hour and year."""


@dataclass(frozen=True, eq=False)
class ProbeData:
    """Items with features and a target, all in one order.

    Attributes:
        name: The data set's.
        blocks: Features by name, (n, width) each; NaN where unknown.
        target: What is to be predicted.
        keys: What each item is called.
        hashes: A hash of each item's picture, "" where there is none.
        errors: Why an item failed, else None: it is not learned from, and counts as wrong where it is judged.
        groups: The group of each item, or None.
        places: (n, 2) longitude and latitude, or None.
        record: Where all this comes from.
    """

    name: str
    blocks: Mapping[str, NDArray[Any]]
    target: Target
    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    errors: tuple[str | None, ...]
    groups: tuple[str, ...] | None = None
    places: NDArray[np.float64] | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse parts of different length (`EvalError`)."""
        lengths = {"target": len(self.target), "keys": len(self.keys), "hashes": len(self.hashes)}
        lengths |= {f"features {name}": len(values) for name, values in self.blocks.items()}
        if not len(self.keys):
            raise EvalError(f"{self.name}: no items are left for a probe; could none of its images be read?")
        if len(set(lengths.values())) > 1 or not self.blocks:
            raise EvalError(
                f"{self.name}: a probe needs features and targets of the same items, not {lengths}"
            )

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def strata(self) -> NDArray[Any]:
        """(n,): what is kept in the same shares when items are divided: the class, or nothing."""
        return self.target.classes if self.target.kind == "class" else np.zeros(len(self), np.int64)

    def take(self, rows: ArrayLike) -> "ProbeData":
        """Return some items, by their numbers."""
        index = np.asarray(rows, np.int64)
        listed = index.tolist()
        return ProbeData(
            self.name,
            {name: values[index] for name, values in self.blocks.items()},
            self.target.take(index),
            tuple(self.keys[i] for i in listed),
            tuple(self.hashes[i] for i in listed),
            tuple(self.errors[i] for i in listed),
            None if self.groups is None else tuple(self.groups[i] for i in listed),
            None if self.places is None else self.places[index],
            self.record,
        )

    def joined(self, other: "ProbeData") -> "ProbeData":
        """Return these items and then the other ones."""
        values = np.concatenate([self.target.values, other.target.values])
        both = self.groups is not None and other.groups is not None
        return ProbeData(
            self.name,
            {name: np.concatenate([block, other.blocks[name]]) for name, block in self.blocks.items()},
            Target(self.target.kind, values, self.target.names),
            self.keys + other.keys,
            self.hashes + other.hashes,
            self.errors + other.errors,
            (self.groups or ()) + (other.groups or ()) if both else None,
            None,
            self.record,
        )


def probe_data(
    eval_set: EvalSet,
    vectors: SetVectors,
    vocabulary: Vocabulary | None = None,
    *,
    features: Sequence[str] = ("image",),
    number: str | None = None,
    encoder: Encoder | None = None,
) -> ProbeData:
    """Return what a probe is given of a data set.

    Args:
        eval_set: The data set.
        vectors: Of its images.
        vocabulary: Its classes; None: the set's own. Train and test need the same.
        features: Some of `FEATURES`, whose blocks are fused.
        number: Name of the target to be regressed; None: classes are predicted.
        encoder: For "text".

    Raises:
        EvalError: A feature or target that the set does not have.
    """
    blocks = {name: _block(name, eval_set, vectors, encoder) for name in features}
    if number is None:
        vocabulary = vocabulary or vocabulary_from_classes(eval_set.label_names, eval_set.name)
        several = vocabulary.multi_label or eval_set.multi_label
        places = label_places(eval_set, vocabulary, multi_label=several)
        target = Target.of_classes(places, vocabulary.names, multi_label=several)
    elif number in eval_set.targets:
        target = Target.of_numbers(eval_set.targets[number], number)
    else:
        raise EvalError(
            f"{eval_set.title}: has no numbers {number}; it has {', '.join(eval_set.targets) or 'none'}"
        )
    return ProbeData(
        eval_set.name, blocks, target, eval_set.keys, vectors.hashes, vectors.errors, eval_set.groups, eval_set.places,
        eval_set.record,
    )  # fmt: skip


def _block(name: str, eval_set: EvalSet, vectors: SetVectors, encoder: Encoder | None) -> NDArray[Any]:
    if name == "image":
        return vectors.values
    if name == "text" and encoder is not None and eval_set.captions is not None:
        return _caption_vectors(encoder, eval_set.captions)
    if name in ("place", "place-waves") and eval_set.places is not None:
        return (place_harmonics if name == "place" else place_waves)(eval_set.places)
    if name == "time" and eval_set.times is not None:
        return time_waves(eval_set.times)
    if name not in FEATURES:
        raise EvalError(f"there is no feature {name!r}; take some of {', '.join(FEATURES)}")
    raise EvalError(f"{eval_set.title}: has nothing for the feature {name}")


def _caption_vectors(encoder: Encoder, captions: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """The mean vector of each item's captions, of unit length; NaN without any."""
    vectors = text_vectors(encoder, [caption for own in captions for caption in own])
    found = np.full((len(captions), encoder.dimension), np.nan, np.float32)
    start = 0
    for row, own in enumerate(captions):
        if own:
            found[row] = unit(vectors[start : start + len(own)].mean(axis=0))
        start += len(own)
    return found
