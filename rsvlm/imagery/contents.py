"""Images that are copies of each other: the same bytes at the same place and time."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from rsvlm.imagery.scene import Scene

_HEAD = 2**16  # bytes that tell most images of one size apart
_CHUNK = 2**20
_ZIPPED = "/vsizip/{"


def same_contents(scenes: Sequence[Scene]) -> dict[int, int]:
    """Find copies: scenes with equal grids and times whose files have equal sizes and then equal SHA-256 digests.

    Files are read only as far as needed: most sets of images have no two of the same grid and size.

    Returns:
        Index of each copy -> index of the first scene with that content.
    """
    groups: list[list[int]] = [list(range(len(scenes)))]
    for key in (_sizes, _heads, _digests):
        groups = [group for old in groups for group in _grouped(old, scenes, key) if len(group) > 1]
    return {copy: group[0] for group in groups for copy in group[1:]}


def _grouped(
    indices: Iterable[int], scenes: Sequence[Scene], key: Callable[[Scene], Hashable | None]
) -> Iterable[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index in indices:
        try:
            groups.setdefault(key(scenes[index]), []).append(index)
        except (
            OSError,
            KeyError,
            zipfile.BadZipFile,
        ):  # gone by now: its reader will say so
            continue
    return groups.values()


def _sizes(scene: Scene) -> Hashable:
    return (scene.grid, scene.datetime, *(_size(path) for path in _paths(scene)))


def _heads(scene: Scene) -> Hashable:
    return tuple(_digest(path, _HEAD) for path in _paths(scene))


def _digests(scene: Scene) -> Hashable:
    return tuple(_digest(path, None) for path in _paths(scene))


def _paths(scene: Scene) -> list[str]:
    """The scene's files, in the order of its bands: file names do not count."""
    bands = (*scene.bands, *(band for band in (scene.mask, scene.quality) if band))
    return list(dict.fromkeys(band.path for band in bands))


def _size(path: str) -> int:
    if not path.startswith(_ZIPPED):
        return os.stat(path).st_size  # noqa: PTH116 - a Path for each file costs more
    archive, _, member = path.removeprefix(_ZIPPED).rpartition("}/")
    with zipfile.ZipFile(archive) as opened:
        return opened.getinfo(member).file_size


def _digest(path: str, limit: int | None) -> bytes:
    digest = hashlib.sha256()
    with _opened(path) as file:
        if limit is not None:
            digest.update(file.read(limit))
        else:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.digest()


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if not path.startswith(_ZIPPED):
        with open(path, "rb") as file:  # noqa: PTH123
            yield file
        return
    archive, _, member = path.removeprefix(_ZIPPED).rpartition("}/")
    with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
        yield file
