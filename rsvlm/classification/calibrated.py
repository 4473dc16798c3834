"""What calibration gives: plain numbers, and the scores that they make of cosines."""

from dataclasses import dataclass, field

import numpy as np

from .errors import ClassificationError
from .none import NoneRule
from .scores import Float64s, Floats, Mask, Scores, as_rows, evidence, logistic, softmax


@dataclass(frozen=True)
class Calibration:
    """What was fitted on labelled images, for one encoder and one set of class vectors. Plain data, no dates.

    Attributes:
        encoder: Name of the encoder.
        revision: Revision of its weights.
        vocabulary: Digest of class names, words, templates and protocol.
        n_classes: How many.
        n_images: Labelled images that it was fitted on, those labelled "none of these" included.
        n_none: Those of them that are labelled "none of these".
        multi_label: Whether an image may have several classes.
        scale: Single-label: inverse temperature of the softmax over cosines. Multi-label: steepness of the sigmoid.
        none_threshold: On the largest `evidence` of an image; below it, none of these.
        none_slope: Steepness of the none score around it.
        bias: Multi-label: logistic(bias) is the score from which on a class is given.
        thresholds: Multi-label: for each class the `evidence` from which on it is given.
        unseen: Indices of the classes that no labelled image has. Multi-label, they have the threshold that all share.
        metrics: How good it is, by cross-validation; `judge` says what the keys mean.
        notes: What a reader of the scores should know, a sentence each.
    """

    encoder: str
    revision: str
    vocabulary: str
    n_classes: int
    n_images: int
    n_none: int
    multi_label: bool
    scale: float
    none_threshold: float
    none_slope: float
    bias: float = 0.0
    thresholds: tuple[float, ...] | None = None
    unseen: tuple[int, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def label_score(self) -> float:
        """The score from which on a multi-label classifier gives a class. The best F1 may lie below 0.5."""
        return float(logistic(np.asarray(self.bias)))

    def scores(self, cosines: Floats) -> Scores:
        """Return calibrated scores, float32 (n, c).

        Single-label: they sum to 1 in each row. Multi-label: each by itself, 0..1.

        Raises:
            ClassificationError: The cosines have another number of classes.
        """
        rows = self._checked(cosines)
        if self.thresholds is None:
            return softmax(rows, self.scale)
        above = evidence(rows) - np.asarray(self.thresholds)
        return logistic(self.scale * above + self.bias).astype(np.float32)

    def members(self, cosines: Floats) -> Mask:
        """Return which classes each image has: bool (n, c). Single-label: the best one, unless it is none of these.

        Multi-label: those whose evidence reaches their threshold; there may be none.
        """
        rows = self._checked(cosines)
        if self.thresholds is not None:
            return np.asarray(evidence(rows) >= np.asarray(self.thresholds))
        best = np.arange(rows.shape[1]) == rows.argmax(axis=1)[:, None]
        return np.asarray(best & (self.none_scores(rows) <= 0.5)[:, None])

    def none_scores(self, cosines: Floats) -> Scores:
        """Return how likely each image is none of these, float32 (n,); above 0.5, it is. See `NoneRule.scores`."""
        return NoneRule(self.none_threshold, self.none_slope).scores(self._checked(cosines))

    def _checked(self, cosines: Floats) -> Float64s:
        rows = as_rows(cosines)
        if rows.shape[1] != self.n_classes:
            raise ClassificationError(
                f"this calibration is for {self.n_classes} classes and there are {rows.shape[1]}; calibrate again"
            )
        return rows
