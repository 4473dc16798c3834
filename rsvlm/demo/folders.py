"""The folder of a demo's uploads: deleted when they are old, when it stops, and by the next one where it was killed."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "rsvlm-demo-"
_LOCK = "running.lock"
_LOOK, _AGE = 300, 3600
"""Seconds between looks for old uploads, and after which one is old."""


class UploadFolder:
    """A folder of this process alone, among the machine's temporary files.

    Attributes:
        path: Where it is.
        uploads: Where Gradio puts what comes in.
        images: Where it is kept once it was checked.
    """

    def __init__(self) -> None:
        _delete_left(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self.path / _LOCK)
        self._lock.acquire()
        self.uploads, self.images = self.path / "uploads", self.path / "images"
        self.uploads.mkdir()
        self.images.mkdir()
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_now_and_then, name="rsvlm-demo-sweep", daemon=True).start()

    def sweep(self) -> None:
        """Delete what came more than an hour ago.

        Gradio forgets sessions that it has no room for, and uploads that broke off, without a word: only the age of a
        file says that nobody wants it any more.
        """
        latest = time.time() - _AGE
        for place in (self.uploads, self.images):
            for one in place.iterdir():
                _delete(one, latest)

    def close(self) -> None:
        """Delete it with all that is in it."""
        self._closed.set()
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)

    def _sweep_now_and_then(self) -> None:
        while not self._closed.wait(_LOOK):
            try:
                self.sweep()
            except FileNotFoundError:  # it was closed meanwhile
                return


def _delete(one: Path, latest: float) -> None:
    """Delete a file, or a folder with what is in it, that was last changed before a time."""
    with suppress(OSError):  # it was deleted just now, or is being read; the next look finds what is left
        state = one.lstat()
        if state.st_mtime > latest:
            return
        if stat.S_ISDIR(state.st_mode):
            shutil.rmtree(one)
        else:
            one.unlink()


def _delete_left(place: Path) -> None:
    """Delete the folders of demos that were killed: nobody holds their locks."""
    for folder in place.glob(f"{_PREFIX}*"):
        if not _is_ours_alone(folder) or not (folder / _LOCK).is_file():
            continue
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):  # it runs
            continue
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours_alone(folder: Path) -> bool:
    """Whether nobody else can have put anything into a folder.

    All users of a machine write beside it, and locking opens a file, which some releases of filelock also empty: in
    somebody else's folder the lock could be a link to any file of ours.
    """
    try:
        state = folder.lstat()
    except OSError:  # it was deleted just now
        return False
    if not stat.S_ISDIR(state.st_mode):  # a link could lead anywhere
        return False
    return sys.platform == "win32" or (state.st_uid == os.geteuid() and not state.st_mode & 0o022)
