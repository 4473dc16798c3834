"""Vectors of images and of texts on the disk, and what is found among them."""

from .areas import read_area
from .errors import RetrievalError
from .filters import Filter
from .hits import Hits
from .index import Index
from .kinds import KINDS, Plan, memory_of
from .page import write_page
from .sheet import write_contact_sheet
from .textindex import TextIndex
from .verifying import verify
from .writing import feature_collection, write_hits

__all__ = [
    "KINDS",
    "Filter",
    "Hits",
    "Index",
    "Plan",
    "RetrievalError",
    "TextIndex",
    "feature_collection",
    "memory_of",
    "read_area",
    "verify",
    "write_contact_sheet",
    "write_hits",
    "write_page",
]
