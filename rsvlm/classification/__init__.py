"""Encoder and class names to labels, scores and maps."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rsvlm.datasets.labels import NONE

    from .calibrated import Calibration
    from .chips import ChipOptions, ChipRef
    from .classifier import ZeroShotClassifier
    from .drawings import Pictures
    from .errors import ClassificationError
    from .labelled import LabelledImages, read_labelled
    from .result import ClassificationResult
    from .run import ClassifyReport, classify_files

_HOMES = {
    "Calibration": "calibrated",
    "ChipOptions": "chips",
    "ChipRef": "chips",
    "ClassificationError": "errors",
    "ClassificationResult": "result",
    "ClassifyReport": "run",
    "LabelledImages": "labelled",
    "NONE": "result",
    "Pictures": "drawings",
    "ZeroShotClassifier": "classifier",
    "classify_files": "run",
    "read_labelled": "labelled",
}

__all__ = [
    "NONE",
    "Calibration",
    "ChipOptions",
    "ChipRef",
    "ClassificationError",
    "ClassificationResult",
    "ClassifyReport",
    "LabelledImages",
    "Pictures",
    "ZeroShotClassifier",
    "classify_files",
    "read_labelled",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the arithmetic alone needs no encoder."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
