"""Rows put into an index that there is, in place of older ones with their keys, and rows taken out of it."""

import posixpath
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
from .rows import COMPLETED, completed, is_storable, older_ones, unbounded
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
    names = {key: _names_of(key) for key in keys}
    with changing(folder) as change:
        now = open_snapshot(folder)
        listed = [name for some in names.values() for name in some]
        by_key, by_image = numbers_of(now, listed), _rows_by_image(now, listed)
        found, below, images = set(), set(), None
        for key, some in names.items():
            rows = {by_key[name] for name in some if name in by_key}
            rows = rows or {row for name in some for row in by_image.get(name, ())}
            if not rows:
                images = _live_images(now) if images is None else images
                inside = _images_below(images, some)
                if not inside:
                    raise RetrievalError(f"{folder}: has no row {key!r}; nothing was removed")
                below.update(inside)
            found |= rows
        if below:
            found |= _rows_of(now, pa.array(sorted(below), pa.large_string()))
        if found:
            change.remove(np.array(sorted(found), np.int64))
            change.commit()
    return len(found)


def _names_of(key: str) -> tuple[str, ...]:
    """What a key, an image or a folder that was named may be called in an index: nothing but what can be stored."""
    if not key:  # which would stand for where one is
        return ()
    names = dict.fromkeys((key, posixpath.normpath(key), absolute(key)))
    return tuple(name for name in names if is_storable(name))


def _images_below(images: Sequence[str], names: Sequence[str]) -> list[str]:
    """Images that lie in a folder or a data set, else those of a pattern. The folder need not be there any more.

    Square brackets are letters of a name as they stand. Where no image is called so, they are a choice of letters
    (`[ab]*.png`), and only in a part of the path that has `*` or `?`, too: "a[1].tif" never stands for "a1.tif".

    Args:
        images: Of the index.
        names: A folder, a data set or a pattern such as tiles/**/*.png, as it was given and from the root.
    """
    starts = tuple(name + sign for name in names for sign in "/#")
    if found := [image for image in images if image.startswith(starts)]:
        return found
    given = [name.split("/") for name in names if "*" in name or "?" in name]
    literal = [[_literal(part) for part in pattern] for pattern in given]
    choices = [
        [part if "*" in part or "?" in part else _literal(part) for part in pattern] for pattern in given
    ]
    for patterns in (literal, choices if choices != literal else []):
        found = [image for image in images if any(_is_of(image.split("/"), pattern) for pattern in patterns)]
        if found:
            return found
    return []


def _literal(part: str) -> str:
    """A part of a pattern in which brackets are letters."""
    return part.replace("[", "[[]")


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
    return [
        path
        for path in _live_images(snapshot)
        if path not in moved and PurePosixPath(path).name in names and not _is_there(path)
    ]


def _is_there(image: str) -> bool:
    """Whether an image's file is there, or the one behind "#" of which it is a row."""
    return Path(image).exists() or Path(image.rpartition("#")[0] or image).exists()


def _live_images(snapshot: Snapshot) -> list[str]:
    """Images of the rows that count."""
    images = unbounded(snapshot.column("image").filter(pa.array(snapshot.live)))
    found: list[str] = images.unique().drop_null().to_pylist()
    return found


def _rows_by_image(snapshot: Snapshot, images: Iterable[str]) -> dict[str, list[int]]:
    """Numbers of the rows that count, of each of these images of which there are some."""
    column, found = snapshot.column("image"), dict[str, list[int]]()
    wanted = pa.array(sorted(set(images)), pa.large_string())
    own = pc.is_in(unbounded(column), value_set=wanted).to_numpy() & snapshot.live
    for row, image in zip(
        np.flatnonzero(own).tolist(), column.filter(pa.array(own)).to_pylist(), strict=True
    ):
        found.setdefault(image, []).append(row)
    return found


def _rows_of(snapshot: Snapshot, images: pa.Array) -> set[int]:
    """Numbers of the rows that count and are of these images."""
    of_them = pc.is_in(unbounded(snapshot.column("image")), value_set=images).to_numpy(zero_copy_only=False)
    return set(np.flatnonzero(of_them & snapshot.live).tolist())
