"""Files as text, and what names their content."""

import os
from pathlib import Path

from rsvlm.files import sha256_of

from .errors import DatasetError

CSV = (".csv", ".tsv")
"""How names of tables of text end."""


def read_utf8(path: str | os.PathLike[str]) -> str:
    """Text of a UTF-8 file, with or without a byte order mark.

    Raises:
        DatasetError: It is absent, unreadable or not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from None


def file_record(path: str | os.PathLike[str]) -> dict[str, str]:
    """Name and SHA-256 of a file, for the record of a result."""
    return {"name": Path(path).name, "sha256": sha256_of(path)}
