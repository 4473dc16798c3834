"""Labelled images of an index as a memory: what the words for the classes say, and what was seen, together."""

import hashlib
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.retrieval import Index
from rsvlm.vocabularies import Vocabulary

from .errors import ClassificationError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SHARPNESS = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_TEMPERATURES = (1.0, 2.0, 4.0, 8.0)
"""What is tried when the weight is chosen."""
_UNTRIED = (10.0, 0.5)
"""Sharpness and weight where no class has two different labelled images, so that none can be left out."""
_FITTED_ON = 3000
_CELLS = 2**24
"""Cosines that are held at once."""
_SAME = 1 - 1e-4
"""Cosine from which two vectors are of one image: encoded in other company, and kept in half precision."""
_ASIDE = {"index", "of_other_labels"}
_LEAST = np.float32(1e-37)
"""Of a sum: what is farther from the nearest than this is as far as can be."""


class Memory:
    """Labelled rows of an index that one image may be held against.

    How much an image is like a class is log(mean(exp(sharpness x cosine))) over the class's labelled images: near 0 a
    comparison with their mean, when large one with the nearest (cf. Tip-Adapter, Zhang et al. 2022). It is added,
    times a weight, to the cosines with the class's words times their scale. A class without labelled images counts as
    much like the image as the others are on average. Weight and sharpness are those with the least cross-entropy of
    the labelled images, each left out in its turn with its copies, at the best of some temperatures; a weight of 0 is
    among them.

    Attributes:
        classes: (n,) class of each labelled row.
        sharpness: As above.
        weight: As above; 0 where there is nothing to remember.
        record: What it consists of, as plain data.
    """

    def __init__(
        self, index: Index, vocabulary: Vocabulary, words: Floats, scale: float, weight: float | None = None
    ) -> None:
        """Take the labelled rows.

        Args:
            index: Made by the classifier's encoder.
            vocabulary: The classes; rows of other labels, and of several, are left out.
            words: (classes, d) class vectors.
            scale: What cosines with them are multiplied with.
            weight: Of the memory; None: as fitted.

        Raises:
            ClassificationError: Labels, and none of them of these classes; or a weight below 0.
        """
        if weight is not None and not (isinstance(weight, Real) and 0 <= weight < np.inf):
            raise ClassificationError(f"memory weight {weight!r}: give 0 (words only) or more")
        numbers, labels = index.labelled()
        places = {entry.name: place for place, entry in enumerate(vocabulary.classes)}
        known = {  # a wider class than those that are told apart is none of them
            name: places[entry.name]
            for name in {name for names in labels for name in names}
            if (entry := vocabulary.by_name(name)) is not None and entry.name in places
        }
        found = [known[names[0]] if len(names) == 1 and names[0] in known else -1 for names in labels]
        if labels and not any(place >= 0 for place in found):
            raise ClassificationError(
                f"{index.place}: none of {len(labels):,} labelled rows has one label of {vocabulary.name}: "
                f"the first has {', '.join(labels[0])}, the classes are {', '.join(vocabulary.names[:20])}"
            )
        kept = np.array(found, np.int64) >= 0
        self.classes: Ints = np.array(found, np.int64)[kept]
        self._vectors = index.vectors(numbers[kept])
        self._scale, self._count = scale, len(vocabulary.names)
        self.sharpness, self.weight = self._fit(words)
        if weight is not None:
            self.weight = float(weight)
        seen = sorted(zip(map(bytes, self._vectors), self.classes.tolist(), strict=True))  # in whatever order
        digest = hashlib.sha256(repr(seen).encode()).hexdigest()
        self.record: dict[str, Any] = {
            "index": index.place,
            "labelled": len(self.classes),
            "of_other_labels": len(labels) - len(self.classes),
            "classes": len(np.unique(self.classes)),
            "weight": self.weight,
            "sharpness": self.sharpness,
            "sha256": digest,
        }

    @property
    def identity(self) -> dict[str, Any]:
        """What decides its evidence: of `record` not where the index is, nor how many rows do not count."""
        return {name: value for name, value in self.record.items() if name not in _ASIDE}

    def evidence(self, vectors: Floats, *, itself: bool = True) -> Floats:
        """Return what is to be added to the cosines of images with the classes' words: (n, classes).

        Args:
            vectors: (n, d) of the images.
            itself: Whether an image is held against itself where it is among the labelled rows. A new image never
                is: what is fitted on labelled images must not see them so, either.
        """
        found = np.zeros((len(vectors), self._count), np.float32)
        if self.weight and len(self.classes):
            lengths = np.linalg.norm(
                vectors, axis=1, keepdims=True
            )  # the mean of several views is shorter than 1
            step = max(1, _CELLS // len(self.classes))
            for first in range(0, len(vectors), step):
                some = slice(first, first + step)
                cosines = vectors[some] / np.maximum(lengths[some], 1e-12) @ self._vectors.T
                found[some] = self._likeness(cosines, self.sharpness, None if itself else cosines >= _SAME)
        found *= self.weight / self._scale
        return found

    def _likeness(self, cosines: Floats, sharpness: float, left_out: Mask | None = None) -> Floats:
        """(q, classes) from (q, n) cosines with the labelled rows, of which some may be left out, such as its own."""
        nearest = cosines.max(axis=1, keepdims=True)
        powers = np.exp(sharpness * (cosines - nearest))
        member = np.zeros((len(self.classes), self._count), np.float32)
        member[np.arange(len(self.classes)), self.classes] = 1
        counts = np.tile(member.sum(axis=0), (len(cosines), 1))
        if left_out is not None:
            powers[left_out] = 0
            counts -= left_out.astype(np.float32) @ member
        sums = powers @ member
        known = counts > 0
        found = np.log(np.maximum(sums, _LEAST)) - np.log(np.maximum(counts, 1)) + sharpness * (nearest - 1)
        mean = (
            np.where(known, found, 0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1), 1)[:, None]
        )
        likeness: Floats = np.where(known, found, mean).astype(np.float32)
        return likeness

    def _fit(self, words: Floats) -> tuple[float, float]:
        if not len(self.classes):
            return _UNTRIED[0], 0.0
        counts = np.bincount(self.classes, minlength=self._count)
        able = np.flatnonzero(counts[self.classes] > 1)
        if not len(able):
            return _UNTRIED
        asked = np.random.default_rng(0).permutation(able)[:_FITTED_ON]
        by_words = self._scale * self._vectors[asked] @ words.T
        cosines = self._vectors[asked] @ self._vectors.T
        # a new image is not there, and no copy of it
        own = (np.arange(len(self.classes)) == asked[:, None]) | (cosines >= _SAME)
        others = (~own & (self.classes == self.classes[asked][:, None])).any(axis=1)
        if not others.any():
            return _UNTRIED
        asked, by_words, cosines, own = asked[others], by_words[others], cosines[others], own[others]
        best = (np.inf, _UNTRIED[0], 0.0)
        for sharpness in SHARPNESS:
            likeness = self._likeness(cosines, sharpness, own)
            for weight in WEIGHTS:
                logits = by_words + weight * likeness
                loss = min(_cross_entropy(logits / one, self.classes[asked]) for one in _TEMPERATURES)
                if loss < best[0] - 1e-9:
                    best = (loss, sharpness, weight)
        return best[1], best[2]


def _cross_entropy(logits: Floats, classes: Ints) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(classes)), classes]).mean())
