"""Whether the files of an index are what was written."""

from pathlib import Path

import pyarrow as pa

from .bm25 import verify_words
from .errors import RetrievalError
from .filerecords import record_of
from .manifest import CAPTIONS, NAME, FileRecord, Manifest, read_manifest
from .parts import FOLDER
from .rows import repeats
from .snapshot import TRIES, open_snapshot


def verify(folder: Path) -> list[str]:
    """Read all files of an index, its captions included, and compare them with what was written.

    Returns:
        What is wrong, a line each.

    Raises:
        RetrievalError: The manifest itself is damaged, or it is no index.
    """
    whole: set[tuple[Path, FileRecord]] = set()
    for tries in range(TRIES):
        manifest = read_manifest(folder)
        try:
            problems = _problems(folder, manifest, whole)
        except FileNotFoundError as error:  # between two looks at it
            problems = [f"{error.filename or error}: is missing"]
        if not problems or tries + 1 == TRIES or read_manifest(folder) == manifest:
            break  # else a writer put other files in the place of these
    captions = folder / CAPTIONS
    if (captions / NAME).exists():
        try:
            problems += verify(captions)
        except RetrievalError as error:
            if (captions / NAME).exists():
                problems.append(f"{error} (captions can be made again: remove {captions})")
    return problems


def _problems(folder: Path, manifest: Manifest, whole: set[tuple[Path, FileRecord]]) -> list[str]:
    """What is wrong with the files that a manifest names.

    Args:
        folder: Of the index.
        manifest: Of it.
        whole: Files that need not be read again, to which those are added that are as they were written.
    """
    problems = []
    for file, written in _files_of(folder, manifest):
        if (file, written) in whole:
            continue
        if not file.is_file() or file.is_symlink():
            problems.append(f"{file}: is missing")
        elif record_of(file) != written:
            problems.append(f"{file}: is damaged (it is not what was written)")
        else:
            whole.add((file, written))
    if not problems:
        try:
            snapshot = open_snapshot(folder)
            keys = snapshot.column("key").filter(pa.array(snapshot.live))
        except RetrievalError as error:
            problems.append(str(error))
        else:
            if repeats(keys):
                problems.append(f"{folder}: two rows have the same key")
    return problems + verify_words(folder, manifest)


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
