"""Train a probe, choose its one setting on validation data, and judge it on test data that took no part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.errors import EvalError
from rsvlm.eval.measuring import Draws, with_items
from rsvlm.eval.result import EvalResult

from .data import ProbeData
from .features import Standardizer
from .linear import EXACT, ROUGH, STRENGTHS, LinearModel, fit_linear
from .neighbours import NEIGHBOURS, NeighbourModel, neighbour_answers, neighbour_models
from .splits import held_out, leaked_rows, stratified

Float64s = NDArray[np.float64]
Model = LinearModel | NeighbourModel

KINDS = ("linear", "knn")
SHARE = 0.2
"""Of the training items, to choose on, where no validation data are given."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A fitted probe.

    Attributes:
        model: What was learned.
        scale: What is done to features; None: they are taken as they are.
        record: What was chosen, and how.
    """

    model: Model
    scale: Standardizer | None
    record: Mapping[str, Any]

    def __call__(self, data: ProbeData) -> Float64s:
        """Return (n, c) predictions; NaN for items that failed."""
        predicted = self.model(_features(data, self.scale))
        predicted[[error is not None for error in data.errors]] = np.nan
        return predicted


def evaluate_probe(
    train: ProbeData,
    test: ProbeData,
    *,
    validation: ProbeData | None = None,
    kind: str = "linear",
    limit: int | None = None,
    seed: int = 0,
) -> EvalResult:
    """Learn from training items and judge on test items.

    Training and validation items whose picture is a test picture are left out, and counted. C or k is chosen on the
    validation items, or on a fifth of the training items; the chosen probe is then learned from both.

    Args:
        train: Items to learn from.
        test: Items to judge on.
        validation: Items to choose on; None: a part of `train`.
        kind: "linear" (logistic or ridge regression) or "knn" (cosine).
        limit: At most so many training items, drawn by class.
        seed: Of all that is drawn.

    Raises:
        EvalError: Features or targets differ, there is no such kind, or too little is left to learn from.
    """
    if train.target.names != test.target.names or train.target.kind != test.target.kind:
        raise EvalError(
            f"{train.name}: training and test items have different targets; read both with one vocabulary"
        )
    learned, dropped = usable(train, test, limit, seed)
    chosen_on, dropped_too = (None, {}) if validation is None else usable(validation, test, None, seed)
    probe = fit_probe(learned, kind, validation=chosen_on, seed=seed)
    result = test.target.measure(probe(test), Draws(len(test), test.groups, seed))
    result.name = test.name
    result.config = {
        "probe": dict(probe.record), "seed": seed, "n_train": len(learned), "limit": limit, "train": dict(train.record),
        "data": dict(test.record), "left_out_of_train": dropped, "left_out_of_validation": dropped_too,
        "predicts": test.target.kind, "names": list(test.target.names),
    }  # fmt: skip
    result.notes += [*unseen_notes(learned, test), *leak_notes(dropped, dropped_too)]
    return with_items(result, test.keys, test.errors)


def fit_probe(
    train: ProbeData,
    kind: str,
    *,
    validation: ProbeData | None = None,
    seed: int = 0,
    setting: float | None = None,
) -> Probe:
    """Choose C or k, and learn.

    Args:
        train: Items without failures.
        kind: "linear" or "knn".
        validation: Items to choose on; None: a part of `train`, whole groups of it where it has groups.
        seed: Of that part.
        setting: C or k, where nothing is to be chosen.
    """
    if kind not in KINDS:
        raise EvalError(f"there is no probe {kind!r}; take one of {', '.join(KINDS)}")
    if setting is not None:
        model, scale = _learn(train, kind, [setting])
        return Probe(model[0], scale, _record(kind, scale, setting, {}, "none: it was given"))
    part, on, how = train, validation, "the validation items"
    if on is None:
        rows, chosen = held_out(train.strata, SHARE, seed, train.groups)
        part, on, how = train.take(rows), train.take(chosen), f"{SHARE:.0%} of the training items"
    else:
        train = train.joined(on)
    models, scale = _learn(part, kind, STRENGTHS if kind == "linear" else NEIGHBOURS)
    features = _features(on, scale)
    near = [model for model in models if isinstance(model, NeighbourModel)]
    answers = neighbour_answers(near, features) if near else [model(features) for model in models]
    settings = STRENGTHS if kind == "linear" else [model.k for model in near]
    scores = dict(zip(settings, (on.target.score(answer) for answer in answers), strict=False))
    best = max(
        scores, key=lambda value: (scores[value], -value)
    )  # of equals the stronger restraint, the smaller k
    final, scale = _learn(train, kind, [best])
    return Probe(final[0], scale, _record(kind, scale, best, scores, how))


def usable(
    data: ProbeData, test: ProbeData, limit: int | None, seed: int
) -> tuple[ProbeData, dict[str, int]]:
    """Return the items that may be learned from, and how many were left out, by reason."""
    leaked = set(leaked_rows(data.hashes, test.hashes).tolist())
    failed = {row for row, error in enumerate(data.errors) if error is not None}
    rows = np.array([row for row in range(len(data)) if row not in leaked | failed], np.int64)
    if len(rows) < 2:
        raise EvalError(f"{data.name}: {len(rows)} items are left to learn from; a probe needs at least 2")
    if limit is not None:
        rows = rows[stratified(data.strata[rows], limit, seed)]
    return data.take(rows), {"is_a_test_picture": len(leaked), "failed": len(failed)}


def leak_notes(*dropped: Mapping[str, int]) -> list[str]:
    """Return what a reader must know of pictures that were in both splits."""
    leaked = sum(part.get("is_a_test_picture", 0) for part in dropped)
    return (
        [f"{leaked} training pictures are test pictures, too; they were left out of training"]
        if leaked
        else []
    )


def unseen_notes(train: ProbeData, test: ProbeData) -> list[str]:
    """Return which classes of the test items no training item has: nothing could be learned of them."""
    if test.target.kind == "number":
        return []
    learned, judged = train.target.values.any(axis=0), test.target.values.any(axis=0)
    missing = [test.target.names[place] for place in np.flatnonzero(judged & ~learned)]
    if not missing:
        return []
    n = int(test.target.values[:, judged & ~learned].any(axis=1).sum())
    listed = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
    return [f"no training item is of {listed}: the {n:,} test items of it cannot be told"]


def _learn(
    data: ProbeData, kind: str, settings: Sequence[float]
) -> tuple[Sequence[Model], Standardizer | None]:
    # one block of vectors is compared as it is; several must first be brought to one scale
    scale = Standardizer.fit(data.blocks) if kind == "linear" or len(data.blocks) > 1 else None
    features = _features(data, scale)
    if kind == "linear":
        tolerance = EXACT if len(settings) == 1 else ROUGH
        return fit_linear(features, data.target, settings, tolerance), scale
    return neighbour_models(features, data.target, [int(value) for value in settings]), scale


def _features(data: ProbeData, scale: Standardizer | None) -> Float64s:
    if scale is not None:
        return scale(data.blocks)
    (values,) = data.blocks.values()
    return np.nan_to_num(np.asarray(values, np.float64))


def _record(
    kind: str, scale: Standardizer | None, best: float, scores: Mapping[float, float], how: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "C" if kind == "linear" else "k": best,
        "chosen_on": how,
        "tried": {f"{value:g}": score for value, score in scores.items()},
        "features": scale.record if scale else {"scaling": "none"},
    }
