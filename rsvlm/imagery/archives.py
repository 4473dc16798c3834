"""Zips from strangers: what is in them, and whether it is safe to read, before anything is unpacked."""

import struct
import zipfile
from pathlib import Path, PurePosixPath

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.metafiles import TEXT_LIMIT, reason

# A Sentinel-2 product has some 100 to 300 entries, 1.2 GB unpacked, and its images do not compress further.
_MOST_ENTRIES = 10_000
_MOST_BYTES = 16 * 2**30
_MOST_RATIO = 200
_SMALL = 2**20  # bytes: below, a high ratio does no harm (zeros deflate 1,000 times, metadata 20 times)
_DIRECTORY_LIMIT = 4 * 2**20

_END = struct.Struct("<4s4H2LH")  # end of central directory; PKWARE APPNOTE 4.3.16
_END64_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
_END64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14


def zip_names(path: Path) -> list[str]:
    """Names of a zip's entries; empty where it is no zip, or lists so much that it is none that we read.

    Only the list at its end is read, and not even that where it says that it is huge.
    """
    try:
        if _directory_size(path) > _DIRECTORY_LIMIT:
            return []
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return []


def check_zip(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by name, once nothing about them looks like an attack.

    Raises:
        ImageryError: It cannot be read, is encrypted, names files outside of itself or twice, or would unpack
            to something out of all proportion (a zip bomb).
    """
    try:
        if _directory_size(path) > _DIRECTORY_LIMIT:
            raise ImageryError(f"{path} lists more entries than any product has: refused")
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        if isinstance(error, ImageryError):
            raise
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise ImageryError(f"{path} cannot be read as a zip ({why}): download it again") from error
    if len(entries) > _MOST_ENTRIES:
        raise ImageryError(f"{path} has {len(entries):,} entries, more than {_MOST_ENTRIES:,}: refused")
    for entry in entries:
        _check_entry(path, entry)
    total = sum(entry.file_size for entry in entries)
    if total > _MOST_BYTES:
        raise ImageryError(f"{path} would unpack to {total:,} bytes, more than {_MOST_BYTES:,}: refused")
    files = {entry.filename: entry for entry in entries if not entry.is_dir()}
    if len(files) != sum(not entry.is_dir() for entry in entries):
        raise ImageryError(f"{path} has two entries of one name: refused")
    return files


def read_entry(path: Path, name: str) -> bytes:
    """The content of a small entry of a checked zip.

    Raises:
        ImageryError: It cannot be read, or is too large for a metadata file.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            data = file.read(TEXT_LIMIT + 1)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ImageryError(f"{path}: {name} cannot be read ({error}): download it again") from error
    if len(data) > TEXT_LIMIT:
        raise ImageryError(f"{path}: {name} is larger than {TEXT_LIMIT:,} bytes: refused")
    return data


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename  # as written: zipfile turns the system's own separator into /
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if entry.flag_bits & 0x1:
        raise ImageryError(f"{path} is encrypted: unpack it first")
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or "\\" in name:
        raise ImageryError(f"{path} has an entry that points outside of it ({name[:200]!r}): refused")
    if (entry.external_attr >> 28) == 0xA:  # upper half: the Unix mode; 0xA is a symbolic link
        raise ImageryError(f"{path} has an entry that is a link ({name[:200]!r}): refused")
    if entry.file_size > max(_SMALL, _MOST_RATIO * entry.compress_size):
        raise ImageryError(
            f"{path}: {name[:99]} unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes: refused"
        )


def _directory_size(path: Path) -> int:
    """Bytes of the list of entries as the end of the file states them: zipfile reads that much at once."""
    with path.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - _END.size - _END64_LOCATOR.size - 2**16))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or at + _END.size > len(tail):
            raise zipfile.BadZipFile("no list of entries at its end")
        size = int(_END.unpack_from(tail, at)[5])
        locator = at - _END64_LOCATOR.size
        if locator >= 0 and tail[locator:].startswith(b"PK\x06\x07"):
            file.seek(_END64_LOCATOR.unpack_from(tail, locator)[2])
            record = file.read(_END64.size)
            if len(record) == _END64.size and record.startswith(b"PK\x06\x06"):
                size = int(_END64.unpack(record)[8])
    return size
