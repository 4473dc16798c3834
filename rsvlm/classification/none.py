"""None of these: telling the images that show no class of the vocabulary."""

import math
from dataclasses import dataclass

import numpy as np

from .errors import ClassificationError
from .regression import fit_logistic
from .scores import CROWD, Float64s, Floats, Mask, Scores, as_rows, evidence, logistic

KEEP = 0.95
"""Share of the images of known classes that is to be kept where no example of "none of these" is given."""


@dataclass(frozen=True)
class NoneRule:
    """When an image is none of these.

    Attributes:
        threshold: On the largest `evidence` of an image: an image below it is none of these.
        slope: Steepness of the score around the threshold, per unit of evidence; above 0.
    """

    threshold: float
    slope: float

    def scores(self, cosines: Floats) -> Scores:
        """Return how likely each image is none of these, float32 (n,) in 0..1; above 0.5, it is.

        A probability where one image in so many is foreign that the threshold is the best place to decide: half
        of them where examples of "none of these" were given, else the share at which it pays to lose 5 % of the
        images of known classes.
        """
        return logistic(self.slope * (self.threshold - best_evidence(cosines))).astype(np.float32)


def best_evidence(cosines: Floats) -> Float64s:
    """Return the largest `evidence` of each image, float64 (n,)."""
    return np.asarray(evidence(cosines).max(axis=1))


def fit_none_rule(cosines: Floats, member: Mask, *, scale: float, keep: float = KEEP) -> NoneRule:
    """Fit when an image is none of these, on labelled images.

    The slope comes from a logistic regression between images of known classes and examples of "none of these",
    both weighing the same. Such examples are the images that are labelled so; without any, each image serves as
    one with its own classes taken out of the vocabulary. (On WHU-RS19 that gives the slope and the balance
    point of 5 really unknown classes: RemoteCLIP 137 and .177 against 135 and .178, SkyCLIP-50 137 and .194 against
    142 and .195.) The threshold is the regression's balance point where images are labelled so. Otherwise it keeps
    `keep` of the images of known classes: the evidence at rank (1 - keep)(n + 1) from below, for which a new image
    is kept with at least that probability (split conformal prediction: Vovk et al. 2005; Angelopoulos and Bates
    2023, section 1); with too few images for such a rank, the lowest.

    Args:
        cosines: (n, c).
        member: (n, c), the classes that each image has; a row without any is an example of "none of these".
        scale: The slope where there is nothing to fit it on: a vocabulary of one class, or examples of "none of
            these" that look more like the classes than these do.
        keep: Above 0 and below 1.

    Raises:
        ClassificationError: No image has a class, or `keep` is out of bounds.
    """
    if not 0 < keep < 1:
        raise ClassificationError(f"keep is {keep}; give the share of images to keep, such as {KEEP}")
    rows, has_class = as_rows(cosines), member.any(axis=1)
    known = np.sort(best_evidence(rows[has_class]))
    if not len(known):
        raise ClassificationError('no labelled image has a class: what "none of these" is, cannot be learned')
    labelled = not has_class.all()
    foreign = best_evidence(rows[~has_class]) if labelled else without_own_classes(rows, member)
    slope, balance = _slope_and_balance(known, foreign)
    rank = math.floor((1 - keep) * (len(known) + 1) + 1e-9)
    threshold = balance if labelled and slope > 0 else float(known[max(rank, 1) - 1])
    return NoneRule(threshold, slope if slope > 0 else float(scale))


def _slope_and_balance(known: Float64s, foreign: Float64s) -> tuple[float, float]:
    """Steepness of the odds of being foreign as evidence falls, and the evidence at which they are even."""
    if not len(foreign):
        return 0.0, 0.0
    line = fit_logistic(
        np.concatenate([known, foreign]), np.arange(len(known) + len(foreign)) >= len(known), balanced=True
    )
    return (-line.slope, -line.intercept / line.slope) if line.slope < 0 else (0.0, 0.0)


def without_own_classes(cosines: Floats, member: Mask) -> Float64s:
    """Return the best evidence of images as if their own classes were not in the vocabulary, float64 (m,).

    Such an image is a true example of "none of these", with no image of a foreign class at hand. Images that have
    every class, or none, give nothing and are left out.

    Args:
        cosines: (n, c).
        member: (n, c), the classes that each image has.
    """
    rows, own = as_rows(cosines), np.asarray(member, bool)
    use = own.any(axis=1) & ~own.all(axis=1)
    rest = np.ma.masked_array(rows[use], own[use])
    if not use.any():
        return np.zeros(0)
    return np.asarray(rest.max(axis=1) - CROWD * rest.mean(axis=1), np.float64)
