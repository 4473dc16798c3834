"""Sets of images with labels, captions, places and times, as their authors distribute them, in one small form."""

from .errors import DatasetError
from .karpathy import read_karpathy
from .multilabel import read_bigearthnet
from .pictures import ImageRef, open_picture
from .reading import read_eval_set
from .sets import EvalSet
from .torchgeo_sets import from_torchgeo

__all__ = [
    "DatasetError",
    "EvalSet",
    "ImageRef",
    "from_torchgeo",
    "open_picture",
    "read_bigearthnet",
    "read_eval_set",
    "read_karpathy",
]
