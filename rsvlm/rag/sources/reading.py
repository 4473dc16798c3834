"""One way in for whatever the user names as a source of knowledge."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from rsvlm.captioning.dataset import PairsDataset
from rsvlm.files import sha256_of
from rsvlm.retrieval import Index

from ..chunk import Chunk
from ..errors import RagError
from .conversations import is_conversation, read_conversations
from .documents import read_document, read_pages
from .folders import found_in, inside
from .images import manifest_digest, read_images, read_index
from .jsonrows import read_json
from .kinds import Kind, kind_of
from .osm import read_osm
from .picturepaths import Pictures
from .rows import chunks_of_rows
from .rswk import read_rswk
from .shapes import BESIDE
from .source import NO_TEXT, Note, Source
from .tables import read_rows
from .text import cleaned

Place = str | os.PathLike[str] | PairsDataset | Index

_READERS: dict[Kind, Callable[[Path, Note], Iterator[Chunk]]] = {
    "index": read_index, "map": read_osm, "PDF": read_pages, "document": read_document,
}  # fmt: skip


def read_source(place: Place, *, licence: str | None = None) -> Source:
    """Open a source of knowledge; the table of `rsvlm.rag.sources` says what there is.

    Args:
        place: A file, a folder, or an open pairs dataset or index.
        licence: Of what does not say its own.

    Raises:
        RagError: There is no such file, or none of a kind that can be read.
    """
    given = place.folder if isinstance(place, PairsDataset | Index) else place
    path = Path(os.path.abspath(os.fspath(given)))  # noqa: PTH100 - resolve() would follow links
    try:
        str(path).encode("utf-8")
        if not path.exists():
            raise RagError(f"{path}: there is no such file or folder")
        kind = kind_of(path)
    except UnicodeEncodeError:
        raise RagError(f"{os.fspath(given)!r}: a path that is no UTF-8 cannot be cited; rename it") from None
    except RagError as error:
        raise RagError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None
    return Source(
        path.as_posix(), kind, licence, partial(_read, path, path.parent, kind),
        partial(_content, path, kind),
    )  # fmt: skip


def _read(path: Path, within: Path, kind: Kind, note: Note) -> Iterator[Chunk]:
    """The chunks of a file or folder, with pictures that lie within a folder only."""
    if kind == "folder":
        return _read_folder(path, note)
    if kind == "RSWK":
        return read_rswk(_entries(path), note, path.parent)
    pictures = Pictures(path.parent, within, note)
    if kind == "table":
        return _read_table(path, note, pictures)
    if kind in ("pairs dataset", "images"):
        return read_images(path, note, pictures)
    return _READERS[kind](path, note)


def _read_table(path: Path, note: Note, pictures: Pictures) -> Iterator[Chunk]:
    rows = read_rows(path, note)
    first = next(rows, {})
    rows = chain([first], rows)
    if is_conversation(first):
        yield from read_conversations(rows, note, pictures)
    else:
        yield from chunks_of_rows(rows, note, pictures)


def _read_folder(folder: Path, note: Note) -> Iterator[Chunk]:
    """The chunks of all in a folder; those of RSWK's files, which belong together, as of one."""
    landmarks: list[Path] = []
    for path in found_in(folder, note):
        name = inside(path, folder)
        try:
            kind = kind_of(path)
            if kind == "RSWK":
                landmarks.append(path)
                continue
            has_text = False
            for chunk in _read(path, folder, kind, partial(_note_in, note, name)):
                has_text = has_text or bool(cleaned(chunk.text))
                yield replace(chunk, where=f"{name}, {chunk.where}")
            if not has_text:
                note(name, NO_TEXT)
        except (RagError, OSError) as error:
            note(name, str(error).removeprefix(f"{path}: "))
    yield from read_rswk(_all_entries(landmarks, folder, note), note, folder)


def _entries(path: Path, name: str = "") -> Iterator[tuple[str, Any]]:
    """The entries of a file of RSWK, and where they are in it."""
    for number, item in enumerate(read_json(path).records, 1):
        yield f"{name}entry {number}", item


def _all_entries(files: list[Path], folder: Path, note: Note) -> Iterator[tuple[str, Any]]:
    for path in files:
        name = inside(path, folder)
        try:
            yield from _entries(path, f"{name}, ")
        except RagError as error:
            note(name, str(error))


def _note_in(note: Note, name: str, where: str, reason: str) -> None:
    note(f"{name}, {where}" if where else name, reason)


def _content(path: Path, kind: Kind) -> str:
    """What changes when the content does."""
    if kind in ("pairs dataset", "index"):
        return manifest_digest(path)
    if kind != "folder":
        parts = [path]
        if path.suffix.lower() == ".shp":
            parts += [one for end in BESIDE if (one := path.with_suffix(end)).is_file()]
        return "".join(map(sha256_of, parts))
    digest = hashlib.sha256()
    for one in found_in(path, lambda *_: None):
        try:
            told = inside(one, path), _content(one, kind_of(one))
        except (RagError, OSError):
            continue  # gives no chunks either
        digest.update(repr(told).encode())
    return digest.hexdigest()
