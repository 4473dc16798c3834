"""Probes on a data set as users have it: its splits found, its images encoded, the probe chosen by name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rsvlm.datasets.labels import distinct_names
from rsvlm.datasets.sets import EvalSet
from rsvlm.datasets.splits import splits_of
from rsvlm.eval.encoders import AnyEncoder, opened_encoder
from rsvlm.eval.errors import EvalError
from rsvlm.eval.indexed import IndexSet, check_alike, encoder_for, read_data
from rsvlm.eval.left_out import labelled_rows
from rsvlm.eval.result import EvalResult
from rsvlm.eval.vectors import Progress, SetVectors, encoder_record, image_vectors
from rsvlm.eval.vocabulary_choice import vocabulary_for
from rsvlm.eval.zeroshot import domain_notes
from rsvlm.vocabularies import Vocabulary, classes_of, vocabulary_from_classes

from .crossvalidation import SCHEMES, cross_validate
from .data import FEATURES, ProbeData, probe_data
from .fewshot import evaluate_few_shot
from .finetune import Recipe, evaluate_fine_tuned
from .probe import evaluate_probe
from .splits import BLOCK

PathLike = str | os.PathLike[str]
Kind = Literal["linear", "knn", "few-shot", "fine-tuned"]
PROBES: tuple[Kind, ...] = ("linear", "knn", "few-shot", "fine-tuned")


@dataclass(frozen=True, eq=False)
class _Splits:
    """What is learned from, what is judged, and what is chosen on; only the judged one where items are folded."""

    judged: EvalSet
    train: EvalSet | None = None
    validation: EvalSet | None = None

    def all(self) -> list[EvalSet]:
        return [one for one in (self.judged, self.train, self.validation) if one is not None]

    def with_number(self, target: str) -> "_Splits":
        """The items of which the number is known."""
        train, validation = (one and _with_number(one, target) for one in (self.train, self.validation))
        return _Splits(_with_number(self.judged, target), train, validation)

    def with_label(self, classes: Vocabulary) -> "_Splits":
        """The items of which the class is known."""
        train, validation = (one and _with_label(one, classes) for one in (self.train, self.validation))
        return _Splits(_with_label(self.judged, classes), train, validation)


def evaluate_probes(
    encoder: AnyEncoder | PathLike | None,
    data: EvalSet | PathLike,
    *,
    split: str | None = None,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    kind: Kind = "linear",
    train: EvalSet | PathLike | None = None,
    folds: str | None = None,
    target: str | None = None,
    features: str | Sequence[str] = ("image",),
    n_folds: int = 5,
    vocabulary: Vocabulary | PathLike | Sequence[str] | None = None,
    limit: int | None = None,
    block: float = BLOCK,
) -> EvalResult:
    """Learn to tell a data set's classes, or a number, from features, and judge that on items that took no part.

    Args:
        encoder: What makes the features "image" and "text"; None where neither is wanted.
        data: A data set, or what `read_eval_set` takes, or an index with labels.
        split: Which one is judged; None: test, else validation.
        cache: Folder in which vectors are kept.
        seed: Of all that is drawn.
        progress: Called with the number of images that were encoded.
        kind: "linear" (logistic or ridge regression), "knn", "few-shot" (1 to 16 items a class, five times) or
            "fine-tuned" (the encoder's last block learns, too).
        train: What is learned from: a data set, or the name of a split; None: the split "train".
        folds: Instead of a training split, cross-validation of the items that are judged: "spatial" (blocks of the
            map stay whole; random folds stand beside it, and the gap says how much neighbours flatter), "groups" or
            "random".
        target: Name of the number to predict; None: the classes.
        features: Some of "image", "text", "place", "place-waves" and "time", fused; a text has commas between them.
        n_folds: Of cross-validation.
        vocabulary: The classes; None: the shipped vocabulary called like the set, else the set's own.
        limit: At most so many training items, drawn by class.
        block: Side of a spatial block in degrees of latitude.

    Raises:
        EvalError: There is nothing to learn from, or something asked for is not there.
    """
    if isinstance(features, str):
        features = tuple(name.strip() for name in features.split(",") if name.strip())
    _check(kind, folds, features, target, train, limit)
    if isinstance(data, str | os.PathLike) and not Path(data).exists():
        raise EvalError(f"{os.fspath(data)}: there is no such file or folder")
    whole = _folded(data, split) if folds is not None else _splits(data, split, train)
    if target is not None and any(isinstance(one, IndexSet) for one in whole.all()):
        raise EvalError(f"an index holds no numbers such as {target}: name the table that has them")
    splits = whole if target is None else whole.with_number(target)
    check_alike(splits.all())
    if splits.train is not None and splits.train.state == splits.judged.state is not None:
        raise EvalError(f"{splits.judged.title}: is learned from and judged; name another data set or split")
    classes = None if target is not None else _classes(vocabulary, splits)
    if classes is not None:
        splits = splits.with_label(classes)
    seen = kind == "fine-tuned" or {"image", "text"} & set(features)
    model = opened_encoder(encoder_for(splits.judged, encoder), texts="text" in features) if seen else None
    if kind == "fine-tuned":
        if any(isinstance(one, IndexSet) for one in splits.all()):
            raise EvalError(
                "a fine-tuned probe learns from images, and an index holds vectors: name the images"
            )
        if splits.train is None:
            raise EvalError("a fine-tuned probe needs a training split; it is not cross-validated")
        recipe = Recipe(seed=seed) if limit is None else Recipe(seed=seed, limit=limit)
        result = evaluate_fine_tuned(model, splits.train, splits.judged, classes, recipe=recipe)
    else:
        given = {
            id(one): _probe_data(one, model, cache, progress, classes, features, target)
            for one in splits.all()
        }
        result = _run(splits, given, kind, folds, n_folds, limit, block, seed)
        if model is not None:
            result.config["encoder"] = encoder_record(model)
    result.config |= {"protocol": folds or kind, "features": list(features)}
    if splits.judged.split is not None:
        result.config["split"] = splits.judged.split
    left_out = sum(map(len, whole.all())) - sum(map(len, splits.all()))
    if left_out:
        unknown = "label" if target is None else f"number {target}"
        result.notes.append(f"{left_out} items have no {unknown}, and were left out")
    if model is not None:
        notes = domain_notes(model, splits.judged.name, classes.name if classes else None)
        result.notes += [note for note in notes if note not in result.notes]
    return result


def _run(
    splits: _Splits,
    given: dict[int, ProbeData],
    kind: Kind,
    folds: str | None,
    n_folds: int,
    limit: int | None,
    block: float,
    seed: int,
) -> EvalResult:
    judged = given[id(splits.judged)]
    if folds is not None:
        schemes = (folds,) if folds == "random" else (folds, "random")
        return cross_validate(judged, schemes=schemes, kind=kind, folds=n_folds, block=block, seed=seed)
    learned = given[id(splits.train)]
    if kind == "few-shot":
        return evaluate_few_shot(learned, judged, limit=limit, seed=seed)
    validation = None if splits.validation is None else given[id(splits.validation)]
    return evaluate_probe(learned, judged, validation=validation, kind=kind, limit=limit, seed=seed)


def _check(
    kind: str, folds: str | None, features: Sequence[str], target: str | None, train: Any, limit: int | None
) -> None:
    if kind not in PROBES:
        raise EvalError(f"there is no probe {kind!r}; take one of {', '.join(PROBES)}")
    if folds is not None and (folds not in SCHEMES or kind not in ("linear", "knn")):
        raise EvalError(
            f"folds {folds!r} with a {kind} probe: linear and knn probes are folded by {', '.join(SCHEMES)}"
        )
    unknown = [name for name in features if name not in FEATURES]
    if unknown or not features:
        raise EvalError(f"features {', '.join(unknown) or '(none)'}: take some of {', '.join(FEATURES)}")
    if folds is not None and (train is not None or limit is not None):
        raise EvalError("with folds items are learned from and judged in turns: leave out train and limit")
    if kind == "fine-tuned" and (target is not None or tuple(features) != ("image",)):
        raise EvalError("a fine-tuned probe learns classes from images: leave out target and other features")


def _folded(data: EvalSet | PathLike, split: str | None) -> _Splits:
    return _Splits(data if isinstance(data, EvalSet) else read_data(data, split, "labels"))


def _splits(data: EvalSet | PathLike, split: str | None, train: EvalSet | PathLike | None) -> _Splits:
    folder = None if isinstance(data, EvalSet) else Path(data)
    found = splits_of(folder) if folder is not None and folder.is_dir() else {}
    if isinstance(train, EvalSet):
        return _Splits(_folded(data, split).judged, train)
    name: str = "train" if train is None else os.fspath(train)
    if folder is None or name not in found:
        if train is not None and Path(train).exists():
            return _Splits(_folded(data, split).judged, read_data(name, known="labels"))
        title = data.title if isinstance(data, EvalSet) else os.fspath(data)
        raise EvalError(
            f"{title}: has no split {name} to learn from; name another data set or split (train), or fold its items "
            "(folds: spatial, groups or random)"
        )
    chosen = split or next((one for one in ("test", "validation") if one in found and one != name), None)
    if chosen is None or chosen == name:
        raise EvalError(f"{folder}: has nothing to judge on beside {name}; fold its items (folds)")
    validation = None
    if chosen == "test" and "validation" in found:
        validation = read_data(folder, "validation")
    return _Splits(read_data(folder, chosen), read_data(folder, name), validation)


def _with_number(eval_set: EvalSet, target: str) -> EvalSet:
    numbers = eval_set.targets.get(target)
    if numbers is None or np.isfinite(numbers).all():
        return eval_set
    return eval_set.take(np.flatnonzero(np.isfinite(numbers)))


def _with_label(eval_set: EvalSet, classes: Vocabulary) -> EvalSet:
    rows = labelled_rows(eval_set, multi_label=classes.multi_label or eval_set.multi_label)
    return eval_set if len(rows) == len(eval_set) else eval_set.take(rows)


def _classes(given: Vocabulary | PathLike | Sequence[str] | None, splits: _Splits) -> Vocabulary:
    """The classes of all splits: those that occur in any of them are classes in all."""
    if given is not None:
        return classes_of(given)
    shipped = vocabulary_for(splits.judged)
    if shipped is not None:
        return shipped
    names = distinct_names(name for one in splits.all() for name in one.label_names)
    return vocabulary_from_classes(names, splits.judged.name)


def _probe_data(
    eval_set: EvalSet,
    model: Any,
    cache: Path | None,
    progress: Progress | None,
    classes: Vocabulary | None,
    features: Sequence[str],
    target: str | None,
) -> ProbeData:
    vectors = _no_vectors(len(eval_set))
    if "image" in features:
        vectors = image_vectors(model, eval_set, cache=cache, progress=progress)
    return probe_data(eval_set, vectors, classes, features=features, number=target, encoder=model)


def _no_vectors(n: int) -> SetVectors:
    """Of images that nobody looks at."""
    return SetVectors(np.zeros((n, 0), np.float32), ("",) * n, (None,) * n)
