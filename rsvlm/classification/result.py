"""What classification answers: one row a chip, as arrays for programs and as a table for files."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rsvlm.datasets.labels import NONE
from rsvlm.imagery.items import ChipRef

from .scores import top_k

Floats = NDArray[np.float32]
Label = str | list[str]

SCHEMA = pa.schema(
    [
        ("image", pa.string()),
        ("key", pa.string()),
        ("label", pa.string()),
        ("score", pa.float32()),
        ("calibrated", pa.bool_()),
        ("labels", pa.list_(pa.string())),
        ("coarse_label", pa.string()),
        ("none_score", pa.float32()),
        ("top_labels", pa.list_(pa.string())),
        ("top_scores", pa.list_(pa.float32())),
        ("x", pa.int32()),
        ("y", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("west", pa.float64()),
        ("south", pa.float64()),
        ("east", pa.float64()),
        ("north", pa.float64()),
        ("gsd", pa.float32()),
        ("datetime", pa.string()),
        ("error", pa.string()),
    ]
)
"""Columns of predictions; a row that failed has an `error` and nothing of what would be known from pixels."""


@dataclass
class ClassificationResult:
    """Answers for n chips over c classes, in the order in which the images were given.

    Attributes:
        names: The c class names.
        scores: float32 (n, c). Single-label: they sum to 1 in each row. Multi-label: each by itself, 0..1. NaN
            where the chip failed. Shares of belief only where `calibrated`; otherwise they rank.
        labels: For each chip the best class, or `NONE`; multi-label: the list of those found (it may be empty). None
            where the chip failed.
        errors: The reason of each chip that failed, else None.
        chips: Which chip each row speaks of.
        calibrated: Whether the scores were fitted on labelled images; see `ZeroShotClassifier.calibrate`.
        multi_label: Whether a chip may have several classes.
        none_scores: float32 (n,): how likely no class fits, 0..1; None without a calibration that knows.
        coarse: Hierarchical vocabularies: the answer at the level that the scores allow.
        record: All that decided the numbers: encoder, vocabulary, protocol, prompts, views, calibration.
    """

    names: tuple[str, ...]
    scores: Floats
    labels: list[Any]
    errors: list[str | None]
    chips: list[ChipRef]
    calibrated: bool = False
    multi_label: bool = False
    none_scores: Floats | None = None
    coarse: list[str | None] | None = None
    record: dict[str, Any] = field(default_factory=dict)
    top_k: int = 5

    def __len__(self) -> int:
        return len(self.labels)

    def top(self, k: int | None = None) -> list[list[tuple[str, float]]]:
        """The k best classes of each chip with their scores, best first; empty where the chip failed."""
        best = top_k(self.scores, self.top_k if k is None else k)
        return [
            [] if error else [(self.names[column], float(score)) for column, score in zip(*row, strict=True)]
            for error, *row in zip(self.errors, best.indices.tolist(), best.scores.tolist(), strict=True)
        ]

    def to_table(self) -> pa.Table:
        """The rows as an Arrow table with the columns of `SCHEMA`."""
        return pa.Table.from_pylist([self._row(row, top) for row, top in enumerate(self.top())], SCHEMA)

    def _row(self, row: int, top: list[tuple[str, float]]) -> dict[str, Any]:
        chip, label, error = self.chips[row], self.labels[row], self.errors[row]
        found = error is None
        values: dict[str, Any] = {
            "image": chip.image,
            "key": chip.key,
            "label": (None if self.multi_label else label) if found else None,
            "labels": label if found and self.multi_label else None,
            "score": top[0][1] if found and label != NONE and not self.multi_label else None,
            "calibrated": self.calibrated,
            "coarse_label": self.coarse[row] if found and self.coarse else None,
            "none_score": float(self.none_scores[row]) if found and self.none_scores is not None else None,
            "top_labels": [name for name, _ in top] if found else None,
            "top_scores": [score for _, score in top] if found else None,
            "gsd": chip.gsd,
            "datetime": chip.datetime,
            "error": error,
        }
        values |= dict(zip(("x", "y", "width", "height"), chip.window, strict=True))
        if chip.bbox is not None:
            values |= dict(zip(("west", "south", "east", "north"), chip.bbox, strict=True))
        return values
