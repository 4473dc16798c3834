"""Rows put into an index that there is, in place of older ones with their keys, and rows taken out of it."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .building import Encoded
from .changes import changing
from .chiprows import absolute
from .errors import RetrievalError
from .kinds import Plan
from .making import checked_plan
from .manifest import read_manifest
from .rows import COMPLETED, completed, older_ones, unbounded
from .snapshot import Snapshot, numbers_of, open_snapshot

_BLOCK = 8192
"""Rows that are held against older ones at once."""


def put_rows(
    folder: Path,
    encoded: Encoded,
    plan: Plan = Plan(),  # noqa: B008 - frozen
    *,
    whole_images: bool = False,
) -> None:
    """Add vectors and rows; a row whose key is there already takes the place of the older one.

    Labels that a row was given later stay with its key, unless the new row comes with labels.

    Args:
        folder: Of the index.
        encoded: What is added.
        plan: How it shall be searched.
        whole_images: Whether an image's rows are all that there shall be of it: older ones, cut in another way, go.

    Raises:
        RetrievalError: Another process is writing.
    """
    plan = checked_plan(plan, read_manifest(folder).encoder.dimension)
    with changing(folder) as change:
        now = open_snapshot(folder)
        keys = encoded.table["key"].to_pylist()
        before = numbers_of(now, keys)
        if keys:
            start = change.manifest.size
            table = _completed(encoded.table, now, before) if whole_images and before else encoded.table
            change.add(encoded.blocks(), table, plan)
            older = set(before.values())
            if whole_images:
                older |= _rows_of(now, unbounded(encoded.table["image"].drop_null()).unique())
            change.remove(
                np.concatenate([np.array(sorted(older), np.int64), start + older_ones(encoded.table)])
            )
            bare = pc.is_null(encoded.table["labels"]).to_pylist()
            places = {key: start + place for place, key in enumerate(keys) if bare[place]}
            to = {row: places[key] for key, row in before.items() if key in places}
            if now.labels and (kept := now.labels.moved(to)):
                change.label(kept)
            change.commit()


def _completed(table: pa.Table, now: Snapshot, before: Mapping[str, int]) -> pa.Table:
    """Images, each key completed in itself already, with what they do not say from the rows that there are.

    Some at a time: of an archive that is added again all would be in memory.
    """
    blocks = []
    for first in range(0, len(table), _BLOCK):
        block = table.slice(first, _BLOCK)
        older = [before[key] for key in block["key"].to_pylist() if key in before]
        rows = now.rows(older, COMPLETED).to_pylist()
        blocks.append(completed(block, {row["key"]: row for row in rows}))
    return pa.concat_tables(blocks)


def remove_rows(folder: Path, keys: Iterable[str]) -> int:
    """Remove rows by their keys, all of an image by its path, or all below a folder or of a pattern; return how many.

    Raises:
        RetrievalError: A key is not there (nothing is removed then), or another process is writing.
    """
    names = {key: tuple(dict.fromkeys((key, absolute(key)))) for key in keys}
    with changing(folder) as change:
        now = open_snapshot(folder)
        known = numbers_of(now, [name for both in names.values() for name in both])
        found: set[int] = set()
        for key, both in names.items():
            rows = (
                {known[name] for name in both if name in known}
                or _rows_of(now, pa.array(both, pa.large_string()))
                or _rows_below(now, both)
            )
            if not rows:
                raise RetrievalError(f"{folder}: has no row {key!r}; nothing was removed")
            found |= rows
        if found:
            change.remove(np.array(sorted(found), np.int64))
            change.commit()
    return len(found)


def _rows_below(snapshot: Snapshot, names: tuple[str, ...]) -> set[int]:
    """Numbers of the rows that count and whose images lie in a folder or a data set, or are those of a pattern.

    The folder need not be there any more.

    Args:
        snapshot: The index.
        names: A folder, a data set or a pattern such as tiles/**/*.png, as it was given and from the root.
    """
    images = unbounded(snapshot.column("image")).unique().drop_null().to_pylist()
    starts = tuple(name + sign for name in names for sign in "/#")
    patterns = [name.split("/") for name in names if any(sign in name for sign in "*?[")]
    below = [
        image
        for image in images
        if image.startswith(starts) or any(_is_of(image.split("/"), pattern) for pattern in patterns)
    ]
    return _rows_of(snapshot, pa.array(below, pa.large_string()))


def _is_of(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path are those of a pattern, in which ** stands for any number of folders."""
    if not pattern or not path:
        return not path and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _is_of(path, pattern[1:]) or _is_of(path[1:], pattern)
    return fnmatchcase(path[0], pattern[0]) and _is_of(path[1:], pattern[1:])


def left_behind(snapshot: Snapshot, added: Iterable[str]) -> list[str]:
    """Images of an index whose files are gone, and whose names images have that were added: a folder that was moved.

    Args:
        snapshot: The index.
        added: Paths of images.
    """
    moved = {path: PurePosixPath(path).name for path in added}
    names = set(moved.values())
    images = unbounded(snapshot.column("image").filter(pa.array(snapshot.live)))
    known = images.unique().drop_null().to_pylist()
    return [
        path
        for path in known
        if path not in moved and PurePosixPath(path).name in names and not _is_there(path)
    ]


def _is_there(image: str) -> bool:
    """Whether an image's file is there, or the one behind "#" of which it is a row."""
    return Path(image).exists() or Path(image.rpartition("#")[0] or image).exists()


def _rows_of(snapshot: Snapshot, images: pa.Array) -> set[int]:
    """Numbers of the rows that count and are of these images."""
    of_them = pc.is_in(unbounded(snapshot.column("image")), value_set=images).to_numpy(zero_copy_only=False)
    return set(np.flatnonzero(of_them & snapshot.live).tolist())
