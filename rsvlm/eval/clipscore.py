"""CLIPScore and RefCLIPScore of captions (Hessel et al., EMNLP 2021, arXiv:2104.08718), from any encoder's vectors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import EvalError
from .ranking import unit_rows

WEIGHT = 2.5
"""Section 3: spreads the scores of CLIP ViT-B/32, which lie in 0..0.4, over about 0..1."""

PROMPT = "A photo depicts "
"""What the authors put before captions, candidates and references alike."""

PAPER_MODEL = "ViT-B-32/openai"
"""The encoder of all their numbers; scores of other encoders have another scale."""

Float64s = NDArray[np.float64]


def clip_scores(image_vectors: ArrayLike, caption_vectors: ArrayLike) -> Float64s:
    """Return 2.5 * max(cosine, 0) of each image and its caption, (n,).

    Args:
        image_vectors: (n, d).
        caption_vectors: (n, d). Where either vector is missing (NaN) the score is 0: a failure earns nothing.

    Raises:
        EvalError: Shapes differ.
    """
    return WEIGHT * np.maximum(_cosines(image_vectors, caption_vectors), 0)


def ref_clip_scores(
    scores: ArrayLike, caption_vectors: ArrayLike, reference_vectors: ArrayLike, caption_of: ArrayLike
) -> Float64s:
    """Return the harmonic mean of each caption's CLIPScore and its largest cosine with a reference, (n,).

    Args:
        scores: (n,) of `clip_scores`.
        caption_vectors: (n, d).
        reference_vectors: (r, d), of all references together.
        caption_of: (r,) the caption that each reference is for. A caption without a reference gets 0.

    Raises:
        EvalError: Shapes differ, or a reference is for no caption.
    """
    owner, values = np.asarray(caption_of, np.int64), np.asarray(scores, np.float64)
    captions = np.asarray(caption_vectors, np.float32)
    if len(owner) and not 0 <= owner.min() <= owner.max() < len(values):
        raise EvalError(f"references are for captions {owner.min()}..{owner.max()} of {len(values)}")
    best = np.zeros(len(values))
    np.maximum.at(best, owner, _cosines(captions[owner], reference_vectors))
    total = values + best
    return np.divide(2 * values * best, total, out=np.zeros(len(values)), where=total > 0)


def _cosines(first: ArrayLike, second: ArrayLike) -> Float64s:
    """Return the cosine of each row of one with the same row of the other; 0 where either is missing."""
    one, other = unit_rows(first), unit_rows(second)
    if one.vectors.shape != other.vectors.shape:
        raise EvalError(f"vectors of shapes {one.vectors.shape} and {other.vectors.shape} do not pair up")
    cosines = np.einsum("nd,nd->n", one.vectors, other.vectors, dtype=np.float64)
    return np.where(one.failed | other.failed, 0.0, cosines)
