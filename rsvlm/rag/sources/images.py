"""Images with captions and labels: of pairs datasets, indexes and parquet files."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.english import joined
from rsvlm.datasets import DatasetError
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Index, RetrievalError
from rsvlm.retrieval.sources import Sources
from rsvlm.vocabularies.class_names import vocabulary_from_classes

from ..chunk import Chunk
from ..errors import RagError
from .documents import BLANK
from .nothing import is_empty
from .picturepaths import Pictures
from .source import Note
from .splitting import split


def read_images(place: Path, note: Note, pictures: Pictures) -> Iterator[Chunk]:
    """The captions of a pairs dataset, or of a parquet file with images.

    Args:
        place: The folder or file.
        note: Takes rows that say nothing.
        pictures: Where the pictures are that a file without images names.

    Raises:
        RagError: It cannot be read.
    """
    try:
        sources = Sources([place], ChipOptions(), None)
        rows = (entry.row for entry in sources.entries(0, len(sources)))
        yield from _chunks(rows, place.as_posix(), note, pictures)
    except (CaptioningError, DatasetError) as error:
        raise RagError(str(error)) from None


def read_index(folder: Path, note: Note) -> Iterator[Chunk]:
    """The captions, or labels, of the images of an index.

    Raises:
        RagError: It cannot be read.
    """
    try:
        rows = (row for table in Index(folder).tables() for row in table.to_pylist())
        yield from _chunks(rows, folder.as_posix(), note, None)
    except RetrievalError as error:
        raise RagError(str(error)) from None


def manifest_digest(folder: Path) -> str:
    """What identifies the content of a pairs dataset or an index: its manifest, which tells the rest."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def is_index(folder: Path) -> bool:
    """Whether a folder is an index, damaged or not."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "parts" in found and "encoder" in found


def _chunks(
    rows: Iterable[Mapping[str, Any]], name: str, note: Note, pictures: Pictures | None
) -> Iterator[Chunk]:
    for number, row in enumerate(rows):
        edges: Any = tuple(row.get(edge) for edge in ("west", "south", "east", "north"))
        labels = tuple(dict.fromkeys(one for one in row.get("labels") or () if not is_empty(one)))
        image = row["key"]
        if pictures is not None and not image.startswith(f"{name}#"):  # a path, and no picture that is in it
            image = pictures.path(image, f"row {number}")
        about = replace(
            BLANK,
            image=image,
            bbox=None if None in edges else edges,
            datetime=row.get("datetime"),
            labels=labels,
            licence=row.get("licence"),
            type="caption",
        )
        where = _where(row["key"], name)
        captions = [text for text in dict.fromkeys(row.get("captions") or ()) if not is_empty(text)]
        for count, caption in enumerate(captions, 1):
            for piece in split(caption):
                yield replace(about, where=f"{where}, caption {count}", text=piece)
        if labels and not captions:
            yield replace(about, where=f"{where}, labels", text=_told(labels))
        if not labels and not captions:
            note(f"row {number}", "has neither captions nor labels")


@lru_cache(maxsize=4096)
def _told(labels: tuple[str, ...]) -> str:
    """Labels in words: AnnualCrop as annual crop."""
    phrases = [one.words[0] for one in vocabulary_from_classes(labels).classes]
    return f"An image of {joined(phrases)}."


def _where(key: str, name: str) -> str:
    """An image in its source: a row of a parquet file, a key of a pairs dataset, or what an index calls it."""
    inside = key.removeprefix(f"{name}#")
    if inside != key and inside.isdecimal():
        return f"row {inside}"
    return inside.replace("#", ", ")
