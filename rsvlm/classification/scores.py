"""Cosines to scores: softmax, the evidence for a class, and the best k.

All of it takes cosines of n images with c classes, (n, c), works in float64 and gives float32. A row of NaN, an
image that failed, stays a row of NaN.
"""

import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import ClassificationError

Floats = NDArray[np.floating[Any]]
Scores = NDArray[np.float32]
Float64s = NDArray[np.float64]
Mask = NDArray[np.bool_]

CROWD = 0.5
"""Share of an image's mean cosine that `evidence` takes off. See there for the measurement."""

RELATIVE_HEIGHT = 0.6
"""How high above the mean, on the way to the best, a class must lie for `relative_scores` to give it 0.5."""


class TopK(NamedTuple):
    """The best classes of each image, best first: their indices (n, k), and their scores (n, k)."""

    indices: NDArray[np.int64]
    scores: Scores


def as_rows(cosines: Floats) -> Float64s:
    """Return cosines in float64.

    Raises:
        ClassificationError: They are not a matrix (images, classes) with at least one class.
    """
    rows = np.asarray(cosines, np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ClassificationError(
            f"cosines have the shape {rows.shape}; give a matrix of images x classes, with at least one class"
        )
    return rows


def softmax(cosines: Floats, scale: float) -> Scores:
    """Return shares of belief of classes that exclude each other: exp(scale * cosine), divided by their sum.

    Args:
        cosines: (n, c).
        scale: Inverse temperature: the encoder's `logit_scale` (CLIP: 100), or one that was fitted.

    Returns:
        float32 (n, c); each row sums to 1 within 1e-6.
    """
    return np.exp(log_softmax(cosines, scale)).astype(np.float32)


def log_softmax(cosines: Floats, scale: float) -> Float64s:
    """Return the natural logarithm of `softmax`, float64 (n, c), without loss where shares are tiny."""
    rows = as_rows(cosines) * checked_scale(scale)
    rows -= rows.max(axis=1, keepdims=True)
    return np.asarray(rows - np.log(np.exp(rows).sum(axis=1, keepdims=True)))


def logistic(logits: Float64s) -> Float64s:
    """Return 1 / (1 + exp(-x)) for any x, without overflow."""
    shrunk = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, shrunk) / (1.0 + shrunk))


def evidence(cosines: Floats) -> Float64s:
    """Return how strongly each image speaks for each class: its cosine less half the mean of its row.

    Some images are near to all texts and others to none, so that a cosine alone says little; but its height over
    the row alone (a margin, or the largest softmax) forgets how near the image is to anything at all. Half
    between both told images of unknown classes best over encoders and prompts. Measured on WHU-RS19 with 5 of
    its 19 classes unknown (mean area under the ROC curve over RemoteCLIP and SkyCLIP-50 ViT-B-32, averaged and
    single prompts, 40 draws of classes, 70 and 350 images): best cosine .885, best less mean .895, best less
    half the mean .921; largest softmax .87 and energy (log-sum-exp) .87 at scale 100; Mahalanobis distance in
    the space of the cosines .917, but it keeps 61 % instead of 95 % when fitted on 70 images.

    Returns:
        float64 (n, c).
    """
    rows = as_rows(cosines)
    return np.asarray(rows - CROWD * rows.mean(axis=1, keepdims=True))


def relative_scores(cosines: Floats, scale: float) -> Scores:
    """Return multi-label scores without any calibration: how a class stands out within its own image.

    A sigmoid around the point at `RELATIVE_HEIGHT` of the way from the image's mean cosine to its best, so that a
    class has 0.5 or more where it reaches that height. The best class always does: this rule cannot say "nothing
    of all that", and with one class it says nothing. It is a rule of thumb, never a probability: mark it
    uncalibrated. (Micro F1 on WHU-RS19 images mixed two and three together, where .5, .6, .7 of the way give .70,
    .72, .72 with RemoteCLIP and .60, .63, .64 with SkyCLIP-50; the best cosine threshold fitted on labels .65, .60.)

    Args:
        cosines: (n, c).
        scale: The encoder's `logit_scale`; it decides how steep scores are, and not which pass 0.5.

    Returns:
        float32 (n, c), each in 0..1.
    """
    rows = as_rows(cosines)
    best, mean = rows.max(axis=1, keepdims=True), rows.mean(axis=1, keepdims=True)
    height = np.minimum(
        mean + RELATIVE_HEIGHT * (best - mean), best
    )  # rounding must not lift it over the best
    return logistic((rows - height) * checked_scale(scale)).astype(np.float32)


def top_k(scores: Floats, k: int) -> TopK:
    """Return the k best classes of each image, best first; of equals, the class with the lower index first.

    Args:
        scores: (n, c); a k above c gives all c.
        k: 1 or more.

    Raises:
        ClassificationError: k is no whole number of 1 or more, or scores are no matrix.
    """
    rows = as_rows(scores)
    indices = np.argsort(-rows, axis=1, kind="stable")[:, : checked_k(k)]
    return TopK(indices.astype(np.int64), np.take_along_axis(rows, indices, axis=1).astype(np.float32))


def checked_k(k: int) -> int:
    """Return how many of the best classes are asked for.

    Raises:
        ClassificationError: It is no whole number of 1 or more.
    """
    try:
        number = operator.index(k)
    except TypeError:
        number = 0
    if number < 1:
        raise ClassificationError(f"the best {k!r} classes were asked for; ask for a whole number, 1 or more")
    return number


def checked_scale(scale: float) -> float:
    """Return a scale as a float.

    Raises:
        ClassificationError: It is not finite and above 0.
    """
    if not np.isfinite(scale) or scale <= 0:
        raise ClassificationError(f"a scale of {scale} makes no scores; it must be finite and above 0")
    return float(scale)
