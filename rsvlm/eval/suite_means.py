"""Means over data sets: those that SkyScript prints, and GEO-Bench-2's groups of capabilities."""

from collections import defaultdict

import numpy as np

from rsvlm.vocabularies import Vocabulary

from .result import EvalResult
from .set_names import canonical

MEANS = {
    "skyscript-seven": ("aid", "eurosat", "fmow", "millionaid", "patternnet", "resisc45", "rsicb256"),
    "skyscript-fine-grained": ("roofshape", "smoothness", "surface"),
}
"""Means over sets that SkyScript prints, and their sets, as `canonical` names them."""


def suite_means(results: dict[str, EvalResult]) -> dict[str, float]:
    """Return SkyScript's means of top-1 accuracy for each protocol under which all their sets were evaluated."""
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for result in results.values():
        if result.task == "zero-shot" and "accuracy" in result.metrics:
            scores[str(result.config.get("protocol"))][canonical(result.name)] = result.metrics["accuracy"]
    found = {}
    for protocol, by_set in scores.items():
        for mean, members in MEANS.items():
            if by_set.keys() >= set(members):
                found[f"{mean}/{protocol}"] = float(np.mean([by_set[name] for name in members]))
    return found


def capability_means(
    results: dict[str, EvalResult], vocabularies: dict[str, Vocabulary | None]
) -> dict[str, float]:
    """Return the mean headline metrics of zero-shot results by GEO-Bench-2's groups of capabilities.

    An encoder is shown red, green and blue of single dates and says classes, so of the nine groups these tell sets
    apart: Classification, which all are, and by the ground sample distance "<10 m" and ">=10 m".
    """
    values: dict[str, list[float]] = defaultdict(list)
    for result in results.values():
        if result.task != "zero-shot":
            continue
        entry = vocabularies.get(result.name)
        metric, headline = next(iter(result.metrics.items()))
        groups = ["Classification"]
        if entry is not None and entry.gsd is not None:
            groups.append("<10 m" if entry.gsd < 10 else ">=10 m")
        for group in groups:
            values[f"{group}/{result.config['protocol']}/{metric}"].append(headline)
    return {name: float(np.mean(found)) for name, found in values.items()}
