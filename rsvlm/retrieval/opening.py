"""Indexes wherever they are: in a folder, or in Milvus."""

import os

from rsvlm.models import Encoder

from .index import Index
from .milvus import MilvusIndex
from .milvusaddress import is_address
from .searchable import PathLike

AnyIndex = Index | MilvusIndex


def open_index(place: PathLike, encoder: Encoder | PathLike | None = None) -> AnyIndex:
    """Open an index.

    Args:
        place: A folder, or the address of a collection of Milvus: `milvus+http://host:19530/name`.
        encoder: What made its vectors, where its name does not say where that is to be found.

    Raises:
        RetrievalError: There is no index, a damaged one, or one that another encoder made.
    """
    if is_address(place):
        return MilvusIndex(os.fspath(place), encoder)
    return Index(place, encoder)
