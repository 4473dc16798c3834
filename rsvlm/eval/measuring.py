"""From scores and truth to a result: metrics, intervals, groups, confusion, and a row an item.

Zero-shot classification and probes are measured by the same functions, so that their numbers can be compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .classification_metrics import (
    NO_ANSWER,
    average_precisions,
    classification_metrics,
    confusion_matrix,
    confusion_record,
    metrics_of_confusion,
    multilabel_metrics,
    per_class,
    ranked_classes,
    regression_metrics,
)
from .intervals import FEWEST, few_notes, mean_interval
from .jsonlines import text_column
from .result import EvalResult
from .statistics import Interval

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_DRAWS = 1000
_MAP_DRAWS = 200
"""Resamples for mAP, which must be worked out anew for each."""


class Draws:
    """Resampling of items, or of groups of items that are not independent.

    Args:
        n: Items.
        groups: The group of each item, or None.
        seed: Of the random numbers.
    """

    def __init__(self, n: int, groups: Sequence[str] | Ints | None = None, seed: int = 0) -> None:
        self.seed, self.groups = seed, groups
        labels = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        order = np.argsort(labels, kind="stable")
        self._rows = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)

    def mean(self, values: Any) -> Interval | None:
        """Return the 95 % interval of the mean of (n,) values, where they can carry one."""
        return mean_interval(np.asarray(values, np.float64), groups=self.groups, seed=self.seed)

    def ends(self, values: Sequence[float]) -> Interval | None:
        """Return the middle 95 % of what a metric is in resamples; None where too few items, or alike, decide it."""
        low, high = np.quantile(values, (0.025, 0.975))
        return Interval(float(low), float(high)) if len(self._rows) >= FEWEST and low < high else None

    def columns(self) -> dict[str, pa.Array]:
        """The column of the groups, where there are some: two results are compared by drawing the same ones."""
        return {} if self.groups is None else {"group": text_column([str(group) for group in self.groups])}

    def notes(self) -> list[str]:
        """What a reader should know of the intervals."""
        return few_notes(self.groups, sum(len(rows) for rows in self._rows))

    def rows(self, draws: int = _DRAWS) -> Iterator[Ints]:
        """Yield the numbers of resampled items, a draw at a time, groups whole."""
        rng = np.random.default_rng(self.seed)
        for _ in range(draws):
            index = rng.integers(0, len(self._rows), len(self._rows))
            yield index if self.groups is None else np.concatenate([self._rows[i] for i in index.tolist()])

    def tables(self, cells: Ints, n_cells: int, draws: int = _DRAWS) -> Iterator[Ints]:
        """Yield how often each cell of a table comes among resampled items, (n_cells,) a draw.

        Items of one cell are exchangeable: without groups it is drawn how often each comes, which is the same and
        does not grow with the number of items.

        Args:
            cells: (n,) the cell of each item.
            n_cells: How many there are.
            draws: Resamples.
        """
        rng = np.random.default_rng(self.seed)
        if self.groups is None:
            counts = np.bincount(cells, minlength=n_cells)
            yield from rng.multinomial(len(cells), counts / len(cells), size=draws)
            return
        n = len(self._rows)
        group_of = np.empty(len(cells), np.int64)
        for group, rows in enumerate(self._rows):
            group_of[rows] = group
        for _ in range(draws):
            drawn = np.bincount(rng.integers(0, n, n), minlength=n)
            yield np.bincount(cells, weights=drawn[group_of], minlength=n_cells).astype(np.int64)


def measure_classes(
    task: str, ranking: Floats, scores: Floats, gold: Ints, names: Sequence[str], draws: Draws
) -> EvalResult:
    """Measure answers of one class an item.

    Args:
        task: Of the result.
        ranking: (n, c), the higher the better; NaN where an item failed.
        scores: (n, c): what is told as the score of an answer.
        gold: (n,) class numbers.
        names: The c classes.
        draws: How items are drawn for intervals.
    """
    ranked = ranked_classes(ranking)
    said, answered = ranked[:, 0], ranked[:, 0] != NO_ANSWER
    table = confusion_matrix(gold, said, len(names))

    intervals = {"accuracy": draws.mean(said == gold)}
    if enough := len(names) > 5:  # else any five answers are right
        intervals["top5"] = draws.mean((ranked[:, :5] == gold[:, None]).any(axis=1))
    cells = gold * table.shape[1] + np.where(answered, said, len(names))
    resampled = [metrics_of_confusion(cell.reshape(table.shape)) for cell in draws.tables(cells, table.size)]
    for name in ("balanced_accuracy", "macro_f1", "kappa"):
        intervals[name] = draws.ends([metrics[name] for metrics in resampled])
    rows = np.arange(len(gold))
    columns = {
        "gold": [names[index] for index in gold],
        "prediction": [names[index] if index != NO_ANSWER else None for index in said],
        "correct": said == gold,
        "score": _known(scores[rows, said], answered),
        "gold_score": _known(scores[rows, gold], answered),
        "gold_rank": pa.array((ranked == gold[:, None]).argmax(axis=1) + 1, mask=~answered),
    }
    return EvalResult(
        task=task,
        name="",
        metrics=classification_metrics(gold, said, len(names), ranked=ranked if enough else None),
        n=len(gold),
        n_failed=int((~answered).sum()),
        groups={"class": per_class(names, table)},
        intervals=_known_ends(intervals),
        notes=[*draws.notes(), *_tie_notes(ranking, names)],
        confusion=confusion_record(names, table),
        items=pa.table(columns | draws.columns()),
    )


def measure_labels(
    task: str, ranking: Floats, scores: Floats, gold: Mask, said: Mask, names: Sequence[str], draws: Draws
) -> EvalResult:
    """Measure answers of any number of classes an item.

    Args:
        task: Of the result.
        ranking: (n, c), comparable between items; NaN where an item failed.
        scores: (n, c): what is told as the score of an answer.
        gold: (n, c): the classes of each item.
        said: (n, c): the classes answered.
        names: The c classes.
        draws: How items are drawn for intervals.
    """
    answered = _rows_without_nan(ranking)
    said = said & answered[:, None]
    each = average_precisions(gold, ranking)
    exact = np.asarray((gold == said).all(axis=1)) & answered

    def mean_precision(rows: Ints) -> float:
        occurs = gold[rows].any(axis=0)
        found = average_precisions(gold[rows][:, occurs], ranking[rows][:, occurs])
        return float(found.mean()) if len(found) else 0.0

    columns = {
        "gold": pa.array([_chosen(names, row) for row in gold], pa.list_(pa.string())),
        "prediction": pa.array(
            [_chosen(names, row) if known else None for row, known in zip(said, answered, strict=True)],
            pa.list_(pa.string()),
        ),
        "correct": exact,
        "score": _known(scores.max(axis=1), answered),
    }
    return EvalResult(
        task=task,
        name="",
        metrics={**multilabel_metrics(gold, ranking, said), "exact_match": float(exact.mean())},
        n=len(gold),
        n_failed=int((~answered).sum()),
        groups={"class": {name: _of_class(gold[:, c], said[:, c], each[c]) for c, name in enumerate(names)}},
        notes=draws.notes(),
        intervals=_known_ends(
            {
                "map": draws.ends([mean_precision(rows) for rows in draws.rows(_MAP_DRAWS)]),
                "exact_match": draws.mean(exact),
            }
        ),
        items=pa.table(columns | draws.columns()),
    )


def measure_numbers(task: str, predicted: Floats, gold: Floats, draws: Draws) -> EvalResult:
    """Measure predicted numbers.

    Args:
        task: Of the result.
        predicted: (n,); NaN where an item failed.
        gold: (n,).
        draws: How items are drawn for intervals.
    """
    answered: Mask = np.isfinite(predicted)

    resampled = [regression_metrics(gold[rows], predicted[rows]) for rows in draws.rows()]
    columns = {
        "gold": pa.array(gold, pa.float64()),
        "prediction": pa.array(predicted, pa.float64(), mask=~answered),
        "absolute_error": pa.array(np.abs(predicted - gold), pa.float64(), mask=~answered),
    }
    return EvalResult(
        task=task,
        name="",
        metrics=regression_metrics(gold, predicted),
        n=len(gold),
        n_failed=int((~answered).sum()),
        intervals=_known_ends(
            {
                name: draws.ends([metrics[name] for metrics in resampled])
                for name in ("r2", "rmse", "mae", "spearman")
            }
        ),
        notes=[*draws.notes(), *_constant_notes(gold)],
        items=pa.table(columns | draws.columns()),
    )


def _constant_notes(gold: Floats) -> list[str]:
    """Say that a correlation with a constant is none."""
    if gold.min() < gold.max():
        return []
    return [f"all {len(gold):,} numbers are {gold[0]:g}: r2 and spearman say nothing of a constant"]


def with_items(result: EvalResult, keys: Sequence[str], errors: Sequence[str | None]) -> EvalResult:
    """Put the key of each item first into its row, and its error last."""
    if result.items is not None:
        columns = {name: result.items[name] for name in result.items.column_names}
        result.items = pa.table(
            {"key": text_column(list(keys)), **columns, "error": text_column(list(errors))}
        )
    return result


def _tie_notes(ranking: Floats, names: Sequence[str]) -> list[str]:
    """Say for how many items all classes score alike: of equals the first counts, which may flatter."""
    alike = int((ranking == ranking[:, :1]).all(axis=1).sum()) if len(names) > 1 else 0
    return (
        [f"{alike:,} items score alike for all classes, and count as {names[0]}, the first"] if alike else []
    )


def hot(places: Sequence[tuple[int, ...]], n_classes: int) -> Mask:
    """Return (n, c) bool of the class numbers of each item."""
    rows = np.zeros((len(places), n_classes), bool)
    for row, place in enumerate(places):
        rows[row, list(place)] = True
    return rows


def _known_ends(found: Mapping[str, Interval | None]) -> dict[str, Interval]:
    return {name: ends for name, ends in found.items() if ends is not None}


def _rows_without_nan(values: Floats) -> Mask:
    return np.asarray(~np.isnan(values).any(axis=1))


def _of_class(gold: Mask, said: Mask, precision: float) -> dict[str, float]:
    total = float(gold.sum() + said.sum())
    f1 = 2 * float((gold & said).sum()) / total if total else 0.0
    return {"n": float(gold.sum()), "ap": float(precision), "f1": f1}


def _chosen(names: Sequence[str], row: Mask) -> list[str]:
    return [names[index] for index in np.flatnonzero(row).tolist()]


def _known(values: Any, known: Mask) -> pa.Array:
    return pa.array(np.asarray(values, np.float32), mask=~known)
