"""What a run looks like: its losses, and what is gained and lost on the way from the base to what was learned."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from rsvlm.eval.report.charts import lines_picture
from rsvlm.eval.report.picture import Picture

from .tradeoff import Point

_POINTS = 120
"""Of a loss curve: means of neighbouring steps."""


def loss_picture(
    metrics: Sequence[Mapping[str, Any]], epochs: Sequence[Mapping[str, Any]], steps: int, judged_by: str
) -> Picture:
    """Draw the loss of a run by epoch, and that of the pairs that it was judged by.

    Args:
        metrics: Lines of `metrics.jsonl`.
        epochs: What was measured after each epoch: "epoch" from 0, "loss".
        steps: In an epoch.
        judged_by: What these pairs are called: "held-out" or "validation".
    """
    places = [line["epoch"] + (line["step"] + 1) / steps for line in metrics]
    edges = np.linspace(0, len(places), min(_POINTS, len(places)) + 1).astype(int)
    series = {
        "training": [
            (float(np.mean(places[low:high])), float(np.mean([line["loss"] for line in metrics[low:high]])))
            for low, high in pairwise(edges.tolist())
        ]
    }
    held = [(line["epoch"] + 1.0, line["loss"]) for line in epochs if math.isfinite(line["loss"])]
    if held:
        series[f"{judged_by} pairs"] = held
    ends = f"from {series['training'][0][1]:.3g} to {series['training'][-1][1]:.3g}"
    return lines_picture(series, "epochs", "loss", f"Loss of the training by epoch, {ends}.")


def tradeoff_picture(points: Sequence[Point], chosen: float, tolerance: float) -> Picture:
    """Draw what each strength gains and loses on the sets that decide; four at most.

    Args:
        points: The first is the base.
        chosen: The strength that is kept.
        tolerance: What a set that is to be retained may lose, of 1: a dashed line, where there is such a set.
    """
    base = points[0].measures[:4]
    series = {
        f"{measure.name}: {measure.metric}": [
            (point.strength, 100 * (point.measures[row].value - measure.value)) for point in points
        ]
        for row, measure in enumerate(base)
    }
    limit = -100 * tolerance if any(measure.role == "retain" for measure in base) else None
    alt = f"What changes by how much of what was learned is added; {chosen:g} was chosen."
    label = f"strength (kept: {chosen:g}{'' if limit is None else '; dashed: what may be lost'})"
    return lines_picture(series, label, "change from the base, points", alt, limit=limit, measured=True)
