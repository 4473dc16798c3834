"""Vectors of images on the disk, and what is found among them."""

from .errors import RetrievalError
from .filters import Filter
from .hits import Hits
from .index import Index

__all__ = ["Filter", "Hits", "Index", "RetrievalError"]
