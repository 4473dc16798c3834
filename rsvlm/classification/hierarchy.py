"""Hierarchies of classes: a coarse answer where the fine one is unsure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import ClassificationError
from .scores import Float64s, Floats, Mask, as_rows

CONFIDENCE = 0.7
"""Probability that an answer needs, if nothing else is asked for.

Measured with calibrated scores on the half of WHU-RS19 that was not fitted on, its 19 classes in 4 wider ones: 93 % of
the images get a fine answer, 4 % a coarse one, 3 % none, and 2.1 % of the answers are wrong instead of 4.2 %
(RemoteCLIP); 88, 8 and 4 %, 4.8 % wrong instead of 9.4 % (SkyCLIP-50). At 0.5 hardly an answer changes.
"""


class HasParent(Protocol):
    """A class of a vocabulary, as far as its place in the hierarchy goes."""

    @property
    def name(self) -> str:
        """The data set's own name."""

    @property
    def parent(self) -> str | None:
        """Name of the class one level up, among the vocabulary's `parents`; None at the top."""


class Answer(NamedTuple):
    """What can be said of an image.

    Attributes:
        name: Of a class, or of one that holds it.
        level: 1 is the widest.
        score: Its probability: the sum over the classes in it.
        fine: Whether it is one of the vocabulary's classes, so that nothing was given up.
    """

    name: str
    level: int
    score: float
    fine: bool


@dataclass(frozen=True)
class Hierarchy:
    """The classes of a vocabulary and the wider ones that hold them, of any number of levels; also a flat list.

    Attributes:
        names: Of the c classes, in their order, then of the wider ones. A class and a wider one may share a name
            (CORINE's Pastures).
        levels: For each name its level, 1 is the widest. Branches may differ in depth.
        holds: bool (c, names): whether the class is, or lies in, the named one.
    """

    names: tuple[str, ...]
    levels: NDArray[np.int64]
    holds: Mask

    @classmethod
    def of(cls, classes: Sequence[HasParent], parents: Sequence[HasParent] = ()) -> "Hierarchy":
        """Return the hierarchy of a vocabulary's `classes` and `parents`.

        Raises:
            ClassificationError: There is no class, two parents share a name, one is not there, or they form a ring.
        """
        if not classes:
            raise ClassificationError("a hierarchy without classes; give at least one")
        wider = {node.name: node for node in parents}
        if len(wider) != len(parents):
            twice = next(node.name for node in parents if [p.name for p in parents].count(node.name) > 1)
            raise ClassificationError(f"two parents are called {twice!r}; names of parents must differ")
        place = {name: len(classes) + index for index, name in enumerate(wider)}
        lines = [_line(node, wider) for node in (*classes, *parents)]
        holds = np.zeros((len(classes), len(lines)), bool)
        for index, line in enumerate(lines[: len(classes)]):
            holds[index, [index, *(place[name] for name in line)]] = True
        names = (*(node.name for node in classes), *wider)
        return cls(names, np.array([len(line) + 1 for line in lines], np.int64), holds)

    def probabilities(self, scores: Floats) -> Float64s:
        """Return the probability of every name: that of a wider class is the sum over the classes in it.

        Args:
            scores: (n, c), shares of belief that sum to 1 (single-label).

        Returns:
            float64 (n, names).

        Raises:
            ClassificationError: The scores are of another number of classes.
        """
        rows = as_rows(scores)
        if rows.shape[1] != len(self.holds):
            raise ClassificationError(
                f"scores of {rows.shape[1]} classes, but {len(self.holds)} have a hierarchy"
            )
        return np.asarray(rows @ self.holds.astype(np.float64))

    def answers(self, scores: Floats, confidence: float = CONFIDENCE) -> list[Answer | None]:
        """Return for each image the finest answer that its scores allow.

        It is the deepest class or wider class whose probability is `confidence` or more. Where that is a half or more,
        all that qualify lie in one line from the top, so that no two contradict each other (of two with exactly a
        half, the first counts).

        Args:
            scores: (n, c), shares of belief that sum to 1. Calibrated ones: with others, `confidence` is no
                probability.
            confidence: 0.5 to 1.

        Returns:
            n answers; None where not even the widest classes qualify, or the image failed (NaN).

        Raises:
            ClassificationError: The confidence is out of bounds.
        """
        if not 0.5 <= confidence <= 1:
            raise ClassificationError(
                f"confidence is {confidence}; give 0.5 to 1, since below a half answers could contradict each other"
            )
        chances = self.probabilities(scores)
        enough = chances >= confidence
        best = np.where(enough, self.levels, 0).argmax(axis=1)
        return [
            self._answer(int(index), chances[row, index]) if enough[row, index] else None
            for row, index in enumerate(best)
        ]

    def _answer(self, index: int, score: float) -> Answer:
        return Answer(self.names[index], int(self.levels[index]), float(score), index < len(self.holds))


def _line(node: HasParent, wider: Mapping[str, HasParent]) -> list[str]:
    """The names of all that holds a class, from the next to the top."""
    line: list[str] = []
    above = node.parent
    while above is not None:
        if above not in wider:
            known = ", ".join(list(wider)[:5]) or "none"
            raise ClassificationError(
                f"{(line or [node.name])[-1]!r} has the parent {above!r}, which is not there; parents are {known} ..."
            )
        if above in line:
            raise ClassificationError(
                f"the parents of {node.name!r} form a ring: {' > '.join([*line, above])}"
            )
        line.append(above)
        above = wider[above].parent
    return line
