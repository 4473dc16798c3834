"""What each item of a result contributes to a metric, so that two models can be compared item by item."""

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .classification_metrics import NO_ANSWER, confusion_matrix, metrics_of_confusion, regression_metrics
from .intervals import image_groups
from .retrieval import MEAN_OF

Float64s = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[Ints], dict[str, float]]

_SUCCESS = re.compile(r"(i2t|t2i)_success@(\d+)")
_WITHIN = re.compile(r"accuracy@(\d+)km")
_AREA = re.compile(r"recall@(\d+)km2")
_COLUMNS = {
    "accuracy": "correct",
    "exact_match": "exact",
    "coverage": "answered",
    "map": "average_precision",
    "mean_km": "error_km",
}
_OF_CONFUSION = ("balanced_accuracy", "macro_f1", "kappa")
_OF_NUMBERS = ("r2", "rmse", "mae", "spearman", "pearson_r2")
_TOLERANCE = 1e-6


def item_values(items: pa.Table, metric: str, value: float) -> Float64s | None:
    """Return numbers, one an item, whose mean is a metric: (n,).

    Args:
        items: Of the result.
        metric: Its name.
        value: What the result says it is. Only numbers whose mean is just that are taken: a corpus BLEU is no mean.

    Returns:
        None where the table of items does not hold them.
    """
    found = _values(items, metric)
    if (
        found is None
        or not len(found)
        or not np.isfinite(found).all()
        or abs(found.mean() - value) > _TOLERANCE
    ):
        return None
    return found


def statistics_of(items: pa.Table, metrics: dict[str, float]) -> Statistic | None:
    """Return what works out the metrics that are no means (kappa, macro F1, R2 ...) of any choice of items.

    Args:
        items: Of the result.
        metrics: What the result says they are; those that come out differently are left out.
    """
    found = _confusion_statistic(items, metrics) or _number_statistic(items, metrics)
    if found is None:
        return None
    whole = found(np.arange(items.num_rows))
    kept = [
        name for name, value in whole.items() if name in metrics and abs(value - metrics[name]) <= _TOLERANCE
    ]
    return (
        (lambda rows: {name: value for name, value in found(rows).items() if name in kept}) if kept else None
    )


def dependent_groups(items: pa.Table) -> Ints | None:
    """Return (n,) numbers of the group or image that each item belongs to, where some belong to the same one.

    Of a table without images the keys are their names: RS-RAG's questions about one image have one key.
    """
    names = set(items.column_names)
    if "group" in names:
        images = items["group"].to_pylist()
    elif {"direction", "key", "gold"} <= names:
        images = _retrieved_images(items)
    elif "image" in names and pa.types.is_string(items.schema.field("image").type):
        images = items["image"].to_pylist()
    elif "key" in names:
        images = [str(key) for key in items["key"].to_pylist()]
    else:
        return None
    numbers = image_groups(images)
    return None if numbers.max(initial=0) + 1 == len(numbers) else numbers


def _retrieved_images(items: pa.Table) -> list[str]:
    """The image of each query: itself, or the first right one of a text."""
    rows = zip(
        items["direction"].to_pylist(), items["key"].to_pylist(), items["gold"].to_pylist(), strict=True
    )
    return [key if way == "i2t" else (gold[0] if gold else key) for way, key, gold in rows]


def _values(items: pa.Table, metric: str) -> Float64s | None:
    plain = metric.lower().replace(" ", "_")
    if metric == "top5":
        return _at_most(items, "gold_rank", 5)
    if match := _SUCCESS.fullmatch(metric):
        return _successes(items, (match[1],), (int(match[2]),))
    if metric in ("mean_success", "i2t_mean_success", "t2i_mean_success"):
        ways = ("i2t", "t2i") if metric == "mean_success" else (metric[:3],)
        return _successes(items, ways, MEAN_OF)
    if match := _WITHIN.fullmatch(metric):
        return _at_most(items, "error_km", int(match[1]))
    if match := _AREA.fullmatch(metric):
        return _at_most(items, "area_km2", int(match[1]))
    return next(
        (
            found
            for name in (_COLUMNS.get(plain, metric), metric)
            if (found := _numbers(items, name)) is not None
        ),
        None,
    )


def _numbers(items: pa.Table, name: str) -> Float64s | None:
    if name not in items.column_names:
        return None
    kind = items.schema.field(name).type
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(items[name], False).to_numpy(), np.float64)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return np.asarray(items[name].to_numpy(), np.float64)
    return None


def _at_most(items: pa.Table, name: str, limit: float) -> Float64s | None:
    """1 where a number is there and at most the limit."""
    values = _numbers(items, name)
    return None if values is None else (values <= limit).astype(np.float64)


def _successes(items: pa.Table, ways: tuple[str, ...], ks: tuple[int, ...]) -> Float64s | None:
    """Success at some k, the mean over directions; weights make it a mean over all items, other directions' 0."""
    ranks = _numbers(items, "rank")
    if ranks is None or "direction" not in items.column_names:
        return None
    hits = np.mean([ranks <= k for k in ks], axis=0)
    direction = np.array(items["direction"].to_pylist())
    weights = np.zeros(len(hits))
    for way in ways:
        own = direction == way
        if not own.any():
            return None
        weights[own] = len(hits) / (len(ways) * own.sum())
    return np.asarray(hits * weights)


def _confusion_statistic(items: pa.Table, metrics: dict[str, float]) -> Statistic | None:
    answer = next((name for name in ("prediction", "answer") if name in items.column_names), None)
    if (
        not any(name in metrics for name in _OF_CONFUSION)
        or answer is None
        or "gold" not in items.column_names
    ):
        return None
    if not all(pa.types.is_string(items.schema.field(name).type) for name in ("gold", answer)):
        return None
    gold, said = items["gold"].to_pylist(), items[answer].to_pylist()
    if None in gold:
        return None
    names = {name: number for number, name in enumerate(dict.fromkeys([*gold, *said])) if name is not None}
    true = np.array([names[name] for name in gold])
    found = np.array([names.get(name, NO_ANSWER) for name in said])
    return lambda rows: metrics_of_confusion(confusion_matrix(true[rows], found[rows], len(names)))


def _number_statistic(items: pa.Table, metrics: dict[str, float]) -> Statistic | None:
    if not any(name in metrics for name in _OF_NUMBERS):
        return None
    gold = _numbers(items, "gold")
    said = next((v for name in ("answer", "prediction") if (v := _numbers(items, name)) is not None), None)
    if gold is None or said is None or not np.isfinite(gold).all():
        return None
    return lambda rows: regression_metrics(gold[rows], said[rows])
