"""Vectors of images and of texts on the disk, and what is found among them."""

from .areas import read_area
from .copying import copy_index
from .errors import RetrievalError
from .filters import Filter
from .hits import Hits
from .index import Index
from .kinds import KINDS, Plan, memory_of
from .milvus import MilvusIndex
from .milvusaddress import folder_of, is_address
from .opening import AnyIndex, open_index
from .page import write_page
from .parts import is_index
from .sheet import write_contact_sheet
from .textindex import TextIndex
from .verifying import verify
from .writing import check_output, feature_collection, write_hits

__all__ = [
    "KINDS",
    "AnyIndex",
    "Filter",
    "Hits",
    "Index",
    "MilvusIndex",
    "Plan",
    "RetrievalError",
    "TextIndex",
    "check_output",
    "copy_index",
    "feature_collection",
    "folder_of",
    "is_address",
    "is_index",
    "memory_of",
    "open_index",
    "read_area",
    "verify",
    "write_contact_sheet",
    "write_hits",
    "write_page",
]
