"""Data sets as their authors distribute them, read into one small form."""

from .karpathy import read_karpathy
from .multilabel import read_bigearthnet
from .pictures import ImageRef, open_picture
from .reading import read_eval_set
from .rsvqa import read_rsvqa, write_questions
from .sets import EvalSet
from .torchgeo_sets import from_torchgeo

__all__ = [
    "EvalSet",
    "ImageRef",
    "from_torchgeo",
    "open_picture",
    "read_bigearthnet",
    "read_eval_set",
    "read_karpathy",
    "read_rsvqa",
    "write_questions",
]
