"""Files that are there whole or not at all, and what tells one content from another."""

import errno
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no quota error of its own
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp", re.DOTALL)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file so that it is there whole or not at all.

    Yields the path of a temporary file in the same folder, to be written and closed. On leaving, it is
    flushed to the disk and takes the place of `path`; on an error it is removed and `path` stays as it was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # Windows keeps a file that is still open
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a renaming last through a power cut, where the system lets a folder be flushed."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems
            raise
    finally:
        os.close(handle)


def write_json(path: Path, value: Any, *, indent: int | None = None) -> None:
    """Write JSON in its one form (sorted keys, UTF-8, closing newline), atomically."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent)
    with atomic_write(path) as temporary:
        temporary.write_bytes(text.encode("utf-8") + b"\n")


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_leftovers(out: Path) -> None:
    """Remove the temporary files that a killed run left in `out` and the folders in it; links are not followed."""
    for folder in (out, *(path for path in out.iterdir() if path.is_dir() and not path.is_symlink())):
        for path in folder.glob(".*.tmp"):
            if is_temporary(path.name):
                path.unlink(missing_ok=True)


def is_temporary(name: str) -> bool:
    """Whether a file has a name that `atomic_write` gives."""
    return _TEMPORARY.fullmatch(name) is not None


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that nothing more can be written."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return True
        cause = cause.__cause__ or cause.__context__
    return False
