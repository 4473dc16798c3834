"""The items that went worst: the mistakes of which a model was surest, or the answers furthest off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..result import EvalResult
from .numbers import lower_is_better

ANSWERS = ("answer", "prediction", "predicted", "label")
SCORES = ("score", "confidence")
NO_CONFIDENCE = ("agromind",)
"""Tasks whose scores say how near an answer is to the right one."""
RANKS = ("rank", "gold_rank")
DISTANCES = ("error_km", "absolute_error")


@dataclass(frozen=True)
class Worst:
    """Some items of a result, the worst first.

    Attributes:
        heading: What they are.
        rows: Rows of the table of items.
        of: How many items they were chosen from.
    """

    heading: str
    rows: list[dict[str, Any]]
    of: int


def worst_items(result: EvalResult, count: int) -> Worst | None:
    """Choose the worst items of a result; None where it has no items that can be told apart, or no mistakes.

    Items that failed or were not answered are left out: there is nothing to see in them.
    """
    items = result.items
    if items is None or not items.num_rows or count < 1:
        return None
    if "correct" in items.column_names and pa.types.is_boolean(items.schema.field("correct").type):
        return _mistakes(result, items, count)
    for name in DISTANCES:
        if is_number(items, name):
            return _sorted(items, name, "descending", "Furthest off", count)
    headline = next((name for name in result.metrics if is_number(items, name)), None)
    if headline is None:
        return None
    order = "descending" if lower_is_better(headline) else "ascending"
    return _sorted(items, headline, order, "Lowest values", count)


def answer_column(items: pa.Table) -> str | None:
    """The column of what a model answered."""
    return next((name for name in ANSWERS if name in items.column_names), None)


def confidence_column(result: EvalResult) -> str | None:
    """The column of how sure the model was of its answers, where at least half of the items have it."""
    items = result.items
    if items is None or result.task in NO_CONFIDENCE:
        return None
    names = [name for name in SCORES if is_number(items, name)]
    return next((name for name in names if 2 * items[name].null_count <= items.num_rows), None)


def is_number(items: pa.Table, name: str) -> bool:
    """Whether there is such a column, of numbers."""
    if name not in items.column_names:
        return False
    kind = items.schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def failures(result: EvalResult, count: int = 5) -> list[tuple[str, str]]:
    """Key and reason of the first items that failed."""
    items = result.items
    if items is None or "error" not in items.column_names or "key" not in items.column_names:
        return []
    failed = items.filter(pc.is_valid(items["error"])).select(["key", "error"]).slice(0, count)
    return [(str(row["key"]), str(row["error"])) for row in failed.to_pylist() if row["error"]]


def _mistakes(result: EvalResult, items: pa.Table, count: int) -> Worst | None:
    wrong = items.filter(pc.and_(pc.invert(pc.fill_null(items["correct"], False)), _answered(items)))
    if not wrong.num_rows:
        return None
    score = confidence_column(result)
    if score is not None:
        return _sorted(wrong, score, "descending", "Mistakes with the highest scores", count)
    for name in RANKS:
        if is_number(items, name):
            return _sorted(wrong, name, "descending", "Right item found last", count)
    chosen = np.unique(np.linspace(0, wrong.num_rows - 1, min(count, wrong.num_rows)).round().astype(int))
    return Worst("Mistakes", _rows(wrong, chosen.tolist()), wrong.num_rows)


def _answered(items: pa.Table) -> Any:
    """For each item whether it has an answer and no error."""
    there = pa.chunked_array([pa.array(np.ones(items.num_rows, bool))])
    if "error" in items.column_names:
        error = items["error"]
        empty = pc.equal(pc.cast(error, pa.string()), "") if not pa.types.is_null(error.type) else None
        none = pc.is_null(error)
        there = pc.and_(there, none if empty is None else pc.or_(none, pc.fill_null(empty, True)))
    answer = answer_column(items)
    if answer is not None:
        there = pc.and_(there, pc.is_valid(items[answer]))
        if pa.types.is_string(items.schema.field(answer).type):
            there = pc.and_(there, pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(items[answer], "")), ""))
    return there


def _sorted(items: pa.Table, name: str, order: str, heading: str, count: int) -> Worst | None:
    kept = items.filter(pc.and_(pc.is_valid(items[name]), _answered(items)))
    if pa.types.is_floating(kept.schema.field(name).type):
        kept = kept.filter(pc.is_finite(kept[name]))
    if not kept.num_rows:
        return None
    numbers = pc.sort_indices(kept, sort_keys=[(name, order)]).slice(0, count).to_pylist()
    return Worst(heading, _rows(kept, numbers), kept.num_rows)


def _rows(items: pa.Table, numbers: Sequence[int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = items.take(pa.array(numbers, pa.int64())).to_pylist()
    return rows
