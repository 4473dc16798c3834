"""Zero-shot classification, measured: the classifier's own path, and the metrics of its answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.classification import ClassificationError, ZeroShotClassifier
from rsvlm.classification.answers import answer
from rsvlm.classification.labelled import match_labels
from rsvlm.datasets.sets import EvalSet
from rsvlm.imagery.looks import TRUE_COLOUR
from rsvlm.models import Encoder
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes

from .errors import EvalError
from .left_out import labelled_rows, left_out_notes
from .measuring import Draws, hot, measure_classes, measure_labels, with_items
from .published import in_domain
from .result import EvalResult
from .vectors import Progress, SetVectors, image_vectors
from .vocabulary_choice import candidates

Floats = NDArray[np.float32]


def evaluate_zero_shot(
    encoder: Encoder,
    eval_set: EvalSet,
    vocabulary: Vocabulary | None = None,
    *,
    protocol: str = "rsvlm",
    templates: str | Sequence[str] | None = None,
    vectors: SetVectors | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """Classify the images of a data set by the words for its classes, and measure the answers.

    Class vectors, cosines and scores are those of `ZeroShotClassifier` without any calibration. Images that cannot be
    read are wrong answers. Images without a label are left out, and counted in a note, where each has one class.

    Args:
        encoder: Any encoder.
        eval_set: Images with labels; these are matched to the vocabulary by name.
        vocabulary: The classes and their words; None: the set's own class names.
        protocol: "rsvlm", or that of a paper: words, templates, averaging.
        templates: Name of a template set, or templates; None: the protocol's.
        vectors: Those of the images, if they are there already.
        cache: Folder in which they are kept.
        seed: Of the bootstrap.
        progress: Called with the number of images that were encoded.

    Returns:
        Metrics accuracy, top5 (of more than 5 classes), balanced_accuracy, macro_f1, kappa; for several labels map,
        micro_map, micro_f1, macro_f1. Groups by class, confusion, 95 % intervals, a row an image.

    Raises:
        EvalError: There are no labels, some that no class has (all are listed), or several where there may be one.
    """
    vocabulary = vocabulary or vocabulary_from_classes(eval_set.label_names, eval_set.name)
    several = vocabulary.multi_label or eval_set.multi_label
    rows = labelled_rows(eval_set, multi_label=several)
    judged = eval_set.take(rows)
    truth = label_places(judged, vocabulary, multi_label=several)
    classifier = ZeroShotClassifier(
        vocabulary,
        encoder,
        templates=templates,
        protocol=protocol,
        multi_label=several,
        stored_calibration=False,
    )
    found = (vectors or image_vectors(encoder, eval_set, cache=cache, progress=progress)).take(rows)
    cosines = found.values @ classifier.classes.vectors.T
    record = {
        **classifier.record((TRUE_COLOUR,)),
        "scale": classifier.scale,
        "seed": seed,
        "data": eval_set.record,
    }
    record |= {"calibrated": False, "calibration": None, "protocol_split": record.pop("split")}
    if eval_set.split is not None:
        record["split"] = eval_set.split
    result = measure_cosines(
        cosines, truth, vocabulary, eval_set.name, keys=judged.keys, groups=judged.groups, errors=found.errors,
        scale=classifier.scale, multi_label=several, seed=seed, config=record,
    )  # fmt: skip
    result.notes += left_out_notes(eval_set, rows, "label")
    result.notes += _repeat_notes(found.hashes, truth)
    result.notes += domain_notes(encoder, eval_set.name, vocabulary.name)
    return result


def domain_notes(encoder: Encoder, dataset: str, classes: str | None = None) -> list[str]:
    """Return why a data set is not new to an encoder; nothing as far as is known.

    Args:
        encoder: Whose training data are looked at.
        dataset: The set's name.
        classes: The vocabulary's, by which the set may be known better ("eurosat" of "eurosat-rgb"). That of a set
            called otherwise says nothing of it: anybody's images may be told by EuroSAT's classes.
    """
    info = getattr(encoder, "info", None) or {}
    own = info.get("trained_on") or ()
    names = [dataset, *(entry.name for entry in candidates(dataset) if entry.name == classes)]
    notes = (in_domain(encoder.name, name, own) for name in names)
    return list(dict.fromkeys(note for note in notes if note))[:1]


def _repeat_notes(hashes: Sequence[str], truth: Sequence[tuple[int, ...]]) -> list[str]:
    """Say how many images are the same picture as an earlier one, and how many of these have other classes than it."""
    first: dict[str, tuple[int, ...]] = {}
    again = [
        set(first.setdefault(one, own)) == set(own) for one, own in zip(hashes, truth, strict=True) if one
    ]
    n, other = len(again) - len(first), again.count(False)
    differs = f", {other:,} of them with other labels" if other else ""
    return [f"{n:,} images are pictures that are there already{differs}; each counts"] if n else []


def label_places(eval_set: EvalSet, vocabulary: Vocabulary, *, multi_label: bool) -> list[tuple[int, ...]]:
    """Return the class numbers of each image, matched by name.

    Raises:
        EvalError: As of `evaluate_zero_shot`.
    """
    if eval_set.labels is None:
        raise EvalError(
            f"{eval_set.title}: has no labels; a data set for classification has a column `label`"
        )
    try:
        places = match_labels(eval_set.labels, vocabulary)
    except ClassificationError as error:
        raise EvalError(f"{eval_set.title}: {error}") from None
    odd = [row for row, place in enumerate(places) if len(place) != 1]
    if odd and not multi_label:
        raise EvalError(
            f"{eval_set.title}: {len(odd)} images have not just one class, the first is {eval_set.keys[odd[0]]} "
            f"with {', '.join(eval_set.labels[odd[0]]) or 'none'}; leave them out: here each image has one"
        )
    return places


def measure_cosines(
    cosines: Floats,
    truth: Sequence[tuple[int, ...]],
    vocabulary: Vocabulary,
    name: str,
    *,
    keys: Sequence[str],
    errors: Sequence[str | None],
    scale: float,
    multi_label: bool,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    config: dict[str, Any] | None = None,
) -> EvalResult:
    """Measure what cosines of images with classes say.

    Args:
        cosines: float32 (n, c); NaN where an image failed.
        truth: Class numbers of each image.
        vocabulary: The c classes.
        name: The data set's.
        keys: What each image is called.
        errors: Why an image failed, else None.
        scale: What cosines are multiplied with before the softmax.
        multi_label: Whether images may have several classes.
        groups: Images of one group are drawn together for the intervals.
        seed: Of the bootstrap.
        config: All that decided the numbers.
    """
    names, draws = vocabulary.names, Draws(len(cosines), groups, seed)
    found = answer(cosines, vocabulary, None, multi_label=multi_label, scale=scale)
    if multi_label:
        place = {label: index for index, label in enumerate(names)}
        said = hot([tuple(place[label] for label in labels) for labels in found.labels], len(names))
        result = measure_labels(
            "zero-shot", cosines, found.scores, hot(truth, len(names)), said, names, draws
        )
    else:
        gold = np.array([place[0] for place in truth], np.int64)
        result = measure_classes("zero-shot", cosines, found.scores, gold, names, draws)
    result.name, result.config = name, config or {}
    return with_items(result, keys, errors)
