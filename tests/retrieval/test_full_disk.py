"""A disk that is full: told as that, once, and the same command goes on when there is room."""

import errno
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rsvlm.retrieval import Index, RetrievalError, changes, parts
from rsvlm.shards import ShardError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few pages, where the system lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or _run("mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", place) != 0:
        pytest.skip("a small disk is mounted by root on Linux only")
    yield place
    assert _run("umount", "--lazy", place) == 0  # a failed test may still have a file open


def _run(*command: Any) -> int:
    try:
        return subprocess.run(list(map(str, command)), check=False, capture_output=True).returncode
    except FileNotFoundError:
        return 127


class Pixels:
    """An encoder whose vectors are the pixels themselves."""

    name, revision, dimension, image_size = "pixels", "1", 192, 8

    def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
        return np.stack([np.asarray(one, np.float32).reshape(-1) + 1 for one in images])

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError


def images(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    return folder


def test_a_build_says_that_the_disk_is_full_and_goes_on(tmp_path: Path, small_disk: Path) -> None:
    tiles = images(tmp_path / "tiles", 60)
    with pytest.raises(ShardError, match=r"\.encoding: the disk is full; make room and run the same command"):
        Index.build([tiles], small_disk / "index", Pixels())
    assert _run("mount", "-o", "remount,size=4m", small_disk) == 0
    assert len(Index.build([tiles], small_disk / "index", Pixels())) == 60


def test_a_change_says_that_the_disk_is_full_and_leaves_the_index(small_disk: Path) -> None:
    index = Index.from_vectors(
        small_disk / "index", np.eye(4), [{"key": f"k{number}"} for number in range(4)], encoder="x"
    )
    with suppress(OSError):
        (small_disk / "other").write_bytes(bytes(2**20))
    with pytest.raises(
        RetrievalError, match="the disk is full; make room and run it again: the index is as it was"
    ):
        index.remove(["k1"])
    (small_disk / "other").unlink()
    assert index.remove(["k1"]) == 1


def full(*given: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("at", ["vectors", "rows", "removed"])
def test_a_half_written_part_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    folder = tmp_path / "index"
    index = Index.from_vectors(folder, np.eye(4), [{"key": f"k{number}"} for number in range(4)], encoder="x")
    before = sorted(folder.rglob("*"))

    def blocks() -> Iterator[Any]:
        yield np.eye(4)
        if at == "vectors":
            full()
        yield np.eye(4)

    if at != "vectors":  # "removed" is written when the part is whole
        module, name = (parts, "write_rows") if at == "rows" else (changes, "record_of")
        monkeypatch.setattr(module, name, full)
    rows = [{"key": f"n{number}"} for number in range(7)] + [{"key": "k0"}]
    with pytest.raises(RetrievalError, match="the disk is full; make room and run it again"):
        index.add_vectors(blocks(), rows)
    assert sorted(folder.rglob("*")) == before
    if at != "removed":
        with pytest.raises(RetrievalError, match="the disk is full"):
            Index.from_vectors(tmp_path / "new", blocks(), rows, encoder="x")
        assert [path.name for path in (tmp_path / "new").rglob("*") if path.is_file()] == [".lock"]
