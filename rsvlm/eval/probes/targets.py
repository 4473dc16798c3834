"""What a probe predicts: a class, several classes, or a number, as one matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.eval.classification_metrics import (
    average_precisions,
    classification_metrics,
    ranked_classes,
    regression_metrics,
)
from rsvlm.eval.errors import EvalError
from rsvlm.eval.measuring import Draws, hot, measure_classes, measure_labels, measure_numbers
from rsvlm.eval.result import EvalResult

Float64s = NDArray[np.float64]

ENOUGH = 0.5
"""A class is said of an item with several classes from this score on."""


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be predicted.

    Attributes:
        kind: "class": one of c classes. "classes": any number of them. "number".
        values: (n, c) of 0 and 1, or (n, 1).
        names: The c classes, or the name of the number.
    """

    kind: Literal["class", "classes", "number"]
    values: Float64s
    names: tuple[str, ...]

    @classmethod
    def of_classes(
        cls, places: Sequence[tuple[int, ...]], names: Sequence[str], *, multi_label: bool = False
    ) -> "Target":
        """Class numbers of each item; just one, unless `multi_label`."""
        if not multi_label and any(len(place) != 1 for place in places):
            raise EvalError("an item has not just one class; say multi_label")
        return cls(
            "classes" if multi_label else "class", hot(places, len(names)).astype(np.float64), tuple(names)
        )

    @classmethod
    def of_numbers(cls, values: ArrayLike, name: str = "value") -> "Target":
        """A finite number an item."""
        numbers = np.asarray(values, np.float64)
        if numbers.ndim != 1 or not np.isfinite(numbers).all():
            raise EvalError(
                f"{name}: targets must be finite numbers, one an item; leave out items without one"
            )
        return cls("number", numbers[:, None], (name,))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def classes(self) -> NDArray[np.int64]:
        """(n,): the class of each item of kind "class"."""
        return np.asarray(self.values.argmax(axis=1))

    def take(self, rows: Any) -> "Target":
        """Return that of some items."""
        return Target(self.kind, self.values[rows], self.names)

    def score(self, predicted: Float64s) -> float:
        """Return how good predictions (n, c) are, the higher the better: accuracy, mAP or R2; for choices only."""
        if self.kind == "class":
            ranked = ranked_classes(predicted)
            return classification_metrics(self.classes, ranked[:, 0], len(self.names))["accuracy"]
        if self.kind == "classes":
            occurs = self.values.any(axis=0)
            found = average_precisions(self.values[:, occurs], predicted[:, occurs])
            return float(found.mean()) if len(found) else 0.0
        return regression_metrics(self.values[:, 0], predicted[:, 0])["r2"]

    def measure(self, predicted: Float64s, draws: Draws) -> EvalResult:
        """Return the result of predictions (n, c); NaN where an item failed."""
        if self.kind == "class":
            return measure_classes("probe", predicted, predicted, self.classes, self.names, draws)
        if self.kind == "classes":
            gold = self.values > 0
            return measure_labels("probe", predicted, predicted, gold, predicted >= ENOUGH, self.names, draws)
        return measure_numbers("probe", predicted[:, 0], self.values[:, 0], draws)
