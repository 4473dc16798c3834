"""CLIPScore and RefCLIPScore of captions (Hessel et al., EMNLP 2021, arXiv:2104.08718), from any encoder's vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from .errors import EvalError
from .intervals import mean_intervals
from .ranking import unit_rows
from .result import EvalResult

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


def clip_score_result(
    image_vectors: ArrayLike,
    caption_vectors: ArrayLike,
    *,
    captions: Sequence[str | None],
    references: tuple[ArrayLike, ArrayLike] | None = None,
    n_cut: int = 0,
    name: str = "custom",
    config: dict[str, Any] | None = None,
    seed: int = 0,
) -> EvalResult:
    """Return CLIPScore, and RefCLIPScore where there are references, as an evaluation.

    Args:
        image_vectors: (n, d); NaN where an image could not be read.
        caption_vectors: (n, d) of the captions, with `PROMPT` before them for numbers like the paper's.
        captions: The captions; None or "" is unanswered and scores 0.
        references: The vectors of all references, and which caption each is for, as of `ref_clip_scores`.
        n_cut: Texts that were longer than the encoder's limit, so that their end had no say.
        name: The data set's.
        config: What decided the vectors; its "model" tells whether the paper's encoder was used.
        seed: Of the bootstrap.

    Raises:
        EvalError: Numbers that do not fit, or no captions.
    """
    vectors = np.array(caption_vectors, np.float32)
    if not len(captions) or len(captions) != len(vectors):
        raise EvalError(f"{len(captions)} captions for {len(vectors)} vectors; give one each, at least 1")
    silent = np.array([not (caption and caption.strip()) for caption in captions])
    vectors[silent] = np.nan
    scores = {"clipscore": clip_scores(image_vectors, vectors)}
    if references is not None:
        scores["refclipscore"] = ref_clip_scores(scores["clipscore"], vectors, *references)
    config = {"weight": WEIGHT, "n_cut": n_cut, "seed": seed, **(config or {})}
    notes = [f"{n_cut} texts were longer than the encoder's limit and were cut"] if n_cut else []
    comparable = config.get("model") == PAPER_MODEL
    if not comparable:
        notes.append(
            f"made with another encoder than the paper's {PAPER_MODEL}: the scores have another scale"
        )
    return EvalResult(
        task="captions",
        name=name,
        metrics={metric: float(values.mean()) for metric, values in scores.items()},
        n=len(captions),
        n_unanswered=int(silent.sum()),
        n_failed=int((unit_rows(image_vectors).failed & ~silent).sum()),
        intervals=mean_intervals(scores, seed=seed),
        config=config,
        comparable=comparable,
        notes=notes,
        items=pa.table(
            {"key": [str(row) for row in range(len(captions))], "answer": list(captions), **scores}
        ),
    )


def _cosines(first: ArrayLike, second: ArrayLike) -> Float64s:
    """Return the cosine of each row of one with the same row of the other; 0 where either is missing."""
    one, other = unit_rows(first), unit_rows(second)
    if one.vectors.shape != other.vectors.shape:
        raise EvalError(f"vectors of shapes {one.vectors.shape} and {other.vectors.shape} do not pair up")
    cosines = np.einsum("nd,nd->n", one.vectors, other.vectors, dtype=np.float64)
    return np.where(one.failed | other.failed, 0.0, cosines)
