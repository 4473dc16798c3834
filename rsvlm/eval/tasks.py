"""`rsvlm.evaluate`: an encoder on a data set, by the name of the task."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.models import Encoder, load_encoder
from rsvlm.vocabularies import Vocabulary, read_classes

from .data.reading import read_eval_set
from .data.sets import EvalSet
from .errors import EvalError
from .result import EvalResult
from .retrieval import retrieve
from .retrieval_protocols import retrieval_set
from .vectors import image_vectors
from .zeroshot import evaluate_zero_shot

TASKS = ("zero-shot", "retrieval")
PathLike = str | os.PathLike[str]


def evaluate(
    task: str,
    *,
    encoder: Encoder | PathLike,
    data: EvalSet | PathLike,
    split: str | None = None,
    vocabulary: Vocabulary | PathLike | None = None,
    protocol: str | None = None,
    templates: str | Sequence[str] | None = None,
    cache: PathLike | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> EvalResult:
    """Evaluate an encoder on a data set.

    Args:
        task: "zero-shot" (classification by the words for classes) or "retrieval" (images by text and texts by image).
        encoder: An encoder, or what `load_encoder` takes.
        data: A data set, or what `read_eval_set` takes: class folders, parquet, csv, Karpathy's json.
        split: Which, where the set has several.
        vocabulary: Zero-shot: the classes and the words for them; None: the vocabulary called like the set, else the
            set's own class names.
        protocol: Zero-shot: "rsvlm" (default), "skyscript", "georsclip", "clip-benchmark", "rs-transclip". Retrieval:
            "remoteclip" (default) or "skyscript".
        templates: Zero-shot: a template set or templates; None: the protocol's.
        cache: Folder in which image vectors are kept, so that no image is encoded twice.
        seed: Of the bootstrap.
        progress: Called with the number of images that were encoded.

    Raises:
        EvalError: No such task, or data that it cannot use.
    """
    if task not in TASKS:
        raise EvalError(f"no task {task!r}; there are {', '.join(TASKS)}")
    model = load_encoder(encoder) if isinstance(encoder, str | os.PathLike) else encoder
    eval_set = data if isinstance(data, EvalSet) else read_eval_set(os.fspath(data), split=split)
    folder = None if cache is None else Path(cache)
    if task == "retrieval":
        return evaluate_retrieval(
            model, eval_set, protocol or "remoteclip", cache=folder, seed=seed, progress=progress
        )
    return evaluate_zero_shot(
        model, eval_set, _vocabulary(vocabulary, eval_set), protocol=protocol or "rsvlm", templates=templates,
        cache=folder, seed=seed, progress=progress,
    )  # fmt: skip


def evaluate_retrieval(
    encoder: Encoder,
    eval_set: EvalSet,
    protocol: str,
    *,
    cache: Path | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> EvalResult:
    """Search a captioned data set's images by text and its texts by image; see `retrieve`.

    Raises:
        EvalError: The set has no captions.
    """
    if eval_set.captions is None:
        raise EvalError(f"{eval_set.title}: has no captions to search by")
    rows = [
        (key, text) for key, texts in zip(eval_set.keys, eval_set.captions, strict=True) for text in texts
    ]
    words = retrieval_set(eval_set.name, rows, protocol)
    vectors = image_vectors(encoder, eval_set, cache=cache, progress=progress)
    place = {key: row for row, key in enumerate(eval_set.keys)}
    images = vectors.values[[place[key] for key in words.images]]
    texts = np.asarray(encoder.encode_texts(list(words.texts)), dtype=np.float32)
    result = retrieve(images, texts, words.pairs, protocol, name=eval_set.name, words=words, seed=seed)
    result.n_failed = int(vectors.failed.sum())
    record: dict[str, Any] = getattr(encoder, "info", None) or {
        "name": encoder.name, "revision": encoder.revision,
    }  # fmt: skip
    result.config |= {"encoder": record, "data": eval_set.record, "seed": seed}
    return result


def _vocabulary(given: Vocabulary | PathLike | None, eval_set: EvalSet) -> Vocabulary | None:
    if given is None:
        from rsvlm.vocabularies.vocabulary_files import shipped_vocabulary

        return shipped_vocabulary(eval_set.name)
    return given if isinstance(given, Vocabulary) else read_classes(os.fspath(given))
