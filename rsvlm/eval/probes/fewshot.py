"""Few-shot probes: how much is learned from a handful of items of each class."""

from collections.abc import Sequence

import numpy as np

from rsvlm.eval.errors import EvalError
from rsvlm.eval.result import EvalResult
from rsvlm.eval.statistics import over_seeds

from .data import ProbeData
from .probe import fit_probe, leak_notes, usable
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
        Metrics accuracy@k, the means over the seeds, with the 95 % t intervals of these means; groups by k.

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
        found = []
        for drawn in range(seed, seed + seeds):
            part = learned.take(few_shot(learned.target.classes, k, drawn))
            found.append(test.target.score(fit_probe(part, kind, setting=setting)(test)))
        summary = over_seeds(found)
        result.metrics[f"accuracy@{k}"] = summary.mean
        result.intervals[f"accuracy@{k}"] = summary.interval
        result.groups["shots"][str(k)] = {
            "accuracy": summary.mean,
            "std": summary.std,
            "draws": float(np.size(found)),
        }
    result.config = {
        "probe": {"kind": kind, "C" if kind == "linear" else "k": setting, "chosen_on": "nothing: it is fixed"},
        "shots": list(shots), "seeds": seeds, "seed": seed, "limit": limit, "train": dict(train.record),
        "data": dict(test.record), "left_out_of_train": dropped, "names": list(test.target.names),
    }  # fmt: skip
    result.notes += leak_notes(dropped)
    return result
