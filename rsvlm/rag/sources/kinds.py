"""What a file or folder is, told from its beginning, else from its name."""

from pathlib import Path
from typing import Literal

from rsvlm.datasets.columns import IMAGE, column_of
from rsvlm.datasets.pairs import is_pairs_dataset

from ..errors import RagError
from ..record import PICTURES, TEXTS, WORDS, is_base
from .documents import HTML, MARKDOWN, PLAIN, is_html
from .images import is_index
from .osm import is_osm
from .rswk import is_rswk
from .shapes import SHAPES
from .tables import CSV, JSON, LINES

Kind = Literal["pairs dataset", "index", "images", "RSWK", "table", "map", "PDF", "document", "folder"]

DOCUMENTS = (*MARKDOWN, *HTML, *PLAIN, ".pdf")
TABLES = (*CSV, *LINES, *JSON, *SHAPES, ".parquet")

_FIRST = 2**16
"""Bytes of a file that are looked at."""


def kind_of(path: Path) -> Kind:
    """What a file or folder is.

    Raises:
        RagError: It is nothing that can be read.
    """
    if not path.is_dir():
        return _kind_of_file(path)
    if is_base(path) or (path.name in (TEXTS, PICTURES, WORDS) and is_base(path.parent)):
        raise RagError("is a knowledge base, or a part of one; name what that was made of")
    if is_pairs_dataset(path):
        return "pairs dataset"
    return "index" if is_index(path) else "folder"


def _kind_of_file(path: Path) -> Kind:
    start, ending = _start(path), path.suffix.lower()
    if is_osm(path):
        return "map"
    if b"%PDF-" in start[:1024] or ending == ".pdf":
        return "PDF"
    if start.startswith(b"PAR1") or ending == ".parquet":
        return "images" if _has_images(path) else "table"
    if is_html(start):
        return "document"
    if ending in JSON and is_rswk(start):
        return "RSWK"
    if ending in TABLES:
        return "table"
    if ending in DOCUMENTS:
        return "document"
    known = ", ".join((*DOCUMENTS, *TABLES, ".osm.pbf", ".osm"))
    raise RagError(f"is of no kind that can be read; there are {known}")


def _start(path: Path) -> bytes:
    if not path.is_file():
        raise RagError("is neither a file nor a folder")
    try:
        with path.open("rb") as file:
            return file.read(_FIRST)
    except OSError as error:
        raise RagError(f"cannot be read ({error.strerror or error})") from None


def _has_images(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return column_of(pq.read_schema(path).names, IMAGE) is not None
    except (pa.ArrowException, OSError, ValueError):
        return False  # what reads it says what is wrong
