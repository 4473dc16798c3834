"""Metrics of classification: one class an image, several classes an image, or a number an image.

Pure functions: arrays in, floats out, never NaN. An item without an answer (class -1, a row of NaN, a number that is
not finite) is wrong wherever it is counted, so that not answering never pays. Nothing to evaluate is an error.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import EvalError

Ints = NDArray[np.int64]
Float64s = NDArray[np.float64]
Mask = NDArray[np.bool_]

NO_ANSWER = -1
"""The predicted class of an item that was not answered or failed."""


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> Ints:
    """Count answers by true class and predicted class.

    Args:
        truth: (n,) class indices.
        predicted: (n,) class indices, `NO_ANSWER` for none.
        n_classes: c.

    Returns:
        (c, c + 1): true class by row; the last column counts items without an answer.

    Raises:
        EvalError: No items, lengths that differ, or an index out of range.
    """
    true, said = _indices(truth, "true"), _indices(predicted, "predicted")
    if len(true) != len(said) or not len(true):
        raise EvalError(
            f"{len(true)} true classes for {len(said)} answers; give one each, for at least 1 item"
        )
    if true.min() < 0 or true.max() >= n_classes:
        raise EvalError(f"true classes lie in {true.min()}..{true.max()}, not in 0..{n_classes - 1}")
    if said.min() < NO_ANSWER or said.max() >= n_classes:
        raise EvalError(
            f"answers lie in {said.min()}..{said.max()}, not in 0..{n_classes - 1} (-1: no answer)"
        )
    columns = n_classes + 1
    said = np.where(said == NO_ANSWER, n_classes, said)
    return np.bincount(true * columns + said, minlength=n_classes * columns).reshape(n_classes, columns)


def metrics_of_confusion(confusion: Ints) -> dict[str, float]:
    """Return accuracy, balanced accuracy, macro F1 and Cohen's kappa of a `confusion_matrix`.

    They are scikit-learn's, an item without an answer having a predicted class of its own:

    * `balanced_accuracy`: the mean recall of the classes that occur (Brodersen et al. 2010).
    * `macro_f1`: the mean F1 of the classes that occur or are predicted.
    * `kappa`: (p_o - p_e) / (1 - p_e) (Cohen 1960). 0 where only one class occurs and all answers name it: chance
      alone would agree as well.
    """
    table = class_table(confusion)
    occurs, known = table["n"] > 0, (table["n"] > 0) | (confusion[:, :-1].sum(axis=0) > 0)
    n = confusion.sum()
    agreed = np.trace(confusion[:, :-1]) / n
    chance = float(confusion.sum(axis=1) @ confusion[:, :-1].sum(axis=0)) / float(n) ** 2
    return {
        "accuracy": float(agreed),
        "balanced_accuracy": float(table["recall"][occurs].mean()),
        "macro_f1": float(table["f1"][known].mean()),
        "kappa": float((agreed - chance) / (1 - chance)) if chance < 1 else 0.0,
    }


def classification_metrics(
    truth: ArrayLike, predicted: ArrayLike, n_classes: int, *, ranked: ArrayLike | None = None
) -> dict[str, float]:
    """Return the metrics of single-label answers.

    Args:
        truth: (n,) class indices.
        predicted: (n,) class indices, `NO_ANSWER` for none.
        n_classes: Classes to choose from, those that never occur included.
        ranked: (n, k) class indices, best first (`ranked_classes`); adds `top5`.

    Returns:
        accuracy, top5 where `ranked` is given, balanced_accuracy, macro_f1, kappa: see `metrics_of_confusion`.

    Raises:
        EvalError: As of `confusion_matrix`.
    """
    metrics = metrics_of_confusion(confusion_matrix(truth, predicted, n_classes))
    if ranked is None:
        return metrics
    return {"accuracy": metrics.pop("accuracy"), "top5": top_k_accuracy(truth, ranked, 5), **metrics}


def ranked_classes(scores: ArrayLike) -> Ints:
    """Return the classes of each item, best first: (n, c) indices; of equals, the lower index first.

    Args:
        scores: (n, c), the higher the better; an item with a NaN has no answer and gets a row of `NO_ANSWER`.
    """
    rows = np.asarray(scores, np.float64)
    order = np.argsort(-rows, axis=1, kind="stable")
    order[np.isnan(rows).any(axis=1)] = NO_ANSWER
    return order.astype(np.int64)


def top_k_accuracy(truth: ArrayLike, ranked: ArrayLike, k: int) -> float:
    """Return the share of items whose true class is among their k best; with k or fewer classes, of those answered.

    Raises:
        EvalError: No items, or lengths that differ.
    """
    true, best = _indices(truth, "true"), np.asarray(ranked)
    if best.ndim != 2 or len(best) != len(true) or not len(true):
        raise EvalError(f"{len(true)} true classes for rankings of shape {best.shape}; give a row an item")
    return float((best[:, :k] == true[:, None]).any(axis=1).mean())


def class_table(confusion: Ints) -> dict[str, Float64s]:
    """Return n, recall, precision and f1 of each class, (c,) each; 0 where they are undefined.

    Args:
        confusion: Of `confusion_matrix`.
    """
    right = np.diag(confusion[:, :-1]).astype(np.float64)
    true, said = confusion.sum(axis=1), confusion[:, :-1].sum(axis=0)
    return {
        "n": true.astype(np.float64),
        "recall": _ratio(right, true),
        "precision": _ratio(right, said),
        "f1": _ratio(2 * right, true + said),
    }


def per_class(names: Sequence[str], confusion: Ints) -> dict[str, dict[str, float]]:
    """Return `class_table` as the group "class" of an `EvalResult`: {name: {"n", "recall", "precision", "f1"}}."""
    table = class_table(confusion)
    return {
        name: {field: float(values[row]) for field, values in table.items()} for row, name in enumerate(names)
    }


def confusion_record(names: Sequence[str], confusion: Ints) -> dict[str, Any]:
    """Return the `confusion` of an `EvalResult`; where items lack an answer, `columns` names that column, too."""
    if not confusion[:, -1].any():
        return {"names": list(names), "counts": confusion[:, :-1].tolist()}
    return {"names": list(names), "columns": [*names, "(no answer)"], "counts": confusion.tolist()}


def multilabel_metrics(truth: ArrayLike, scores: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return the metrics of answers with several classes an item.

    Args:
        truth: (n, c) bool: the classes of each item.
        scores: (n, c), the higher the more; a row of NaN: no answer.
        predicted: (n, c) bool: the classes said; rows without an answer are taken to say none.

    Returns:
        map, micro_map (`average_precisions`), and micro_f1, macro_f1: scikit-learn's; the mean of the classes that
        occur or are said.

    Raises:
        EvalError: Shapes that differ, no items, or no item with a class.
    """
    true, said = np.asarray(truth, bool), np.asarray(predicted, bool)
    values = np.asarray(scores, np.float64)
    if true.ndim != 2 or not (true.shape == said.shape == values.shape):
        raise EvalError(
            f"truth {true.shape}, scores {values.shape} and answers {said.shape} must all be (items, classes)"
        )
    if not true.any():
        raise EvalError("no item has a class; there is nothing to evaluate")
    said = said & ~np.isnan(values).any(axis=1, keepdims=True)
    right, total = (true & said).sum(axis=0), true.sum(axis=0) + said.sum(axis=0)
    each = average_precisions(true, values)
    return {
        "map": float(each[true.any(axis=0)].mean()),
        "micro_map": float(average_precisions(true.reshape(-1, 1), values.reshape(-1, 1))[0]),
        "micro_f1": float(2 * right.sum() / total.sum()),
        "macro_f1": float(_ratio(2 * right, total)[total > 0].mean()),
    }


def average_precisions(truth: ArrayLike, scores: ArrayLike) -> Float64s:
    """Return the average precision of each class, (c,).

    scikit-learn's: the sum over thresholds of (recall - recall before) * precision, without interpolation; items of
    one score pass the threshold together. An item without an answer (NaN) never passes: its classes are missed. A
    class without an item gets 0; leave it out of means (`multilabel_metrics` does).

    Args:
        truth: (n, c) bool.
        scores: (n, c).
    """
    columns = zip(np.asarray(truth, bool).T, np.asarray(scores, np.float64).T, strict=True)
    return np.array([_average_precision(true, values) for true, values in columns])


def _average_precision(true: Mask, values: Float64s) -> float:
    answered = ~np.isnan(values)
    order = np.argsort(-values[answered], kind="stable")
    ranked, hits = values[answered][order], np.cumsum(true[answered][order])
    last_of_ties = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], len(ranked) > 0))
    hits_at = hits[last_of_ties]
    gained = np.diff(hits_at, prepend=0)
    return float((gained * hits_at / (last_of_ties + 1)).sum() / max(true.sum(), 1))


def regression_metrics(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """Return r2, rmse, mae, spearman and pearson_r2 of predicted numbers.

    An item without a finite number is given the end of the truth's range that lies further from its truth. With a
    constant truth r2 is 1 for perfect answers and else 0, as in scikit-learn; correlations with a constant are 0.

    Args:
        truth: (n,) finite.
        predicted: (n,).

    Raises:
        EvalError: No items, lengths that differ, or a truth that is not finite.
    """
    true, said = np.asarray(truth, np.float64), np.array(predicted, np.float64)
    if true.shape != said.shape or true.ndim != 1 or not len(true) or not np.isfinite(true).all():
        raise EvalError(f"truth {true.shape} and answers {said.shape} must be finite numbers, one an item")
    low, high = true.min(), true.max()
    said = np.where(np.isfinite(said), said, np.where(true - low > high - true, low, high))
    missed, spread = float(((true - said) ** 2).sum()), float(((true - true.mean()) ** 2).sum())
    return {
        "r2": 1 - missed / spread if low < high else float(missed == 0),
        "rmse": float(np.sqrt(missed / len(true))),
        "mae": float(np.abs(true - said).mean()),
        "spearman": _pearson(average_ranks(true), average_ranks(said)),
        "pearson_r2": _pearson(true, said) ** 2,
    }


def average_ranks(values: ArrayLike) -> Float64s:
    """Return ranks from 1, smallest first; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse])


def _pearson(first: Float64s, second: Float64s) -> float:
    if first.min() == first.max() or second.min() == second.max():
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    length = np.linalg.norm(first) * np.linalg.norm(second)
    return float(np.clip(first @ second / length, -1, 1)) if length else 0.0


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Float64s:
    return np.asarray(np.divide(above, below, out=np.zeros(len(above)), where=below > 0))


def _indices(values: ArrayLike, what: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise EvalError(
            f"{what} classes are a list of whole numbers, not {array.dtype} of shape {array.shape}"
        )
    return array.astype(np.int64)
