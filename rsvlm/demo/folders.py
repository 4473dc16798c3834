"""The folder of a demo's uploads: deleted when it stops, and by the next one where it was killed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "rsvlm-demo-"
_LOCK = "running.lock"


class UploadFolder:
    """A folder of this process alone, among the machine's temporary files.

    Attributes:
        path: Where it is.
        uploads: Where Gradio puts what comes in.
        images: Where it is kept once it was checked.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = FileLock(self.path / _LOCK)
        self._lock.acquire()
        self.uploads, self.images = self.path / "uploads", self.path / "images"
        self.uploads.mkdir()
        self.images.mkdir()

    def close(self) -> None:
        """Delete it with all that is in it."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Delete the folders of demos that were killed: nobody holds their locks."""
    for file in place.glob(f"{_PREFIX}*/{_LOCK}"):
        lock = FileLock(file)
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):  # it runs, or belongs to somebody else
            continue
        lock.release()
        shutil.rmtree(file.parent, ignore_errors=True)
