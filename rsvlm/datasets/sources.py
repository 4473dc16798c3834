"""The record of the files that a data set was read from."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rsvlm.files import sha256_of

from .errors import DatasetError
from .textfiles import file_record


def records(paths: Iterable[Path]) -> tuple[dict[str, Any], ...]:
    """Return name and SHA-256 of each file.

    Raises:
        DatasetError: One cannot be read.
    """
    try:
        return tuple(dict(file_record(path)) for path in paths)
    except OSError as error:
        raise DatasetError(f"{error.filename}: cannot be read ({error.strerror})") from None


def folder_record(folder: Path, paths: Sequence[Path]) -> dict[str, Any]:
    """Return one record of many files in a folder: their number, and a SHA-256 over their names and contents.

    A file that cannot be read is there by its name alone.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            content = sha256_of(path)
        except OSError:
            content = ""
        digest.update(
            f"{path.relative_to(folder).as_posix()}\0{content}\n".encode("utf-8", "surrogateescape")
        )
    return {"name": folder.name, "files": len(paths), "sha256": digest.hexdigest()}
