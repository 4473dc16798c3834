"""Two results on the same items: differences with their intervals, paired tests, and the items won and lost."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .errors import EvalError
from .intervals import FEWEST, count_groups, few_notes
from .paired import Float64s, Ints, Statistic, dependent_groups, item_values, statistics_of
from .result import EvalResult, load_result
from .statistics import Interval, mcnemar, paired_bootstrap

EXAMPLES = 12
MCNEMAR, BOOTSTRAP = "McNemar, exact", "paired bootstrap"
TOO_FEW = "too few to resample"

_MANY = 5000
"""Items above which fewer resamples are drawn."""
_WORK = 20_000_000
"""Items times resamples of metrics that are worked out anew for each."""
_NAMED = 5
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


class Changed(NamedTuple):
    """An entry of the config that differs, as short JSON; "" where a result lacks it."""

    name: str
    first: str
    second: str


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
    tables = _items(first, "first"), _items(second, "second")
    if first.name != second.name and not all("gold" in items.column_names for items in tables):
        raise EvalError(_different("data set", first.name, second.name))
    one, other = _matched(*tables)
    groups = dependent_groups(one)
    values = {name: value for name, value in first.metrics.items() if name in second.metrics}
    if not values:
        raise EvalError("the results have no metric in common, so there is nothing to compare")
    found = {name: _by_items(one, other, name, first, second, groups, seed) for name in values}
    rest = {name: first.metrics[name] for name, row in found.items() if not row.test}
    intervals = _of_statistics(one, other, rest, {name: second.metrics[name] for name in rest}, groups, seed)
    rows = [row._replace(**intervals.get(name, {})) for name, row in found.items()]
    counts, won, lost = _right_and_wrong(one, other)
    return Comparison(
        first,
        second,
        rows,
        counts,
        won,
        lost,
        _changed(first.config, second.config),
        [*_notes(first, second), *few_notes(groups, one.num_rows)],
    )


def _different(what: str, one: str, other: str) -> str:
    return f"the results are of different {what}s, {one!r} and {other!r}; compare like with like"


def _items(result: EvalResult, which: str) -> pa.Table:
    if result.items is None or "key" not in result.items.column_names:
        raise EvalError(
            f"the {which} result has no table of items; keep the .parquet file beside its .json file"
        )
    return result.items


def _matched(one: pa.Table, other: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The items of both in the order of the first."""
    keys, places = _keys(one), {key: row for row, key in enumerate(_keys(other))}
    missing, strange = [key for key in keys if key not in places], sorted(places.keys() - set(keys))
    if missing or strange:
        parts = [
            f"{len(some)} items are only in the {which} ({_some(some)})"
            for some, which in ((missing, "first"), (strange, "second"))
            if some
        ]
        raise EvalError(
            f"the results are of different items: {' and '.join(parts)}; evaluate both on the same"
        )
    other = other.take(pa.array([places[key] for key in keys], pa.int64()))
    if "gold" in one.column_names and "gold" in other.column_names:
        golds = zip(keys, one["gold"].to_pylist(), other["gold"].to_pylist(), strict=True)
        odd = [key for key, true, also in golds if true != also]
        if odd:
            raise EvalError(
                f"{len(odd)} items have other right answers in the second result ({_some(odd)}); "
                "evaluate both with the same labels"
            )
    return one, other


def _keys(items: pa.Table) -> list[tuple[str, str, int]]:
    """What tells items apart: direction of search, key, and a number where a key comes again."""
    ways = items["direction"].to_pylist() if "direction" in items.column_names else [""] * items.num_rows
    seen: Counter[tuple[str, str]] = Counter()
    keys = []
    for way, key in zip(ways, items["key"].to_pylist(), strict=True):
        pair = (str(way), str(key))
        keys.append((*pair, seen[pair]))
        seen[pair] += 1
    return keys


def _some(keys: list[tuple[str, str, int]]) -> str:
    named = [f"{key[:60]!r}{f' {way}' if way else ''}" for way, key, _ in keys[:_NAMED]]
    return ", ".join(named) + (", ..." if len(keys) > _NAMED else "")


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
    differences = _resampled(old, new, names, one.num_rows, groups, seed)
    found = {}
    for name, values in zip(names, differences.T, strict=True):
        low, high = np.quantile(values, (0.025, 0.975))
        smaller = min(int((values <= 0).sum()), int((values >= 0).sum()))
        p = min(1.0, 2 * (smaller + 1) / (len(values) + 1))
        ends, least = Interval(float(low), float(high)), _is_least(p, len(values))
        found[name] = {"interval": ends, "p": p, "test": BOOTSTRAP, "least": least}
    return found


def _resampled(
    old: Statistic, new: Statistic, names: list[str], n: int, groups: Ints | None, seed: int
) -> Float64s:
    """Differences of statistics over resamples of items: (draws, len(names))."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) if groups is None else groups
    order = np.argsort(labels, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    draws = int(np.clip(_WORK // max(n, 1), 200, 1000))
    found = np.empty((draws, len(names)))
    for draw in range(draws):
        chosen = rng.integers(0, len(members), len(members))
        rows = order[chosen] if groups is None else np.concatenate([members[place] for place in chosen])
        before, after = old(rows), new(rows)
        found[draw] = [after[name] - before[name] for name in names]
    return found


def _is_least(p: float, draws: int) -> bool:
    """Whether no smaller p can come of so many resamples: the sample itself counts as one of them."""
    return p <= 2 / (draws + 1)


def _binary(values: Float64s) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _right_and_wrong(
    one: pa.Table, other: pa.Table
) -> tuple[dict[str, int] | None, list[dict[str, Any]], list[dict[str, Any]]]:
    """Who got how many right, and examples that only one did."""
    tables = (one, other)
    if not all("correct" in items.column_names for items in tables):
        return None, [], []
    if not all(pa.types.is_boolean(items.schema.field("correct").type) for items in tables):
        return None, [], []
    old, new = (items["correct"].fill_null(False).to_numpy().astype(bool) for items in tables)
    counts = {
        "both": int((old & new).sum()), "first": int((old & ~new).sum()), "second": int((new & ~old).sum()),
        "neither": int((~old & ~new).sum()),
    }  # fmt: skip
    return counts, _examples(one, other, new & ~old), _examples(one, other, old & ~new)


def _examples(one: pa.Table, other: pa.Table, chosen: Any) -> list[dict[str, Any]]:
    """Some items with both answers, spread evenly over all chosen."""
    places = np.flatnonzero(chosen)
    if not len(places):
        return []
    spread = np.unique(np.linspace(0, len(places) - 1, min(EXAMPLES, len(places))).round().astype(int))
    rows = pa.array(places[spread], pa.int64())
    answer = next((name for name in ("answer", "prediction") if name in one.column_names), None)
    kept = [name for name in ("key", "gold", "question", "image", "path") if name in one.column_names]
    examples: list[dict[str, Any]] = one.select(kept).take(rows).to_pylist()
    if answer is not None and answer in other.column_names:
        answers = zip(
            examples, one[answer].take(rows).to_pylist(), other[answer].take(rows).to_pylist(), strict=True
        )
        for example, before, after in answers:
            example |= {"first": before, "second": after}
    return examples


def _changed(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Changed]:
    one, other = _flat(first), _flat(second)
    names = list(dict.fromkeys([*one, *other]))
    found = [
        Changed(name, one.get(name, ""), other.get(name, ""))
        for name in names
        if one.get(name) != other.get(name)
    ]
    return found[:_DIFFERENCES]


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Entries by dotted name, as JSON."""
    flat: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = json.dumps(value, ensure_ascii=False, default=str)
    return flat


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
