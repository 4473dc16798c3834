"""Means over data sets: those that SkyScript prints, and GEO-Bench-2's groups of capabilities."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from rsvlm.vocabularies import Vocabulary
from rsvlm.vocabularies.class_lists import plain_name

from .result import EvalResult

SEVEN = {
    "aid": ("aid",), "eurosat": ("eurosat",), "fmow": ("fmow",), "million-aid": ("millionaid",),
    "patternnet": ("patternnet",), "resisc45": ("resisc45", "nwpu", "nwpuresisc45"), "rsi-cb256": ("rsicb256", "rsicb"),
}  # fmt: skip
FINE_GRAINED = {"roof-shape": ("roofshape",), "smoothness": ("smoothness",), "surface": ("surface",)}
MEANS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "skyscript-seven": SEVEN,
    "skyscript-fine-grained": FINE_GRAINED,
}
"""Means over sets that SkyScript prints, and the names that each of their sets may have here."""


def suite_means(results: dict[str, EvalResult]) -> dict[str, float]:
    """Return SkyScript's means of top-1 accuracy for each protocol under which all their sets were evaluated."""
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for result in results.values():
        if result.task == "zero-shot" and "accuracy" in result.metrics:
            scores[str(result.config.get("protocol"))][plain_name(result.name)] = result.metrics["accuracy"]
    found = {}
    for protocol, by_set in scores.items():
        for mean, members in MEANS.items():
            there = [next((name for name in names if name in by_set), None) for names in members.values()]
            values = [by_set[name] for name in there if name is not None]
            if len(values) == len(members):
                found[f"{mean}/{protocol}"] = float(np.mean(values))
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
