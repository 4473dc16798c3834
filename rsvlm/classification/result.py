"""What classification answers: one row a chip, as arrays for programs and as a table for files."""

import operator
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rsvlm.datasets.labels import NONE
from rsvlm.imagery import Grid
from rsvlm.imagery.items import ChipRef

from .errors import ClassificationError
from .scores import top_k
from .showing import html_of, line_of

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


@dataclass(eq=False, repr=False)  # == of arrays is no answer
class ClassificationResult:
    """Answers for n chips over c classes, in the order in which the images were given.

    `result[0]` is a chip's row as a dict with the columns of `to_table`, and a loop over the result gives them all.

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
        top_k: How many classes a row lists.
        grids: Pixel grids of the image files that were read, by `ChipRef.image`; of rows of an index there are none.
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
    grids: dict[str, Grid] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> dict[str, Any]:
        """The row of one chip; its columns are those of `SCHEMA`, None where there is nothing.

        Raises:
            IndexError: There is no such chip.
        """
        place = range(len(self))[operator.index(row)]
        return self._row(place, self._top(self.top_k, slice(place, place + 1))[0])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows of all chips, in their order."""
        return (self._row(place, top) for place, top in enumerate(self.top()))

    def __repr__(self) -> str:
        return line_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def top(self, k: int | None = None) -> list[list[tuple[str, float]]]:
        """The k best classes of each chip with their scores, best first; empty where the chip failed."""
        return self._top(self.top_k if k is None else k, slice(None))

    def _top(self, k: int, some: slice) -> list[list[tuple[str, float]]]:
        best = top_k(self.scores[some], k)
        return [
            [] if error else [(self.names[column], float(score)) for column, score in zip(*row, strict=True)]
            for error, *row in zip(
                self.errors[some], best.indices.tolist(), best.scores.tolist(), strict=True
            )
        ]

    def to_table(self) -> pa.Table:
        """The rows as an Arrow table with the columns of `SCHEMA`."""
        return pa.Table.from_pylist(list(self), SCHEMA)

    def to_pandas(self) -> Any:
        """The rows as a table of pandas, with the columns of `SCHEMA`.

        Raises:
            ClassificationError: pandas is not installed.
        """
        if find_spec("pandas") is None:
            raise ClassificationError(
                "pandas is not installed: pip install pandas, or take to_table(), which needs none"
            )
        return self.to_table().to_pandas()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows to a .parquet, .csv or .geojson file, as `rsvlm classify --out` does.

        Raises:
            ClassificationError: The name ends in none of these, or is a folder's.
        """
        from .tables import write_predictions  # which needs the columns above

        write_predictions(self.to_table(), Path(path), grids=self.grids)

    def _row(self, row: int, top: list[tuple[str, float]]) -> dict[str, Any]:
        chip, label, error = self.chips[row], self.labels[row], self.errors[row]
        found = error is None
        values: dict[str, Any] = dict.fromkeys(SCHEMA.names)
        values |= {
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
