"""The pictures that evidence is about, found again where the base's sources keep them."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image as PillowImage

from rsvlm.captioning import CaptioningError
from rsvlm.datasets import DatasetError
from rsvlm.datasets.pairs import is_pairs_dataset, read_pairs
from rsvlm.datasets.parquet_files import StoredImage
from rsvlm.rag import Chunk
from rsvlm.retrieval import RetrievalError
from rsvlm.retrieval.manifest import NAME as MANIFEST
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot
from rsvlm.retrieval.thumbnails import Thumbnails

_SOURCES = 16
"""Sources whose lists of pictures are kept."""


def evidence_picture(chunk: Chunk, thumbnails: Thumbnails) -> PillowImage.Image | None:
    """Return a small picture of what a chunk is about; None where there is none, or it cannot be opened.

    Args:
        chunk: What was found.
        thumbnails: What reads pictures.
    """
    if chunk.image is None:
        return None
    try:
        return thumbnails.picture(_row(chunk.image, Path(chunk.source)))
    except (CaptioningError, DatasetError, RetrievalError, OSError):  # the source is there no more
        return None


def _row(image: str, source: Path) -> Mapping[str, Any]:
    """Where a picture is, as thumbnails take it."""
    place, _, key = image.rpartition("#")
    where = image
    if place and is_pairs_dataset(Path(place)):
        where = _pairs(place).get(key, image)
    elif (source / MANIFEST).exists():
        keys = _index(str(source))
        number = pc.index(keys.column("key"), pa.scalar(image)).as_py()
        if number >= 0:
            row: Mapping[str, Any] = keys.rows([number]).to_pylist()[0]
            return row
    return {"image": where, "opening": None, "window": None}


@lru_cache(maxsize=_SOURCES)
def _pairs(folder: str) -> dict[str, str]:
    """The file and row of each picture of a pairs dataset."""
    data = read_pairs(Path(folder))
    return {
        key: f"{image.file}#{image.row}"
        for key, image in zip(data.keys, data.images, strict=True)
        if isinstance(image, StoredImage)
    }


@lru_cache(maxsize=_SOURCES)
def _index(folder: str) -> Snapshot:
    return open_snapshot(Path(folder))
