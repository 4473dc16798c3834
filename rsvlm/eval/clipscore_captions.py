"""CLIPScore and RefCLIPScore beside the other metrics of captions, by an encoder of the user's choice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rsvlm.datasets.sets import EvalSet
from rsvlm.models import Encoder

from .clipscore import PAPER_MODEL, PROMPT, WEIGHT, clip_scores, ref_clip_scores
from .errors import EvalError
from .intervals import mean_intervals
from .left_out import captioned_rows
from .result import EvalResult
from .vectors import encoder_record, image_vectors, text_vectors


def add_clip_scores(
    result: EvalResult,
    eval_set: EvalSet,
    encoder: Encoder,
    *,
    cache: Path | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Add `clipscore` and `refclipscore` to the metrics, intervals and items of a result of `evaluate_captions`.

    Captions and references are encoded with "A photo depicts " before them, as in the paper (Hessel et al., EMNLP
    2021). A caption that is not there, and an image that cannot be read, score 0 and are counted. With an encoder that
    is not the paper's the result is marked as not comparable.

    Args:
        result: Captions of all images of the set that people said something of, in its order.
        eval_set: The images and what people said of them.
        encoder: Of images and texts.
        cache: Folder in which vectors are kept.
        seed: Of the bootstrap.
        progress: Called with the number of images that were encoded.

    Raises:
        EvalError: The result is of other images.
    """
    rows = captioned_rows(eval_set)
    asked, items = eval_set.take(rows), result.items
    references = asked.captions
    if items is None or references is None or items["key"].to_pylist() != list(asked.keys):
        raise EvalError(f"CLIPScore: the result is not of the captions of {eval_set.title}")
    said: list[str | None] = [text if text and text.strip() else None for text in items["answer"].to_pylist()]
    texts = [f"{PROMPT}{text or ''}" for text in said]
    golds = [f"{PROMPT}{text}" for group in references for text in group]
    images = image_vectors(encoder, eval_set, cache=cache, progress=progress).take(rows)
    vectors = text_vectors(encoder, [*texts, *golds], cache=cache)
    captions = vectors[: len(texts)].copy()
    captions[[text is None for text in said]] = np.nan
    owner = np.repeat(np.arange(len(references)), [len(group) for group in references])
    scores = {"clipscore": clip_scores(images.values, captions)}
    scores["refclipscore"] = ref_clip_scores(scores["clipscore"], captions, vectors[len(texts) :], owner)
    for metric, values in scores.items():
        result.metrics[metric] = float(values.mean())
        items = items.append_column(metric, pa.array(values))
    result.items = items
    result.intervals |= mean_intervals(scores, seed=seed)
    told = [text for text, answer in zip(texts, said, strict=True) if answer is not None]
    _record(result, encoder, n_cut=_cut(encoder, [*told, *golds]), n_unread=int(images.failed.sum()))


def _cut(encoder: Any, texts: list[str]) -> int | None:
    """How many texts are longer than the encoder's limit; None where it does not tell."""
    count = getattr(encoder, "count_cut", None)
    return None if count is None else int(count(texts))


def _record(result: EvalResult, encoder: Encoder, *, n_cut: int | None, n_unread: int) -> None:
    """Say how the scores were made, and what they cannot be set beside."""
    comparable = encoder.name == PAPER_MODEL
    result.config["clipscore"] = {
        "encoder": encoder_record(encoder), "weight": WEIGHT, "prompt": PROMPT, "n_cut": n_cut,
        "n_images_not_read": n_unread, "comparable": comparable,
    }  # fmt: skip
    if n_cut:
        result.notes.append(
            f"CLIPScore: {n_cut} captions and references are longer than {encoder.name} reads; their end had no say"
        )
    if n_cut is None:
        result.notes.append(f"CLIPScore: {encoder.name} does not tell how many texts it cut")
    if n_unread:
        result.notes.append(f"CLIPScore: {n_unread} images could not be read, and score 0")
    if not comparable:
        result.comparable = False
        result.notes.append(
            f"clipscore and refclipscore are by {encoder.name}, not by the paper's {PAPER_MODEL}: their scale is "
            "another, and they are not comparable with published ones; the other metrics are"
        )
