"""Files as they were written: their sizes and hashes."""

from pathlib import Path

from rsvlm.files import sha256_of

from .errors import RetrievalError
from .manifest import FileRecord


def check_size(file: Path, written: FileRecord) -> None:
    """Refuse a file that was cut off or has grown.

    Raises:
        FileNotFoundError: It is not there.
        RetrievalError: It has another size.
    """
    if file.is_symlink() or not file.exists():
        raise FileNotFoundError(file)
    size = file.stat().st_size
    if size != written.bytes:
        raise RetrievalError(
            f"{file}: has {size} bytes, {written.bytes} were written: restore it, or build anew"
        )


def record_of(file: Path) -> FileRecord:
    """Size and hash of a file."""
    return FileRecord(bytes=file.stat().st_size, sha256=sha256_of(file))
