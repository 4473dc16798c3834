"""Whether the files of an index are what was written."""

from pathlib import Path

from .manifest import FileRecord, Manifest, read_manifest
from .parts import FOLDER, TABLE, VECTORS, record_of
from .snapshot import open_snapshot


def verify(folder: Path) -> list[str]:
    """Read all files of an index and compare them with what was written; return what is wrong, a line each.

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
        keys = [
            key for key, live in zip(snapshot.column("key").to_pylist(), snapshot.live, strict=True) if live
        ]
        if len(set(keys)) != len(keys):
            problems.append(f"{folder}: two rows have the same key")
    return problems


def _files_of(folder: Path, manifest: Manifest) -> list[tuple[Path, FileRecord]]:
    """Files that a manifest names, and what it says of each."""
    found: list[tuple[Path, FileRecord]] = []
    for part in manifest.parts:
        place = folder / FOLDER / part.name
        found += [(place / VECTORS, part.vectors), (place / TABLE, part.table)]
    if manifest.labels:
        found.append((folder / manifest.labels.name, manifest.labels.file))
    if manifest.removed:
        found.append((folder / manifest.removed.name, manifest.removed.file))
    return found
