"""Few-shot probes: how much is learned from a handful of items of each class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.classification_metrics import ranked_classes
from rsvlm.eval.errors import EvalError
from rsvlm.eval.intervals import few_notes, mean_interval
from rsvlm.eval.result import EvalResult
from rsvlm.eval.statistics import Interval, Seeds, over_seeds

from .data import ProbeData
from .probe import Probe, fit_probe, leak_notes, unseen_notes, usable
from .splits import few_shot

SHOTS = (1, 2, 4, 8, 16)
STRENGTH = 10.0
"""C of few-shot probes. It is not chosen: items to choose on would be more shots."""


def evaluate_few_shot(
    train: ProbeData,
    test: ProbeData,
    *,
    shots: Sequence[int] = SHOTS,
    seeds: int = 5,
    kind: str = "linear",
    limit: int | None = None,
    seed: int = 0,
) -> EvalResult:
    """Learn from k items of each class, several times by other items, and judge on all test items.

    Args:
        train: Items to draw from; those whose picture is a test picture are left out.
        test: Items to judge on.
        shots: Values of k; a class with fewer items gives all of them.
        seeds: How often items are drawn.
        kind: "linear", with C fixed, or "knn", the nearest one.
        limit: At most so many training items, drawn by class.
        seed: The first of the seeds.

    Returns:
        Metrics accuracy@k, the means over the seeds, with 95 % intervals for other draws and other test items; groups
        by k.

    Raises:
        EvalError: The target is not one class an item, or features or targets differ.
    """
    if train.target.kind != "class" or train.target.names != test.target.names:
        raise EvalError(
            f"{train.name}: few-shot probes need one class an item, and the same classes to learn and judge"
        )
    learned, dropped = usable(train, test, limit, seed)
    setting = STRENGTH if kind == "linear" else 1
    result = EvalResult(
        "probe", test.name, {}, n=len(test), n_failed=sum(error is not None for error in test.errors)
    )
    result.groups["shots"] = {}
    for k in shots:
        right = np.stack([
            _right(fit_probe(learned.take(few_shot(learned.target.classes, k, drawn)), kind, setting=setting), test)
            for drawn in range(seed, seed + seeds)
        ])  # fmt: skip
        summary = over_seeds(right.mean(axis=1).tolist())
        result.metrics[f"accuracy@{k}"] = summary.mean
        ends = _interval(summary, right, test.groups, seed)
        result.intervals |= {} if ends is None else {f"accuracy@{k}": ends}
        result.groups["shots"][str(k)] = {
            "accuracy": summary.mean,
            "std": summary.std,
            "draws": float(len(right)),
        }
    result.config = {
        "probe": {"kind": kind, "C" if kind == "linear" else "k": setting, "chosen_on": "nothing: it is fixed"},
        "shots": list(shots), "seeds": seeds, "seed": seed, "limit": limit, "train": dict(train.record),
        "data": dict(test.record), "left_out_of_train": dropped, "names": list(test.target.names),
    }  # fmt: skip
    result.notes += [
        *few_notes(test.groups, len(test)), *_scarce_notes(learned, shots), *unseen_notes(learned, test),
        *leak_notes(dropped),
    ]  # fmt: skip
    return result


def _right(probe: Probe, test: ProbeData) -> NDArray[np.bool_]:
    """(n,): which test items a probe tells rightly."""
    return np.asarray(ranked_classes(probe(test))[:, 0] == test.target.classes)


def _interval(
    summary: Seeds, right: NDArray[np.bool_], groups: Sequence[str] | None, seed: int
) -> Interval | None:
    """Return the interval for other draws and other test items: both spreads add up as those of independent things.

    Args:
        summary: Of the accuracies of the draws.
        right: (draws, n).
        groups: Of the test items.
        seed: Of the bootstrap of the items.
    """
    items = mean_interval(right.mean(axis=0), groups=groups, seed=seed)
    if items is None:
        return None
    of_draws = summary.interval.high - summary.mean
    low, high = np.hypot([summary.mean - items.low, items.high - summary.mean], of_draws)
    return Interval(max(0.0, float(summary.mean - low)), min(1.0, float(summary.mean + high)))


def _scarce_notes(train: ProbeData, shots: Sequence[int]) -> list[str]:
    """Say where a class has not as many items as are drawn of each."""
    classes, counts = np.unique(train.target.classes, return_counts=True)
    least = int(counts.argmin())
    short = [f"accuracy@{k}" for k in shots if k > counts[least]]
    if not short:
        return []
    fewer = int((counts < max(shots)).sum())
    return [
        f"{', '.join(short)}: {fewer} of {len(classes)} classes have fewer training items, "
        f"{train.target.names[classes[least]]} only {counts[least]}; all of theirs are taken"
    ]
