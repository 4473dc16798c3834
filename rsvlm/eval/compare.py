"""Two results on the same items: differences with their intervals, paired tests, and the items won and lost."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .compare_config import Changed, changed
from .compare_items import items_of, matched, right_and_wrong
from .errors import EvalError
from .intervals import FEWEST, count_groups, few_notes
from .measuring import Draws
from .paired import Float64s, Ints, dependent_groups, item_values, statistics_of
from .result import EvalResult, load_result
from .statistics import Interval, mcnemar, paired_bootstrap

MCNEMAR, BOOTSTRAP = "McNemar, exact", "paired bootstrap"
TOO_FEW = "too few to resample"

_MANY = 5000
"""Items above which fewer resamples are drawn."""
_WORK = 20_000_000
"""Items times resamples of metrics that are worked out anew for each."""

_DIFFERENCES = 60


class MetricDifference(NamedTuple):
    """How much a metric differs between two results.

    Attributes:
        metric: Its name.
        first: Its value in the first result.
        second: Its value in the second.
        difference: second - first.
        interval: 95 % bootstrap interval of the difference; None where the items do not tell it.
        p: Two-sided p-value of "no difference"; None likewise.
        test: What gave the p-value, or why there is none.
        least: Whether p is the least that so many resamples can give: it may be smaller.
    """

    metric: str
    first: float
    second: float
    difference: float
    interval: Interval | None = None
    p: float | None = None
    test: str = ""
    least: bool = False


@dataclass(frozen=True)
class Comparison:
    """The second of two results against the first, such as a new model against the one before.

    Attributes:
        first: The first result.
        second: The second.
        metrics: The metrics that both have, in the first one's order.
        counts: Items by who got them right: both, first, second, neither; None without right and wrong.
        won: Examples that only the second got right: key, gold, first, second (the answers), question, image.
        lost: Examples that only the first got right.
        changed: What differs in the configs.
        notes: What a reader should know.
    """

    first: EvalResult
    second: EvalResult
    metrics: list[MetricDifference]
    counts: dict[str, int] | None = None
    won: list[dict[str, Any]] = field(default_factory=list)
    lost: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """All but the results themselves and images, as plain data."""
        return {
            "task": self.first.task, "name": self.first.name, "n": self.first.n,
            "metrics": [row._asdict() for row in self.metrics], "counts": self.counts,
            "won": [_without_image(row) for row in self.won], "lost": [_without_image(row) for row in self.lost],
            "changed": [row._asdict() for row in self.changed], "notes": self.notes,
        }  # fmt: skip


def compare_results(
    first: EvalResult | str | os.PathLike[str], second: EvalResult | str | os.PathLike[str], *, seed: int = 0
) -> Comparison:
    """Compare two results on the same items.

    Items are matched by key. Results of two names are compared where all keys and right answers are the same: answers
    to questions are called after their file. A metric that is a mean over items has a paired test: McNemar's exact one
    for right and wrong answers, else the paired bootstrap, which draws the items of one image together. The p-values
    are not corrected for the number of metrics.

    Args:
        first: A result with items, or the .json file of one.
        second: One of the same task and items.
        seed: Of the bootstrap.

    Raises:
        EvalError: Task, data set, items or right answers differ; the message says which.
    """
    first = first if isinstance(first, EvalResult) else load_result(first)
    second = second if isinstance(second, EvalResult) else load_result(second)
    if first.task != second.task:
        raise EvalError(_different("task", first.task, second.task))
    tables = items_of(first, "first"), items_of(second, "second")
    if first.name != second.name and not all("gold" in items.column_names for items in tables):
        raise EvalError(_different("data set", first.name, second.name))
    one, other = matched(*tables)
    groups = dependent_groups(one)
    values = {name: value for name, value in first.metrics.items() if name in second.metrics}
    if not values:
        raise EvalError("the results have no metric in common, so there is nothing to compare")
    found = {name: _by_items(one, other, name, first, second, groups, seed) for name in values}
    rest = {name: first.metrics[name] for name, row in found.items() if not row.test}
    intervals = _of_statistics(one, other, rest, {name: second.metrics[name] for name in rest}, groups, seed)
    rows = [row._replace(**intervals.get(name, {})) for name, row in found.items()]
    counts, won, lost = right_and_wrong(one, other)
    return Comparison(
        first,
        second,
        rows,
        counts,
        won,
        lost,
        changed(first.config, second.config),
        [*_notes(first, second), *few_notes(groups, one.num_rows)],
    )


def _different(what: str, one: str, other: str) -> str:
    return f"the results are of different {what}s, {one!r} and {other!r}; compare like with like"


def _by_items(
    one: pa.Table,
    other: pa.Table,
    metric: str,
    first: EvalResult,
    second: EvalResult,
    groups: Ints | None,
    seed: int,
) -> MetricDifference:
    """The difference of a metric, tested where it is a mean over items."""
    before, after = first.metrics[metric], second.metrics[metric]
    row = MetricDifference(metric, before, after, after - before)
    old, new = item_values(one, metric, before), item_values(other, metric, after)
    if old is None or new is None:
        return row
    draws = 10_000 if len(old) <= _MANY else 2000
    enough = count_groups(groups, len(old)) >= FEWEST
    found = paired_bootstrap(new, old, groups=groups, draws=draws, seed=seed)
    interval = found.interval if enough else None
    if groups is None and _binary(old) and _binary(new):
        return row._replace(interval=interval, p=mcnemar(new > 0, old > 0).p, test=MCNEMAR)
    if not enough:
        return row._replace(test=TOO_FEW)
    return row._replace(interval=interval, p=found.p, test=BOOTSTRAP, least=_is_least(found.p, draws))


def _of_statistics(
    one: pa.Table,
    other: pa.Table,
    before: dict[str, float],
    after: dict[str, float],
    groups: Ints | None,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Intervals and p-values of metrics that are worked out from all items together."""
    old, new = statistics_of(one, before), statistics_of(other, after)
    if old is None or new is None:
        return {}
    if count_groups(groups, one.num_rows) < FEWEST:
        return {name: {"test": TOO_FEW} for name in before if name in old(np.arange(one.num_rows))}
    rows = np.arange(one.num_rows)
    names = [name for name in old(rows) if name in new(rows)]
    draws = int(np.clip(_WORK // max(one.num_rows, 1), 200, 1000))
    differences = np.empty((draws, len(names)))
    for draw, chosen in enumerate(Draws(one.num_rows, groups, seed).rows(draws)):
        first, second = old(chosen), new(chosen)
        differences[draw] = [second[name] - first[name] for name in names]
    found = {}
    for name, values in zip(names, differences.T, strict=True):
        low, high = np.quantile(values, (0.025, 0.975))
        smaller = min(int((values <= 0).sum()), int((values >= 0).sum()))
        p = min(1.0, 2 * (smaller + 1) / (len(values) + 1))
        ends, least = Interval(float(low), float(high)), _is_least(p, len(values))
        found[name] = {"interval": ends, "p": p, "test": BOOTSTRAP, "least": least}
    return found


def _is_least(p: float, draws: int) -> bool:
    """Whether no smaller p can come of so many resamples: the sample itself counts as one of them."""
    return p <= 2 / (draws + 1)


def _binary(values: Float64s) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _notes(first: EvalResult, second: EvalResult) -> list[str]:
    notes = []
    if first.name != second.name:
        notes.append(
            f"the results are called {first.name} and {second.name}; their items and right answers are the same"
        )
    for which, result in (("first", first), ("second", second)):
        if not result.comparable:
            notes.append(f"the {which} result is marked as not comparable with published figures")
        lost = result.n_unanswered + result.n_failed
        if lost:
            notes.append(
                f"{lost:,} items of the {which} result were unanswered or failed, and count as wrong"
            )
    return notes


def _without_image(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not isinstance(value, bytes | Mapping)}
