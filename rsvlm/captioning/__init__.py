"""Labels to words: OpenStreetMap objects and land cover become checked captions and a pairs dataset."""

from .dataset import open_dataset as open_pairs
from .errors import CaptioningError
from .report import CaptionReport
from .run import caption

__all__ = ["CaptionReport", "CaptioningError", "caption", "open_pairs"]
