"""Labels to words: OpenStreetMap objects and land cover become checked captions and a pairs dataset.

Names load what they need when they are first used (PEP 562): the check, for one, needs no raster library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dataset import open_dataset as open_pairs
    from .errors import CaptioningError
    from .report import CaptionReport
    from .run import caption

_HOMES = {
    "CaptionReport": ("report", "CaptionReport"),
    "CaptioningError": ("errors", "CaptioningError"),
    "caption": ("run", "caption"),
    "open_pairs": ("dataset", "open_dataset"),
}

__all__ = ["CaptionReport", "CaptioningError", "caption", "open_pairs"]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rsvlm.captioning' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(f".{module}", __name__), attribute)
