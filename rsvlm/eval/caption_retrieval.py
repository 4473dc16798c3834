"""Retrieval on a data set with captions: its images by text and its texts by image."""

from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.datasets.sets import EvalSet

from .errors import EvalError
from .left_out import captioned_rows, left_out_notes
from .result import EvalResult
from .retrieval import retrieve
from .retrieval_protocols import retrieval_set
from .vectors import Progress, SetVectors, encoder_record, image_vectors, text_vectors
from .zeroshot import domain_notes


def search_captions(
    encoder: Any,
    eval_set: EvalSet,
    protocol: str,
    *,
    vectors: SetVectors | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """Search a captioned data set's images by text and its texts by image; see `retrieve`.

    Args:
        encoder: Any encoder of images and texts.
        eval_set: Images with captions; those with none are left out, and counted in a note.
        protocol: "remoteclip" or "skyscript".
        vectors: Those of the images, if they are there already.
        cache: Folder in which vectors are kept.
        seed: Of the bootstrap.
        progress: Called with the number of images that were encoded.

    Raises:
        EvalError: The set has no captions.
    """
    if eval_set.captions is None:
        raise EvalError(f"{eval_set.title}: has no captions to search by")
    rows = captioned_rows(eval_set)
    asked = eval_set.take(rows)
    said = zip(asked.keys, asked.captions or (), strict=True)
    words = retrieval_set(eval_set.name, [(key, text) for key, texts in said for text in texts], protocol)
    vectors = (vectors or image_vectors(encoder, eval_set, cache=cache, progress=progress)).take(rows)
    place = {key: row for row, key in enumerate(asked.keys)}
    images = vectors.values[[place[key] for key in words.images]]
    texts = text_vectors(encoder, words.texts, cache=cache)
    result = retrieve(
        images, np.asarray(texts), words.pairs, protocol, name=eval_set.name, words=words, seed=seed
    )
    result.n_failed = int(vectors.failed.sum())
    result.config |= {"encoder": encoder_record(encoder), "data": eval_set.record, "seed": seed}
    if eval_set.split is not None:
        result.config["split"] = eval_set.split
    result.notes += [*left_out_notes(eval_set, rows, "caption"), *domain_notes(encoder, eval_set.name)]
    return result
