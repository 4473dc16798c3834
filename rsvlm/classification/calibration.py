"""Calibration: what labelled images teach about an encoder's cosines with one vocabulary."""

import operator
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from .calibrated import Calibration
from .errors import ClassificationError
from .judging import judge
from .none import fit_none_rule
from .scores import Float64s, Floats, Mask, as_rows, checked_scale
from .temperature import LARGEST, SMALLEST, fit_scale
from .thresholds import fit_platt, fit_thresholds

__all__ = ["Calibration", "fit_calibration"]

FEW = 20
"""Images with a class below which a calibration says in a note that it is rough."""

Labels = Sequence[int] | Sequence[AbstractSet[int]]


def fit_calibration(
    cosines: Floats,
    labels: Labels,
    *,
    encoder: str,
    revision: str,
    vocabulary: str,
    multi_label: bool = False,
    scale: float = 100.0,
    groups: Sequence[Hashable] | None = None,
) -> Calibration:
    """Fit temperature or thresholds, and "none of these", on labelled images.

    Single-label: `fit_scale`. Multi-label: `fit_thresholds`, then `fit_platt`. Both: `fit_none_rule`.

    The metrics are of images that took no part in the fit (see `judge`).

    Args:
        cosines: (n, c), all finite.
        labels: Single-label: n class indices, -1 for none of these. Multi-label: n sets of indices, empty for none.
        encoder: Name of the encoder.
        revision: Revision of its weights.
        vocabulary: Digest of what made the class vectors.
        multi_label: Whether an image may have several classes.
        scale: The encoder's own logit scale.
        groups: For each image what it was cut from, such as its scene; images of one group stay in one part.
            Neighbours look alike: apart, they would make the metrics flatter.

    Returns:
        The same for the same input, to the last bit.

    Raises:
        ClassificationError: Labels or cosines that do not fit, or no image with a class.
    """
    rows = as_rows(cosines)
    member = _membership(labels, rows, multi_label)
    blank = Calibration(
        encoder=encoder,
        revision=revision,
        vocabulary=vocabulary,
        n_classes=rows.shape[1],
        n_images=0,
        n_none=0,
        multi_label=multi_label,
        scale=checked_scale(scale),
        none_threshold=0.0,
        none_slope=0.0,
    )

    def fit(use: Mask) -> Calibration:
        return _fit(blank, rows[use], member[use])

    fitted = fit(np.ones(len(rows), bool))
    metrics = judge(fit, rows, member, groups, scale=blank.scale)
    notes = _notes(fitted, rows, member)
    if groups is not None and len(rows) > 1 and len(set(groups)) == 1:
        notes += ("all labelled images are of one scene: none is left to judge the calibration by",)
    return replace(fitted, metrics=metrics, notes=notes)


def _fit(blank: Calibration, rows: Float64s, member: Mask) -> Calibration:
    """Fill a calibration, whose scale is still the encoder's own."""
    none = fit_none_rule(rows, member, scale=blank.scale)
    has_class = member.any(axis=1)
    fitted = replace(
        blank,
        n_images=len(rows),
        n_none=int((~has_class).sum()),
        none_threshold=none.threshold,
        none_slope=none.slope,
        unseen=tuple(int(index) for index in np.flatnonzero(~member.any(axis=0))),
    )
    if not blank.multi_label:
        scale = fit_scale(rows[has_class], member[has_class].argmax(axis=1), blank.scale)
        return replace(fitted, scale=scale)
    thresholds = fit_thresholds(rows, member).per_class
    platt = fit_platt(rows, member, thresholds, blank.scale)
    return replace(fitted, scale=platt.scale, bias=platt.bias, thresholds=tuple(thresholds.tolist()))


def _membership(labels: Labels, rows: Float64s, multi_label: bool) -> Mask:
    """Which classes each image has, bool (n, c); all that can be wrong with labelled images is found here."""
    if len(labels) != len(rows):
        raise ClassificationError(f"there are {len(rows)} images and {len(labels)} labels; give one for each")
    if not len(rows):
        raise ClassificationError("there are no labelled images; a calibration needs some of every class")
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise ClassificationError(
            f"the cosines of image {bad} are not finite; leave out the images that failed"
        )
    member = np.zeros(rows.shape, bool)
    for row, label in enumerate(labels):
        for index in _indices(label, row, multi_label):
            if not 0 <= index < rows.shape[1]:
                raise ClassificationError(
                    f"the label of image {row} is class {index}; the classes are 0 to {rows.shape[1] - 1}"
                )
            member[row, index] = True
    return member


def _indices(label: object, row: int, multi_label: bool) -> set[int]:
    """The classes of an image; none of these is none."""
    try:
        if multi_label and isinstance(label, AbstractSet):
            return {operator.index(index) for index in label}
        if not multi_label:
            return {operator.index(label)} - {-1}  # type: ignore[arg-type]  # that it may be no number is the point
    except TypeError:
        pass
    wanted = "a set of class indices" if multi_label else "one class index, or -1 for none of these"
    raise ClassificationError(f"the label of image {row} is {label!r}; give {wanted}")


def _notes(fitted: Calibration, rows: Float64s, member: Mask) -> tuple[str, ...]:
    has_class = member.any(axis=1)
    known, seen = int(has_class.sum()), fitted.n_classes - len(fitted.unseen)
    notes = []
    if known < FEW:
        notes.append(f"fitted on {known} images with a class: rough; {FEW} and more are better")
    if seen == 1 and fitted.n_classes > 1:
        notes.append("all labelled images are of one class: nothing is known of mistakes between classes")
    elif fitted.unseen:
        notes.append(f"{len(fitted.unseen)} of {fitted.n_classes} classes have no labelled image")
    if fitted.multi_label or fitted.n_classes == 1:
        return tuple(notes)
    if (rows[has_class].argmax(axis=1) == member[has_class].argmax(axis=1)).all():
        notes.append("every labelled image is right: nothing shows how often the classifier errs")
    if not SMALLEST * 1.01 < fitted.scale < LARGEST / 1.01:
        notes.append(
            f"the scale ended at its bound, {fitted.scale:g}: these cosines say nothing, or all, of the labels"
        )
    return tuple(notes)
