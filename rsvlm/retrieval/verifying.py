"""Whether the files of an index are what was written."""

from pathlib import Path

import pyarrow as pa

from .bm25 import verify_words
from .errors import RetrievalError
from .filerecords import record_of
from .manifest import CAPTIONS, NAME, FileRecord, Manifest, read_manifest
from .parts import FOLDER
from .rows import repeats
from .snapshot import open_snapshot


def verify(folder: Path) -> list[str]:
    """Read all files of an index, its captions included, and compare them with what was written.

    Returns:
        What is wrong, a line each.

    Raises:
        RetrievalError: The manifest itself is damaged, or it is no index.
    """
    manifest = read_manifest(folder)
    problems = []
    for file, written in _files_of(folder, manifest):
        if not file.is_file() or file.is_symlink():
            problems.append(f"{file}: is missing")
        elif record_of(file) != written:
            problems.append(f"{file}: is damaged (it is not what was written)")
    if not problems:
        snapshot = open_snapshot(folder)
        keys = snapshot.column("key").filter(pa.array(snapshot.live))
        if repeats(keys):
            problems.append(f"{folder}: two rows have the same key")
    problems += verify_words(folder, manifest)
    captions = folder / CAPTIONS
    if (captions / NAME).exists():
        try:
            problems += verify(captions)
        except RetrievalError as error:
            problems.append(f"{error} (captions can be made again: remove {captions})")
    return problems


def _files_of(folder: Path, manifest: Manifest) -> list[tuple[Path, FileRecord]]:
    """Files that a manifest names, and what it says of each."""
    found: list[tuple[Path, FileRecord]] = []
    for part in manifest.parts:
        found += [(folder / FOLDER / part.name / name, file) for name, file in part.files.items()]
    if manifest.labels:
        found.append((folder / manifest.labels.name, manifest.labels.file))
    if manifest.removed:
        found.append((folder / manifest.removed.name, manifest.removed.file))
    return found
