"""Cross-validation: by random items, by blocks of the map, by groups; neighbours flatter, and the gap says how much."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.eval.errors import EvalError
from rsvlm.eval.measuring import Draws, with_items
from rsvlm.eval.result import EvalResult

from .data import ProbeData
from .probe import fit_probe
from .splits import BLOCK, group_folds, random_folds, spatial_blocks

SCHEMES = ("spatial", "groups", "random")


def cross_validate(
    data: ProbeData,
    *,
    schemes: Sequence[str] = ("random",),
    kind: str = "linear",
    folds: int = 5,
    block: float = BLOCK,
    seed: int = 0,
) -> EvalResult:
    """Learn from all folds but one, predict that one, and judge all predictions together.

    C or k is chosen within the folds that are learned from, by the same scheme. Items with the same picture are
    always in one fold.

    Args:
        data: The items.
        schemes: "spatial" (blocks of the map stay whole), "groups" (groups do), "random"; the first gives the metrics,
            intervals and rows, and each is a group of the result.
        kind: "linear" or "knn".
        folds: How many.
        block: Side of a spatial block in degrees of latitude.
        seed: Of all that is drawn.

    Raises:
        EvalError: Items without a place or group where the scheme needs it, or fewer blocks than folds.
    """
    if not schemes or any(scheme not in SCHEMES for scheme in schemes):
        raise EvalError(f"foldings {', '.join(schemes) or '(none)'}: take some of {', '.join(SCHEMES)}")
    results = {scheme: _one(data, scheme, kind, folds, block, seed) for scheme in schemes}
    result = results[schemes[0]]
    result.groups["folding"] = {scheme: {**one.metrics, "n": float(one.n)} for scheme, one in results.items()}
    result.name = data.name
    result.config = {
        "probe": {"kind": kind, "features": {name: values.shape[1] for name, values in data.blocks.items()}},
        "folding": schemes[0], "foldings": {scheme: one.config for scheme, one in results.items()}, "folds": folds,
        "block": block, "seed": seed, "data": dict(data.record), "predicts": data.target.kind,
        "names": list(data.target.names),
    }  # fmt: skip
    return with_items(result, data.keys, data.errors)


def _one(data: ProbeData, scheme: str, kind: str, folds: int, block: float, seed: int) -> EvalResult:
    together = _together(data, scheme, block)
    fold_of = (
        random_folds(data.strata, folds, seed) if together is None else group_folds(together, folds, seed)
    )
    predicted = np.full((len(data), len(data.target.names)), np.nan)
    chosen = []
    good = np.array([error is None for error in data.errors])
    for fold in range(folds):
        rows = np.flatnonzero((fold_of != fold) & good)
        part = _grouped(data.take(rows), None if together is None else together[rows])
        probe = fit_probe(part, kind, seed=seed)
        judged = np.flatnonzero(fold_of == fold)
        predicted[judged] = probe(data.take(judged))
        chosen.append(probe.record["C" if kind == "linear" else "k"])
    groups = None if scheme == "random" or together is None else tuple(together.tolist())
    result = data.target.measure(predicted, Draws(len(data), groups, seed))
    sizes = np.bincount(fold_of, minlength=folds).tolist()
    result.config = {"chosen": chosen, "fold_sizes": sizes, "n_groups": len(set(groups)) if groups else None}
    return result


def _together(data: ProbeData, scheme: str, block: float) -> NDArray[Any] | None:
    """What must stay in one fold: blocks, groups, and items with one picture; None: every item is for itself."""
    own = np.array([digest or f"#{row}" for row, digest in enumerate(data.hashes)])
    if scheme == "random":
        return own if len(set(own.tolist())) < len(own) else None
    if scheme == "groups":
        if data.groups is None:
            raise EvalError(f"{data.name}: has no groups to fold by; take random or spatial")
        return _merged(list(data.groups), own)
    if data.places is None:
        raise EvalError(f"{data.name}: has no places to fold by; take random, or give latitude and longitude")
    return _merged(spatial_blocks(data.places, block), own)


def _merged(groups: Sequence[str], pictures: NDArray[Any]) -> NDArray[Any]:
    """Groups, joined where a picture lies in several."""
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    first: dict[str, str] = {}
    for group, picture in zip(groups, pictures.tolist(), strict=True):
        parent[root(group)] = root(first.setdefault(picture, group))
    return np.array([root(group) for group in groups])


def _grouped(data: ProbeData, groups: NDArray[Any] | None) -> ProbeData:
    """The data with what must stay together as its groups, so that choices are made by the same scheme."""
    return ProbeData(
        data.name, data.blocks, data.target, data.keys, data.hashes, data.errors,
        None if groups is None else tuple(groups.tolist()), data.places, data.record,
    )  # fmt: skip
