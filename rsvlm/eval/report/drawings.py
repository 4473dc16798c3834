"""Which diagrams a result has."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..result import EvalResult
from ..statistics import calibration_error, reliability_table
from .charts import Points, bars_picture, curves_picture, reliability_picture
from .heatmap import confusion_picture, read_confusion
from .numbers import is_share, metric_label
from .picture import Picture
from .worst import confidence_column, is_number

FEWEST = 10
"""Items below which a curve says nothing."""
MOST_RANK = 100
POINTS = 80


class Scored(NamedTuple):
    """How sure a model was of each answer, and whether it was right."""

    belief: NDArray[np.float64]
    right: NDArray[np.bool_]


class Drawing(NamedTuple):
    """A diagram, what stands above it, and what should be known to read it."""

    name: str
    heading: str
    picture: Picture
    note: str = ""


def confusion_drawing(result: EvalResult) -> Drawing | None:
    """The heat map of classes; None for results without a confusion."""
    confusion = read_confusion(result.confusion)
    if confusion is None or not confusion.counts.any():
        return None
    note = "Shares of each true class: blue is right, orange is wrong, darker is more."
    return Drawing("confusion", "Confusion", confusion_picture(confusion), note)


def curve_drawings(result: EvalResult) -> list[Drawing]:
    """Reliability, accuracy by coverage, success by rank and the like: whatever the items allow."""
    shots = _shots(result)
    items = result.items
    if items is None or items.num_rows < FEWEST:
        return [] if shots is None else [shots]
    scored = _scored(result, items)
    found: list[Drawing | None] = [] if scored is None else [_reliability(result, scored), _coverage(scored)]
    found += [
        _success(items),
        _cumulative(items, "area_km2", "Recall by area searched", "km² searched"),
        _cumulative(items, "error_km", "Share by distance", "km off"),
    ]
    return [drawing for drawing in found if drawing is not None]


def class_drawing(result: EvalResult, group: str) -> Drawing | None:
    """Bars of the first share of each part of a group, the best on top."""
    parts = result.groups.get(group, {})
    metric = main_metric(result, group)
    if metric is None or len(parts) < 2:
        return None
    values = {
        name: value[metric]
        for name, value in sorted(parts.items(), key=lambda part: -part[1].get(metric, 0))
        if metric in value
    }
    shown = dict(list(values.items())[:60])
    best, last = next(iter(shown)), list(shown)[-1]
    label = metric_label(metric)
    alt = f"{label} by {group}: from {shown[best]:.0%} ({best[:40]}) to {shown[last]:.0%} ({last[:40]})."
    return Drawing(
        f"bars-{group}", f"{label.capitalize()} by {group}", bars_picture(shown, f"{label}, %", alt)
    )


def main_metric(result: EvalResult, group: str) -> str | None:
    """The share that the parts of a group are compared by: the result's headline where they have it."""
    names = list(dict.fromkeys(name for part in result.groups.get(group, {}).values() for name in part))
    headline = next(iter(result.metrics), None)
    if headline in names and headline is not None and is_share(headline):
        return headline
    return next((name for name in names if is_share(name) and name not in ("low", "high")), None)


def _shots(result: EvalResult) -> Drawing | None:
    """Accuracy by the number of training items a class."""
    parts = result.groups.get("shots", {})
    points = sorted(
        (float(shots), part["accuracy"])
        for shots, part in parts.items()
        if shots.isdecimal() and "accuracy" in part
    )
    if len(points) < 2:
        return None
    (few, low), (many, high) = points[0], points[-1]
    alt = f"Accuracy from {low:.0%} with {few:.0f} items a class to {high:.0%} with {many:.0f}."
    picture = curves_picture({"accuracy": points}, "training items a class", "right", alt)
    return Drawing("shots", "Accuracy by training items", picture)


def _reliability(result: EvalResult, scored: Scored) -> Drawing:
    error = calibration_error(scored.belief, scored.right)
    note = f"Expected calibration error {error:.3f} over {len(scored.belief):,} answers; pale bins hold few."
    if result.config.get("calibrated") is False:
        note += " The scores were not calibrated: they rank, and claim nothing."
    picture = reliability_picture(reliability_table(scored.belief, scored.right), error)
    return Drawing("reliability", "Reliability", picture, note)


def _coverage(scored: Scored) -> Drawing:
    """Accuracy when only the answers of the highest scores are given."""
    right = scored.right[np.argsort(-scored.belief, kind="stable")]
    hits = np.cumsum(right) / np.arange(1, len(right) + 1)
    first = min(FEWEST, len(right)) - 1
    points = [((place + 1) / len(hits) * 100, float(hits[place])) for place in _places(len(hits), first)]
    alt = (
        f"Accuracy from {points[0][1]:.0%} of the surest {points[0][0]:.0f} % to {points[-1][1]:.0%} of all."
    )
    picture = curves_picture({"accuracy": points}, "answers given, surest first, %", "right", alt)
    return Drawing("coverage", "Accuracy by coverage", picture)


def _success(items: pa.Table) -> Drawing | None:
    """The share of queries with a right item among the first k."""
    if not is_number(items, "rank"):
        return None
    ways: dict[str, Points] = {}
    for name, part in _parts(items, "direction"):
        ranks = part["rank"].to_numpy().astype(np.float64)
        ks = sorted({round(MOST_RANK ** (step / 24)) for step in range(25)})
        ways[metric_label(name).strip() or "success@k"] = [(float(k), float((ranks <= k).mean())) for k in ks]
    if not ways:
        return None
    alt = "Success@k: " + "; ".join(
        f"{way} {points[0][1]:.0%} at 1, {points[-1][1]:.0%} at {points[-1][0]:.0f}"
        for way, points in ways.items()
    )
    picture = curves_picture(ways, "k", "found among the first k", alt + ".", logarithmic=True)
    return Drawing("success", "Success by rank", picture)


def _cumulative(items: pa.Table, column: str, heading: str, label: str) -> Drawing | None:
    """The share of items up to a value; those without one are never reached."""
    if not is_number(items, column):
        return None
    values = items[column].drop_null().to_numpy().astype(np.float64)
    values = np.sort(np.maximum(values[np.isfinite(values)], 0.1))
    if len(values) < FEWEST:
        return None
    grid = np.geomspace(values[0], max(values[-1], values[0] * 10), POINTS)
    shares = np.searchsorted(values, grid, side="right") / items.num_rows
    points = list(zip(grid.tolist(), shares.tolist(), strict=True))
    half = np.searchsorted(shares, 0.5)
    middle = f"half within {grid[half]:,.0f}" if half < len(grid) else f"at most {shares[-1]:.0%} reached"
    picture = curves_picture(
        {label: points}, label, "items", f"{heading}: {middle} {label}.", logarithmic=True
    )
    return Drawing(column, heading, picture)


def _scored(result: EvalResult, items: pa.Table) -> Scored | None:
    """The items that have a score; None where scores are no shares of belief."""
    name = confidence_column(result)
    if name is None or "correct" not in items.column_names:
        return None
    if not pa.types.is_boolean(items.schema.field("correct").type):
        return None
    belief = items[name].to_numpy().astype(np.float64)
    right = pc.fill_null(items["correct"], False).to_numpy().astype(bool)
    there = np.isfinite(belief)
    if there.sum() < FEWEST or belief[there].min() < 0 or belief[there].max() > 1:
        return None
    return Scored(belief[there], right[there])


def _parts(items: pa.Table, column: str) -> list[tuple[str, pa.Table]]:
    if column not in items.column_names:
        return [("", items)]
    names = [str(name) for name in pc.unique(items[column]).to_pylist()][:4]
    return [(f"{name}_", items.filter(pc.equal(items[column], name))) for name in names]


def _places(n: int, first: int) -> list[int]:
    places: list[int] = np.unique(
        np.linspace(first, n - 1, min(POINTS, n - first)).round().astype(int)
    ).tolist()
    return places
