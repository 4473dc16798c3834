"""`rsvlm.evaluate`: an encoder on a data set, by the name of the task."""

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.datasets.sets import EvalSet
from rsvlm.datasets.splits import splits_of
from rsvlm.models.versions import versions
from rsvlm.vocabularies import Vocabulary, classes_of

from .caption_retrieval import search_captions
from .class_retrieval import BY_CLASS, search_classes
from .encoders import AnyEncoder, opened_encoder
from .errors import EvalError
from .geolocation import geolocate
from .indexed import Known, check_alike, encoder_for, read_data
from .measuring import with_items
from .probes.task import evaluate_probes
from .result import EvalResult
from .stored import AVERAGE, evaluate_stored, is_stored
from .vectors import Progress, SetVectors, encoder_record, image_vectors
from .vocabulary_choice import vocabulary_for
from .zeroshot import evaluate_zero_shot

PathLike = str | os.PathLike[str]


def evaluate(
    task: str,
    *,
    data: EvalSet | PathLike,
    encoder: AnyEncoder | PathLike | None = None,
    split: str | None = None,
    cache: PathLike | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> EvalResult:
    """Evaluate an encoder on a data set.

    Args:
        task: "zero-shot" (images by the words for their classes), "retrieval" (images by text and texts by image),
            "probe" (what can be learned from the vectors) or "geolocation" (where images were taken).
        data: A data set, or what `read_eval_set` takes: class folders, parquet, csv, Karpathy's json, a pairs dataset.
            Or an index, whose rows with labels (or captions) are taken with their vectors, and no image is opened. For
            "zero-shot" also an .npz of stored vectors, which needs no encoder.
        encoder: An encoder, or what `load_encoder` takes, or the name of a floor ("colour-histogram",
            "efficientnet-lite0-imagenet"), which encodes images only; None for what made an index.
        split: Which one is judged, where the set has several.
        cache: Folder in which image vectors are kept, so that no image is encoded twice.
        seed: Of all that is drawn, the bootstrap first of all.
        progress: Called with the number of images that were encoded.
        options: Of the task:

            * zero-shot: `vocabulary`, the classes and the words for them, or a list of their names (default: the one
              called like the set, else the set's own names); `protocol`: "rsvlm" (default), "skyscript", "georsclip",
              "clip-benchmark", "rs-transclip"; `templates`: a template set or templates instead of the protocol's;
              `prompt`, for stored vectors: "average" (default) or one of theirs.
            * retrieval: `protocol`: "remoteclip" (default) or "skyscript", over captions; "classes", where everything
              of the query's class is right, over labels, with `vocabulary`.
            * probe: see `rsvlm.eval.probes.evaluate_probes`.
            * geolocation: `against`, the split or data set whose places are searched (default: the set itself, no
              image finding itself); `cell_km`, see `rsvlm.eval.geolocation.geolocate`.

    Raises:
        EvalError: No such task or option, or data that it cannot use.
    """
    run = _TASKS.get(task)
    if run is None:
        raise EvalError(f"no task {task!r}; there are {', '.join(_TASKS)}")
    if not isinstance(data, EvalSet | str | os.PathLike):
        raise EvalError(
            f"data is a {type(data).__name__}: name its folder or file, such as a parquet with columns image and label"
        )
    known = [name for name in inspect.signature(run).parameters if name not in _GIVEN]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise EvalError(f"{task} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    given = {
        "split": split,
        "cache": None if cache is None else Path(cache),
        "seed": seed,
        "progress": progress,
    }
    result = run(encoder, data, **given, **options)
    result.config["versions"] = versions("numpy", "pyarrow", "timm", "open_clip_torch", "transformers")
    return result


def _zero_shot(
    encoder: AnyEncoder | PathLike | None,
    data: EvalSet | PathLike,
    *,
    split: str | None,
    cache: Path | None,
    seed: int,
    progress: Progress | None,
    vocabulary: Vocabulary | PathLike | Sequence[str] | None = None,
    protocol: str | None = None,
    templates: str | Sequence[str] | None = None,
    prompt: str = AVERAGE,
) -> EvalResult:
    if not isinstance(data, EvalSet) and is_stored(data):
        if templates is not None or split is not None:
            raise EvalError(
                f"{data}: stored vectors have no templates and no splits; choose one of their prompts"
            )
        words = _vocabulary(vocabulary)
        return evaluate_stored(Path(data), words, prompt=prompt, protocol=protocol, seed=seed)
    if prompt != AVERAGE:
        raise EvalError(f"prompt {prompt!r}: only stored vectors have prompts; name templates")
    eval_set = _read(data, split, "labels")
    model = opened_encoder(encoder_for(eval_set, encoder), texts=True)
    return evaluate_zero_shot(
        model, eval_set, _vocabulary(vocabulary, eval_set), protocol=protocol or "rsvlm", templates=templates,
        cache=cache, seed=seed, progress=progress,
    )  # fmt: skip


def _retrieval(
    encoder: AnyEncoder | PathLike | None,
    data: EvalSet | PathLike,
    *,
    split: str | None,
    cache: Path | None,
    seed: int,
    progress: Progress | None,
    protocol: str | None = None,
    vocabulary: Vocabulary | PathLike | Sequence[str] | None = None,
) -> EvalResult:
    eval_set = _read(data, split, "labels" if protocol == BY_CLASS else "captions")
    model = opened_encoder(encoder_for(eval_set, encoder), texts=True)
    if protocol == BY_CLASS:
        words = _vocabulary(vocabulary, eval_set)
        return search_classes(model, eval_set, words, cache=cache, seed=seed, progress=progress)
    return search_captions(
        model, eval_set, protocol or "remoteclip", cache=cache, seed=seed, progress=progress
    )


def _geolocation(
    encoder: AnyEncoder | PathLike | None,
    data: EvalSet | PathLike,
    *,
    split: str | None,
    cache: Path | None,
    seed: int,
    progress: Progress | None,
    against: EvalSet | PathLike | None = None,
    cell_km: float = 10.0,
) -> EvalResult:
    queries = _read(data, split)
    model = opened_encoder(encoder_for(queries, encoder))
    items = queries if against is None else _searched(data, against)
    same = items is queries or None is not queries.state == items.state
    sets = [queries] if same else [queries, items]
    check_alike(sets)
    placed = [_placed(one) for one in sets]
    vectors = [image_vectors(model, one, cache=cache, progress=progress) for one in placed]
    if not same:
        placed[1], vectors[1] = _without_queries(placed[1], vectors[1], vectors[0])
    asked, held = placed[0], placed[-1]
    result = geolocate(
        vectors[0].values, np.asarray(asked.places), vectors[-1].values, np.asarray(held.places), cell_km=cell_km,
        same=same, name=queries.name, seed=seed,
    )  # fmt: skip
    result.config |= {"encoder": encoder_record(model), "data": queries.record, "against": items.record}
    if queries.split is not None:
        result.config["split"] = queries.split
    left = {one.title: len(one) - len(kept) for one, kept in zip(sets, placed, strict=True)}
    result.notes += [
        f"{title}: {n} images have no place, or are pictures that are looked for; they were left out"
        for title, n in left.items() if n
    ]  # fmt: skip
    if result.items is not None:
        result.items = result.items.drop_columns(["key"])
    return with_items(result, asked.keys, vectors[0].errors)


_TASKS: dict[str, Callable[..., EvalResult]] = {
    "zero-shot": _zero_shot, "retrieval": _retrieval, "probe": evaluate_probes, "geolocation": _geolocation,
}  # fmt: skip
_GIVEN = ("encoder", "data", "split", "cache", "seed", "progress")


def _read(data: EvalSet | PathLike, split: str | None, known: Known | None = None) -> EvalSet:
    return data if isinstance(data, EvalSet) else read_data(data, split, known)


def _searched(data: EvalSet | PathLike, against: EvalSet | PathLike) -> EvalSet:
    """Another split of a data set, by its name, or another data set."""
    folder = None if isinstance(data, EvalSet) else Path(data)
    if folder is not None and folder.is_dir() and against in splits_of(folder):
        return _read(folder, str(against))
    return _read(against, None)


def _placed(eval_set: EvalSet) -> EvalSet:
    """The images of which it is known where they are."""
    known = None if eval_set.places is None else np.flatnonzero(~np.isnan(eval_set.places).any(axis=1))
    if known is None or not len(known):
        raise EvalError(
            f"{eval_set.title}: has no places; its table needs the columns latitude and longitude"
        )
    return eval_set if len(known) == len(eval_set) else eval_set.take(known)


def _without_queries(items: EvalSet, vectors: SetVectors, asked: SetVectors) -> tuple[EvalSet, SetVectors]:
    """The items without pictures that are looked for: a picture finds its own copy, and its place."""
    pictures = {one for one in asked.hashes if one}
    rows = [row for row, one in enumerate(vectors.hashes) if one not in pictures]
    if not rows:
        raise EvalError(f"{items.title}: all of its pictures are those that are looked for")
    return items.take(rows), vectors.take(rows)


def _vocabulary(
    given: Vocabulary | PathLike | Sequence[str] | None, eval_set: EvalSet | None = None
) -> Vocabulary | None:
    if given is None:
        return None if eval_set is None else vocabulary_for(eval_set)
    return classes_of(given)
