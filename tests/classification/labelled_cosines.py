"""Cosines with known truth: made on the spot, and those of the WHU-RS19 embeddings."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.classification.calibration import Calibration, fit_calibration

IDENTITY = {"encoder": "tiny", "revision": "sha256:0123", "vocabulary": "abcd"}


class Labelled(NamedTuple):
    """Cosines (n, c) and the class of each image, -1 for none of these."""

    cosines: NDArray[np.float64]
    labels: NDArray[np.int64]


def drawn(n: int, scale: float, *, classes: int = 10, seed: int = 0) -> Labelled:
    """Images whose class is drawn from softmax(scale * cosine): the best scale is known."""
    rng = np.random.default_rng(seed)
    cosines = rng.normal(0.2, 0.02, (n, classes))
    shares = np.exp(scale * cosines)
    shares /= shares.sum(axis=1, keepdims=True)
    labels = (rng.random((n, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    return Labelled(cosines, np.minimum(labels, classes - 1))


def separate(n: int, *, classes: int = 5, foreign: int = 0, seed: int = 0) -> Labelled:
    """Images that are all right, and, after them, some that are near to no class."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(n) % classes, np.full(foreign, -1)])
    cosines = rng.normal(0.1, 0.005, (n + foreign, classes))
    cosines[np.arange(n), labels[:n]] += 0.15
    return Labelled(cosines, labels)


def whurs19(folder: Path, model: str) -> Labelled:
    """Cosines of the 1,005 images with the averaged text vectors of the 19 classes."""
    with np.load(folder / "whurs19-embeddings" / f"{model}-ViT-B-32.npz", allow_pickle=False) as file:
        return Labelled(file["images"] @ file["texts_average"].T, file["labels"])


def fit(data: Labelled, **options: object) -> Calibration:
    """Fit a single-label calibration."""
    return fit_calibration(data.cosines, data.labels.tolist(), **IDENTITY, **options)  # type: ignore[arg-type]
