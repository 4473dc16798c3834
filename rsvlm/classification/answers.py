"""Cosines to answers: scores, labels, "none of these" and the coarse answer of a hierarchy."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.labels import NONE
from rsvlm.vocabularies import Vocabulary

from .calibrated import Calibration
from .hierarchy import Hierarchy
from .scores import relative_scores, softmax

Floats = NDArray[np.float32]

ENOUGH = 0.5
"""Without a calibration a multi-label classifier gives the classes whose relative score reaches this."""


class Answers(NamedTuple):
    """Scores (n, c) and for each chip its label or labels, none score, and coarse answer."""

    scores: Floats
    labels: list[Any]
    none_scores: Floats | None
    coarse: list[str | None] | None


def answer(
    cosines: Floats,
    vocabulary: Vocabulary,
    calibration: Calibration | None,
    *,
    multi_label: bool,
    scale: float,
) -> Answers:
    """Turn cosines into answers.

    Args:
        cosines: float32 (n, c); a row of NaN stays one.
        vocabulary: The c classes, and their hierarchy.
        calibration: What was fitted on labelled images, or None.
        multi_label: Whether an image may have several classes.
        scale: What cosines are multiplied with where nothing was calibrated.
    """
    if not len(cosines):
        return Answers(np.zeros(cosines.shape, np.float32), [], None, None)
    none_scores = calibration.none_scores(cosines) if calibration else None
    if calibration:
        scores = calibration.scores(cosines)
        member = calibration.members(cosines)
    else:
        scores = relative_scores(cosines, scale) if multi_label else softmax(cosines, scale)
        member = scores >= ENOUGH if multi_label else _best(scores)
    names = vocabulary.names
    if multi_label:
        return Answers(
            scores, [_names(names, row, scores[i]) for i, row in enumerate(member)], none_scores, None
        )
    labels = [names[int(row.argmax())] if row.any() else NONE for row in member]
    return Answers(scores, labels, none_scores, _coarse(scores, labels, vocabulary))


def _best(scores: Floats) -> NDArray[np.bool_]:
    best: NDArray[np.bool_] = np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    return best


def _names(names: tuple[str, ...], member: NDArray[np.bool_], scores: Floats) -> list[str]:
    """Names of the classes that an image has, the surest first."""
    order = np.argsort(-scores, kind="stable")
    return [names[int(index)] for index in order if member[index]]


def _coarse(scores: Floats, labels: list[str], vocabulary: Vocabulary) -> list[str | None] | None:
    """The finest answer that the scores allow, where the vocabulary has wider classes and the image one of them."""
    if not vocabulary.parents:
        return None
    answers = Hierarchy.of(vocabulary.classes, vocabulary.parents).answers(scores)
    return [
        None if found is None or label == NONE else found.name
        for found, label in zip(answers, labels, strict=True)
    ]
