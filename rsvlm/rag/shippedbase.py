"""The base that comes with rsvlm: what scenes and land covers look like from above, with sources.

It is built for an encoder when it is first asked for, in the user's cache folder.
"""

import hashlib
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from rsvlm.folders import cache_folder
from rsvlm.models import Encoder
from rsvlm.retrieval import RetrievalError
from rsvlm.retrieval.building import Progress

from .base import KnowledgeBase
from .errors import RagError

NAME = "built-in"
_KEPT = 8
"""Hex digits of a name."""


def shipped_base(encoder: Encoder | None, *, progress: Progress | None = None) -> KnowledgeBase:
    """Open the base that ships, built for an encoder where it is not yet.

    Args:
        encoder: What pictures are encoded by; None: it is found by words only.
        progress: Called with chunks encoded and chunks to be encoded.
    """
    with as_file(files("rsvlm.rag") / "seen-from-above") as folder:
        place = cache_folder() / "knowledge" / _name(folder, encoder)
        try:
            return KnowledgeBase(place, encoder)
        except (RagError, RetrievalError):  # it is not there, or damaged
            shutil.rmtree(place, ignore_errors=True)
        return KnowledgeBase.build(folder, place, encoder, progress=progress)


def _name(folder: Path, encoder: Encoder | None) -> str:
    """A name that changes with the texts and with the encoder."""
    digest = hashlib.sha256(repr(None if encoder is None else (encoder.name, encoder.revision)).encode())
    for file in sorted(folder.glob("*.md")):
        digest.update(file.read_bytes())
    return f"{NAME}-{digest.hexdigest()[:_KEPT]}"
