"""What a WebDataset's tar file may hold, looked at in its headers before any of it is read."""

import tarfile
from pathlib import Path

from rsvlm.pretraining.errors import PretrainingError

LARGEST = 256 * 2**20
"""Bytes of a member: an image, or what is said of it."""
_PICKLES = (".pth", ".pt", ".pkl", ".pickle", ".pyd", ".npy", ".npz")
"""Endings of what `datasets` would have unpickled, or made arrays of; none is an image, or a text."""


def check_tar(file: Path) -> None:
    """Refuse a tar file that would unpack to far more than it is, or of which a member would be unpickled.

    What is damaged is left to the reader, which says where.

    Raises:
        PretrainingError: It is compressed, or a member is sparse, too large, or a pickle.
    """
    with file.open("rb") as opened:
        begins = opened.read(6)
    if begins.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        raise PretrainingError(f"{file}: is compressed: unpack it to a plain .tar, as WebDataset has them")
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                _check(file, member)
                tar.members = []  # type: ignore[attr-defined] # else all headers of a large file stay in memory
    except (tarfile.TarError, EOFError):
        return


def _check(file: Path, member: tarfile.TarInfo) -> None:
    if member.issparse() or member.size > LARGEST:
        raise PretrainingError(
            f"{file}: {member.name} claims {member.size:,} bytes, more than an image or a text has: leave it out"
        )
    if member.name.lower().endswith(_PICKLES):
        raise PretrainingError(
            f"{file}: {member.name} is neither an image nor a text, and may hold a pickle: leave it out"
        )
