"""How good a calibration is, on images that it was not fitted on."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from .calibrated import Calibration
from .errors import ClassificationError
from .none import best_evidence, without_own_classes
from .scores import Float64s, Floats, Mask, relative_scores, softmax
from .temperature import expected_calibration_error, nll
from .thresholds import f1_scores

FOLDS = 5
"""Parts into which the labelled images are dealt; each is judged by what was fitted on the others."""


def judge(
    fit: Callable[[Mask], Calibration],
    rows: Float64s,
    member: Mask,
    groups: Sequence[Hashable] | None,
    *,
    scale: float,
) -> dict[str, float]:
    """Cross-validate: deal the images into `FOLDS` parts and judge each by what the others give.

    "Before" is what an uncalibrated classifier says: the softmax at the encoder's own scale, or
    `relative_scores` with 0.5 as threshold. The keys, of which those are left out that the images say nothing on:

    * `accuracy`: share of the images with a class whose best class is right. No scale changes it. Single-label.
    * `nll_before`, `nll_after`: mean negative natural logarithm of the share given to the right class; multi-label:
      mean over all pairs of image and class of that given to what is true of the pair.
    * `ece_before`, `ece_after`: `expected_calibration_error` of the best classes; multi-label: of all pairs.
    * `micro_f1_before`, `micro_f1_after`, `macro_f1_before`, `macro_f1_after`: see `f1_scores`. Multi-label.
    * `none_kept`: share of the images with a class that are not called none of these.
    * `none_found`: share that is called none of these, of the images labelled so; without any, of the images with
      a class when it is taken out of the vocabulary.

    Args:
        fit: Fits on the images of a mask (n,).
        rows: (n, c), cosines.
        member: (n, c), the classes that each image has.
        groups: For each image what it must not be parted from; None: each image stands alone.
        scale: The encoder's own scale.
    """
    part = deal(member, groups)
    after = np.full(rows.shape, np.nan)
    given = np.zeros(rows.shape, bool)
    kept: list[Mask] = []
    found: list[Mask] = []
    for number in range(FOLDS):
        held, rest = part == number, part != number
        if not held.any() or not member[rest].any():
            continue  # nothing to judge, or nothing to learn from
        fitted = fit(rest)
        after[held], given[held] = fitted.scores(rows[held]), fitted.members(rows[held])
        known, foreign = _evidence_apart(rows[held], member[held], labelled_none=not member.any(axis=1).all())
        kept.append(known >= fitted.none_threshold)
        found.append(foreign < fitted.none_threshold)
    judged = ~np.isnan(after).any(axis=1)
    if not judged.any():
        return {}
    rates = {"none_kept": np.concatenate(kept), "none_found": np.concatenate(found)}
    metrics = {key: float(mask.mean()) for key, mask in rates.items() if len(mask)}
    rows, member, after, given = rows[judged], member[judged], after[judged], given[judged]
    if fitted.multi_label:
        return metrics | _multi_label(relative_scores(rows, scale), after, given, member)
    has_class = member.any(axis=1)
    if not has_class.any():
        return metrics
    return metrics | _single_label(
        softmax(rows[has_class], scale), after[has_class], member[has_class].argmax(axis=1)
    )


def deal(member: Mask, groups: Sequence[Hashable] | None) -> NDArray[np.int64]:
    """Deal images into `FOLDS` parts, the images of each class evenly, the same way each time.

    Args:
        member: (n, c); an image counts for its first class, or for none of these.
        groups: (n,); images of one group come into one part, by the class of the first of them.

    Returns:
        (n,): the number of each image's part.

    Raises:
        ClassificationError: There are not as many groups as images.
    """
    keys: Sequence[Hashable] = range(len(member)) if groups is None else groups
    if len(keys) != len(member):
        raise ClassificationError(
            f"there are {len(member)} images and {len(keys)} groups; give one for each image"
        )
    first: dict[Hashable, int] = {}
    for index, key in enumerate(keys):
        first.setdefault(key, index)
    class_of = np.where(member.any(axis=1), member.argmax(axis=1), member.shape[1])
    by_class = sorted(first, key=lambda key: (class_of[first[key]], first[key]))
    number = {key: place % FOLDS for place, key in enumerate(by_class)}
    return np.array([number[key] for key in keys], np.int64)


def _evidence_apart(rows: Float64s, member: Mask, *, labelled_none: bool) -> tuple[Float64s, Float64s]:
    """Best evidence of images with a class, and of those that stand for "none of these"."""
    has_class = member.any(axis=1)
    best = best_evidence(rows)
    return best[has_class], best[~has_class] if labelled_none else without_own_classes(rows, member)


def _single_label(before: Floats, after: Float64s, truth: NDArray[np.int64]) -> dict[str, float]:
    right = after.argmax(axis=1) == truth
    metrics = {"accuracy": float(right.mean())}
    for when, shares in (("before", before), ("after", after)):
        metrics[f"nll_{when}"] = nll(shares[np.arange(len(truth)), truth])
        metrics[f"ece_{when}"] = expected_calibration_error(shares.max(axis=1), right)
    return metrics


def _multi_label(before: Floats, after: Float64s, given: Mask, member: Mask) -> dict[str, float]:
    metrics = {}
    for when, scores, found in (("before", before, before >= 0.5), ("after", after, given)):
        metrics[f"nll_{when}"] = nll(np.where(member, scores, 1 - scores))
        metrics[f"ece_{when}"] = expected_calibration_error(scores.ravel(), member.ravel())
        metrics[f"micro_f1_{when}"], metrics[f"macro_f1_{when}"] = f1_scores(found, member)
    return metrics
