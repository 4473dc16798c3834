"""Parsed extracts on disk: Arrow files that any number of processes open without reading them."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import platformdirs
import pyarrow as pa

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm.table import SCHEMA, ObjectTable
from rsvlm.files import atomic_write, sha256_of
from rsvlm.imagery.grid import BBox

VERSION = 5
"""Rises with every change in what is kept of a file or how it is stored; older cache files are then made
anew."""

_META = b"rsvlm"


def default_cache() -> Path:
    """Return the folder for parsed extracts: `osm` in `$RSVLM_CACHE`, else in the user's cache folder."""
    folder = os.environ.get("RSVLM_CACHE")
    return (Path(folder) if folder else platformdirs.user_cache_path("rsvlm")) / "osm"


def cache_file(folder: Path, source: Path, extents: Sequence[BBox] | None, vocabulary: str) -> Path:
    """Return where a parsed extract belongs: named after all that it depends on.

    Args:
        folder: The cache.
        source: The file with the map objects; its content counts, not its name.
        extents: Boxes of the imagery, in any order; None is the whole Earth.
        vocabulary: Digest of the vocabulary.
    """
    key = hashlib.sha256()
    key.update(bytes.fromhex(sha256_of(source)))
    boxes = None if extents is None else sorted(set(map(tuple, extents)))
    key.update(json.dumps([VERSION, _kind(source), vocabulary, boxes]).encode())
    return folder / f"{key.hexdigest()}.arrow"


def open_cached(path: Path, *, check: bool = False) -> ObjectTable:
    """Open a cache file; it is mapped into memory, so that many processes share it.

    Args:
        path: The file.
        check: Whether to read all of it and look for damage inside.

    Raises:
        CaptioningError: It is no cache file of this version, or damaged.
    """
    try:
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
        if check:
            table.validate(full=True)
        told = json.loads((table.schema.metadata or {})[_META])
        sound = table.schema.equals(SCHEMA) and told["version"] == VERSION
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise CaptioningError(
            f"{path} is no parsed extract ({error}): delete it, and it is made again"
        ) from error
    if not sound:
        raise CaptioningError(
            f"{path} is a parsed extract of another version: delete it, and it is made again"
        )
    return ObjectTable(table, told["counts"], told["unknown"], told["source"], path)


def store(table: ObjectTable, path: Path) -> ObjectTable:
    """Write a table to its place in the cache, whole or not at all, and return it opened from there.

    Raises:
        CaptioningError: It cannot be written.
    """
    told = {"version": VERSION, "counts": table.counts, "unknown": table.unknown, "source": table.source}
    content = table.table.replace_schema_metadata({_META: json.dumps(told)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            atomic_write(path) as temporary,
            temporary.open("wb") as file,
            pa.ipc.new_file(file, content.schema) as writer,
        ):
            writer.write_table(content)
    except OSError as error:
        if isinstance(error, PermissionError) and path.exists():
            # Windows: another process has just put the same table there and opened it.
            return open_cached(path)
        raise CaptioningError(
            f"the cache {path.parent} cannot be written ({error}): name another in RSVLM_CACHE"
        ) from error
    return open_cached(path)


def _kind(source: Path) -> str:
    return "".join(source.suffixes[-2:]).lower()
