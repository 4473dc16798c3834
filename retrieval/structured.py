"""Vectors by the million with the structure of real ones, made by shards and kept nowhere.

They are drawn around class centres: those of the 19 classes of WHU-RS19 as SkyCLIP-50 sees them, and others drawn with
the covariance of all 1,005 real vectors, scaled to the spread of the real centres. Within a class a vector lies on a
curved surface of 12 dimensions with full-rank noise on it, and both have the covariance that real images of one class
have. `clustered` has 400 classes, `scattered` 50,000: which of them an archive is like is not known.

Queries: images are more draws of the same classes; texts are the real text vectors of SkyCLIP-50 (19 classes x 106
prompts), those of even prompts for tuning, those of odd ones for the measurement.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

CLASSES = {"clustered": 400, "scattered": 50_000}
SHARD = 100_000
_SHAPES, _WAVES, _SURFACE = 64, 96, 12
_ON_SURFACE = 0.9
"""Share of a class's variance that lies along its surface."""


@dataclass(frozen=True)
class Structured:
    """A set of vectors of one structure.

    Attributes:
        npz: `SkyCLIP50-ViT-B-32.npz`: images, labels, texts.
        name: "clustered" or "scattered".
    """

    npz: Path
    name: str

    @cached_property
    def _real(self) -> dict[str, NDArray[Any]]:
        with np.load(self.npz) as found:
            images, labels = found["images"].astype(np.float64), found["labels"]
            texts = found["texts"].astype(np.float64)
        centres = np.stack([images[labels == one].mean(axis=0) for one in np.unique(labels)])
        return {
            "images": images,
            "labels": labels,
            "centres": centres,
            "within": images - centres[labels],
            "texts": texts,
        }

    @cached_property
    def _model(self) -> dict[str, Vectors]:
        random = np.random.default_rng(0)
        real = self._real
        spread = real["centres"] - real["centres"].mean(axis=0)
        total = real["images"] - real["images"].mean(axis=0)
        scale = np.sqrt((spread**2).sum() / len(spread) / ((total**2).sum() / len(total)))
        others = random.standard_normal((CLASSES[self.name] - len(spread), len(total))) @ total
        centres = real["images"].mean(axis=0) + others * scale / np.sqrt(len(total))
        within = np.linalg.cholesky(
            real["within"].T @ real["within"] / len(total) + 1e-9 * np.eye(total.shape[1])
        ).T
        # sqrt(2): a sine of a random phase has half the variance of a constant
        mixing = random.standard_normal((_SHAPES, _WAVES, total.shape[1])) * np.sqrt(2 / _WAVES)
        return {
            "centres": np.concatenate([real["centres"], centres]).astype(np.float32),
            "within": within.astype(np.float32),
            "mixing": mixing.astype(np.float32),
            "waves": (random.standard_normal((_SHAPES, _SURFACE, _WAVES)) * 0.5).astype(np.float32),
            "phases": random.uniform(0, 2 * np.pi, (_SHAPES, _WAVES)).astype(np.float32),
        }

    def draw(self, count: int, seed: int, classes: NDArray[np.int64] | None = None) -> Vectors:
        """Return (count, 512) unit vectors, of classes drawn or given; the same seed gives the same."""
        model, random = self._model, np.random.default_rng(seed + 1)
        if classes is None:
            classes = random.integers(len(model["centres"]), size=count)
        place = random.standard_normal((count, _SURFACE), np.float32)
        noise = random.standard_normal((count, model["within"].shape[0]), np.float32)
        noise *= np.float32(np.sqrt(1 - _ON_SURFACE))
        for shape in range(_SHAPES):
            own = np.flatnonzero(classes % _SHAPES == shape)
            waves = np.sin(place[own] @ model["waves"][shape] + model["phases"][shape])
            noise[own] += np.float32(np.sqrt(_ON_SURFACE)) * (waves @ model["mixing"][shape])
        found = model["centres"][classes] + noise @ model["within"]
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)

    def shard(self, number: int) -> Vectors:
        """Return the 100,000 vectors of a shard."""
        return self.draw(SHARD, number)

    def image_queries(self, count: int = 1000) -> Vectors:
        """Return draws that are in no shard."""
        return self.draw(count, 10**9)

    def text_queries(self, *, tuning: bool) -> Vectors:
        """Return real text vectors: those of even prompts for tuning, else those of odd ones."""
        texts = self._real["texts"][(0 if tuning else 1) :: 2].reshape(-1, self._real["texts"].shape[-1])
        return np.asarray(texts / np.linalg.norm(texts, axis=1, keepdims=True), np.float32)

    def likeness(self) -> dict[str, tuple[float, float]]:
        """Compare the 1,005 real vectors with as many drawn ones of the same classes: (real, drawn) figures."""
        real, texts = self._real["images"].astype(np.float32), self.text_queries(tuning=True)
        drawn = self.draw(len(real), -1, self._real["labels"])
        return {
            "dimension": (_dimension(real), _dimension(drawn)),
            "cosine of two": (_cosine_of_two(real), _cosine_of_two(drawn)),
            "cosine with a text": (float((real @ texts.T).mean()), float((drawn @ texts.T).mean())),
            "cosine with the nearest": (_cosine_with_nearest(real), _cosine_with_nearest(drawn)),
        }


def _cosine_of_two(vectors: Vectors) -> float:
    return float(np.square(vectors.mean(axis=0)).sum())


def _cosine_with_nearest(vectors: Vectors) -> float:
    return float(np.sort(vectors @ vectors.T, axis=1)[:, -2].mean())


def _dimension(vectors: Vectors, neighbours: int = 20) -> float:
    """Intrinsic dimension by maximum likelihood (Levina and Bickel 2004)."""
    cosines = np.sort(vectors @ vectors.T, axis=1)[:, ::-1][:, 1 : neighbours + 1]
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 1e-12))
    inverse = np.log(distances[:, -1:] / distances[:, :-1]).mean(axis=1)
    return float(1 / inverse.mean())
