"""Items of two results: matched by key, and who got which right."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from .errors import EvalError
from .result import EvalResult

EXAMPLES = 12
_NAMED = 5


def items_of(result: EvalResult, which: str) -> pa.Table:
    """The items of a result, refused where there are none."""
    if result.items is None or "key" not in result.items.column_names:
        raise EvalError(
            f"the {which} result has no table of items; keep the .parquet file beside its .json file"
        )
    return result.items


def matched(one: pa.Table, other: pa.Table) -> tuple[pa.Table, pa.Table]:
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


def right_and_wrong(
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
