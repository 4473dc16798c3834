"""Continual pretraining with LoRA: pairs and an encoder become an adapter."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import PretrainingError

if TYPE_CHECKING:
    from .data import Augmentation
    from .data.specs import SourceSpec
    from .layers import LoraSettings
    from .report import PretrainReport
    from .run import pretrain
    from .settings import TrainingSettings

_HOMES = {
    "Augmentation": "data",
    "LoraSettings": "layers",
    "PretrainReport": "report",
    "SourceSpec": "data.specs",
    "TrainingSettings": "settings",
    "pretrain": "run",
}

__all__ = [
    "Augmentation",
    "LoraSettings",
    "PretrainReport",
    "PretrainingError",
    "SourceSpec",
    "TrainingSettings",
    "pretrain",
]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
