"""What is asked: a question in anybody's words, read without a model."""

from .asked import KINDS, Asked, Box, HardWords, Kind, Option, Relation, Thing
from .classes import class_names
from .understanding import understand

__all__ = [
    "KINDS",
    "Asked",
    "Box",
    "HardWords",
    "Kind",
    "Option",
    "Relation",
    "Thing",
    "class_names",
    "understand",
]
