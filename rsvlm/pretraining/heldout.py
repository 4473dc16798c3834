"""Pairs that are not learned from, and how a model does on them: its loss, and how often it finds the right one."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

from rsvlm.eval import EvalResult, EvalSet
from rsvlm.eval.retrieval import retrieve
from rsvlm.eval.vectors import image_vectors, text_vectors

from .data import Example, PairsSource, caption_of
from .data.examples import mixed, picture_of
from .errors import PretrainingError
from .step import Step

LIMIT = 1000
"""Held-out pairs that are looked at after each epoch: enough for intervals of some 3 points."""

UNSURE = (0.0, 1.0)
"""The interval of what so few images were asked that they say nothing (`rsvlm.eval.intervals`)."""

Kind = Literal["held-out", "validation"]

_CAPTIONS = 50
"""Of an image: class names in templates can be hundreds."""


def chance(images: int) -> float:
    """How far apart shares of so many images may be by chance: the largest standard error, 0.5 / sqrt(n)."""
    return 0.5 / math.sqrt(images) + 1e-9


def best_of(recalls: Sequence[float], reciprocals: Sequence[float], images: int) -> int:
    """Return which is the best: of those whose recall is within chance of the highest, that of the best ranks.

    Of equals it is the first.

    Args:
        recalls: Of each.
        reciprocals: Mean reciprocal rank of each.
        images: That both were measured on.
    """
    near = [place for place, recall in enumerate(recalls) if recall >= max(recalls) - chance(images)]
    return max(near, key=lambda place: (reciprocals[place], -place))


class HeldOutScore(NamedTuple):
    """How a model does on held-out pairs.

    Attributes:
        loss: That of the training, over batches of held-out pairs; NaN where nothing was trained with.
        recall: Mean of the two below: the share of queries whose first answer is right.
        images: Of images that look for one of their captions among all.
        texts: Of captions that look for an image of theirs among all.
        low, high: 95 % interval of `recall`, over images drawn again.
        reciprocal: Mean reciprocal rank of the first right answer, of both ways: it says more than `recall` where
            there are few images.
        n: Images; those that cannot be read are none.
    """

    loss: float
    recall: float
    images: float
    texts: float
    low: float
    high: float
    reciprocal: float
    n: int


class HeldOut:
    """Held-out pairs of some sources.

    Args:
        sources: The held-out part of each, or data sets of their own.
        seed: Of the choice, where there are more than `limit`.
        limit: How many are looked at.
        kind: What they are to be called: a part of what is learned from, or pairs of their own.

    Attributes:
        note: What is wrong with them, once they were measured by, or None.

    Raises:
        PretrainingError: None of them has an image and a caption.
    """

    def __init__(
        self, sources: Sequence[PairsSource], seed: int, limit: int = LIMIT, kind: Kind = "held-out"
    ) -> None:
        self.kind: Kind = kind
        drawn = _drawn(sources, seed, limit)
        self.examples = _whole(drawn)
        self._partial = _partial(drawn, self.examples, kind)
        self.note = self._partial
        if not self.examples:
            names = ", ".join(source.name for source in sources)
            raise PretrainingError(
                f"{names}: no pair with an image and a caption is held out: "
                "give pairs to choose by (validation, --validation), or hold none out (held_out=0, --held-out 0)"
            )
        self._seed = seed
        captions = tuple(example.captions[:_CAPTIONS] for example in self.examples)
        self.set = EvalSet(
            name="held out",
            images=tuple(partial(picture_of, example) for example in self.examples),
            keys=tuple(f"{number} {example.key}" for number, example in enumerate(self.examples)),
            captions=captions,
        )
        self._texts = list(dict.fromkeys(text for texts in captions for text in texts))
        place = {text: row for row, text in enumerate(self._texts)}
        self._pairs = np.array(
            [(row, place[text]) for row, texts in enumerate(captions) for text in set(texts)]
        )

    def __len__(self) -> int:
        return len(self.examples)

    def score(self, encoder: Any, step: Step | None = None, batch_size: int = 256) -> HeldOutScore:
        """Measure an encoder on them.

        Args:
            encoder: Any encoder.
            step: What it is trained with, for the loss.
            batch_size: Pairs that are compared at once in it.

        Raises:
            PretrainingError: None of the images can be read.
        """
        images = image_vectors(encoder, self.set)
        failed = np.flatnonzero(images.failed)
        if len(failed) == len(self):
            raise PretrainingError(
                f"none of the {len(self)} {self.kind} images can be read; the first: {images.errors[0]}"
            )
        if len(failed):
            key, reason = self.examples[failed[0]].key, str(images.errors[failed[0]])
            unread = (
                f"{len(failed)} of the {len(self)} {self.kind} images cannot be read, and are left out; the first: "
                f"{reason if key in reason else f'{key}: {reason}'}"
            )
            self.note = unread if self._partial is None else f"{self._partial}. {unread}"
        texts = text_vectors(encoder, self._texts)
        pairs = self._pairs[~images.failed[self._pairs[:, 0]]]
        readable, rows = np.unique(pairs[:, 0], return_inverse=True)
        said, columns = np.unique(pairs[:, 1], return_inverse=True)
        found = retrieve(
            images.values[readable], texts[said], np.stack([rows, columns], axis=1), "skyscript",
            name=self.set.name, seed=self._seed,
        )  # fmt: skip
        both = ("i2t", "t2i")
        ways = [found.metrics[f"{way}_success@1"] for way in both]
        low, high = np.mean(
            [found.intervals.get(f"{way}_success@1", UNSURE) for way in both], axis=0
        ).tolist()
        loss = float("nan") if step is None else self._loss(images.values, texts, step, batch_size)
        reciprocal = float(np.mean([_reciprocal(found, way) for way in both]))
        return HeldOutScore(
            loss, float(np.mean(ways)), ways[0], ways[1], low, high, reciprocal, len(readable)
        )

    def vectors(self, encoder: Any) -> NDArray[np.float32]:
        """Return the vectors of those of the images that can be read."""
        images = image_vectors(encoder, self.set)
        return images.values[~images.failed]

    def _loss(
        self, images: NDArray[np.float32], texts: NDArray[np.float32], step: Step, batch_size: int
    ) -> float:
        readable = np.flatnonzero(~np.isnan(images).any(axis=1))
        place = {text: row for row, text in enumerate(self._texts)}
        captions = [str(caption_of(self._shown(row), 0, self._seed)) for row in readable.tolist()]
        losses = []
        starts = range(
            0, max(len(readable) - batch_size, 0) + 1, batch_size
        )  # whole batches, or the only one
        for start in starts:
            part = slice(start, start + batch_size)
            rows = [place[caption] for caption in captions[part]]
            vectors = torch.from_numpy(images[readable[part]]), torch.from_numpy(texts[rows])
            losses.append(step.compared(*vectors, captions[part]))
        return float(np.mean(losses))

    def _shown(self, row: int) -> Example:
        example = self.examples[row]
        return replace(example, captions=example.captions[:_CAPTIONS])


def _reciprocal(found: EvalResult, way: str) -> float:
    """Mean reciprocal rank of one way; 0 for what was not found."""
    assert found.items is not None
    ranks = found.items.filter(pc.field("direction") == way)["rank"]
    return float(pc.mean(pc.fill_null(pc.divide(1.0, ranks), 0.0)).as_py())


def _drawn(sources: Sequence[PairsSource], seed: int, limit: int) -> list[Example]:
    """Up to `limit` examples, of each source as its size says; of streams the first."""
    known = [source for source in sources if not source.streaming]
    streams = [source for source in sources if source.streaming]
    sizes = [len(source) for source in known]
    first = limit * len(known) // max(len(sources), 1)
    chosen = np.random.default_rng(mixed(seed, "validation")).permutation(sum(sizes))[:first]
    ends = np.cumsum([0, *sizes])
    found = []
    for number in np.sort(chosen).tolist():
        source = int(np.searchsorted(ends, number, side="right")) - 1
        found.append(known[source][number - int(ends[source])])
    for stream in streams:
        found += islice(iter(stream), limit // len(sources))
    return found


def _partial(drawn: Sequence[Example], whole: Sequence[Example], kind: Kind) -> str | None:
    """Say how many images have no caption, or captions no image."""
    keys = list(dict.fromkeys(example.key for example in drawn))
    known = {example.key for example in whole}
    lacking = [key for key in keys if key not in known]
    if not lacking:
        return None
    are = f"{len(lacking)} of the {len(keys)} {kind} images {'has' if len(lacking) == 1 else 'have'}"
    return (
        f"{are} no caption, or no picture, and {'is' if len(lacking) == 1 else 'are'} left out: {lacking[0]}"
        + (", ..." if len(lacking) > 1 else "")
    )


def _whole(examples: Sequence[Example]) -> list[Example]:
    """Those with image and caption; rows of one image, as tables with a caption a row have them, as one."""
    by_image: dict[tuple[str, str | bytes | None], Example] = {}
    for example in examples:
        if example.image is None or not example.captions:
            continue
        # several sources, and several archives of one, may have images of one name
        own = example.image if isinstance(example.image, str | bytes) else None
        before = by_image.get((example.key, own))
        if before is not None:
            example = replace(before, captions=tuple(dict.fromkeys(before.captions + example.captions)))
        by_image[example.key, own] = example
    return list(by_image.values())
