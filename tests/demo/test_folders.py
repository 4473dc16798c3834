"""The folder of uploads: what is deleted, when, and what must never be touched."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from rsvlm.demo import folders
from rsvlm.demo.folders import UploadFolder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are."""
    found = tmp_path / "temporary"
    found.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


@pytest.fixture
def folder(place: Path) -> Iterator[UploadFolder]:
    made = UploadFolder()
    yield made
    made.close()


def came(path: Path, hours: float) -> Path:
    """A file of an upload, alone in its folder, that came some hours ago."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    for one in (path, path.parent):
        os.utime(one, (time.time() - 3600 * hours,) * 2)
    return path


def test_what_is_older_than_an_hour_is_deleted(folder: UploadFolder) -> None:
    old = [came(place / "a" / "image.png", 1.01) for place in (folder.images, folder.uploads)]
    new = [came(place / "b" / "image.png", 0.9) for place in (folder.images, folder.uploads)]
    broken_off = folder.uploads / "tmpabc"  # Gradio writes an upload there until all of it came
    broken_off.write_bytes(b"x")
    os.utime(broken_off, (0, 0))
    folder.sweep()
    assert [one.exists() for one in new] == [True, True]
    assert [one for one in (*old, broken_off, old[0].parent) if one.exists()] == []


def test_it_is_looked_after_while_the_demo_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_LOOK", 0.01)
    folder = UploadFolder()
    try:
        left = came(folder.images / "a" / "image.png", 2)
        end = time.monotonic() + 20
        while left.parent.exists():
            assert time.monotonic() < end, "nobody deleted it"
            time.sleep(0.01)
    finally:
        folder.close()
    assert list(place.iterdir()) == []


def left_over(place: Path, mode: int = 0o700) -> Path:
    """The folder of a demo that was killed."""
    made = place / "rsvlm-demo-left"
    made.mkdir()
    made.chmod(mode)
    (made / "running.lock").touch()
    return made


def test_what_a_killed_demo_left_is_deleted(place: Path) -> None:
    left = left_over(place)
    UploadFolder().close()
    assert not left.exists()


def test_what_a_demo_that_runs_needs_is_kept(place: Path) -> None:
    left = left_over(place)
    with FileLock(left / "running.lock"):
        UploadFolder().close()
    assert left.exists()


@pytest.mark.skipif(os.name == "nt", reason="there every user has a temporary folder of their own")
@pytest.mark.parametrize("whose", ["somebody else's", "everybody's", "a link"])
def test_what_others_may_have_put_there_is_not_opened(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    victim = tmp_path / "precious"
    victim.write_text("kept", encoding="utf-8")
    left = left_over(tmp_path if whose == "a link" else place, 0o777 if whose == "everybody's" else 0o700)
    (left / "running.lock").unlink()
    (left / "running.lock").symlink_to(victim)
    if whose == "a link":
        (place / "rsvlm-demo-link").symlink_to(left)
    if whose == "somebody else's":
        monkeypatch.setattr(os, "geteuid", lambda: left.stat().st_uid + 1)
    locked: list[Path] = []

    def lock(file: Path) -> FileLock:
        locked.append(file)
        return FileLock(file)

    monkeypatch.setattr(folders, "FileLock", lock)
    folder = UploadFolder()
    folder.close()
    assert locked == [folder.path / "running.lock"]  # to lock a file is to open it
    assert left.exists()
    assert victim.read_text(encoding="utf-8") == "kept"
