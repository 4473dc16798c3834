"""What may be uploaded: one picture or raster, by its content, of a size that many users can have at once."""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rsvlm.imagery import ImageryError
from rsvlm.imagery.guard import open_raster

from .errors import DemoError

_SUFFIXES = {
    b"II*\0": ".tif", b"MM\0*": ".tif", b"II+\0": ".tif", b"MM\0+": ".tif",
    b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg",
    b"\0\0\0\x0cjP  ": ".jp2", b"\xffO\xffQ": ".jp2",
}  # fmt: skip
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_NAME = 80
"""Characters of a file's name that are shown."""


@dataclass(frozen=True)
class Limits:
    """How much is taken.

    Attributes:
        upload: Bytes of a file.
        folder: Bytes of all files of all users together.
        pixels: Width times height of an image.
        values: Pixels times bands, of 16 bits; of 64 bits a quarter as many.
        question: Characters of a question.
        classes: Class names that a user may write.
        k: Pieces of evidence.
        hits: Images that a search shows.
    """

    upload: int = 50 * 2**20
    folder: int = 2 * 2**30
    pixels: int = 4096 * 4096
    values: int = 4096 * 4096 * 13
    question: int = 1000
    classes: int = 60
    k: int = 10
    hits: int = 24


def read_size(text: str) -> int:
    """Return bytes for "50MB", "1 GiB" or "4096".

    Raises:
        DemoError: It is no such size.
    """
    match = re.fullmatch(r"\s*(\d{1,12})\s*(?:([kmg]?)i?b?)\s*", text, re.IGNORECASE)
    if match is None or not int(match[1]):
        raise DemoError(f"size {text!r}: write a number with its unit, such as 50MB")
    return int(match[1]) * _UNITS[match[2].casefold()]


def store_upload(uploaded: Path, name: str, folder: Path, limits: Limits) -> Path:
    """Check a file that a user sent, and keep it under a name of ours, alone in a folder of its own.

    By that no reader is chosen by a user's name, finds a file beside it, or can tell the name.

    Args:
        uploaded: Where it lies now; it stays there.
        name: What the user called it.
        folder: Where all of them are kept.
        limits: How much is taken.

    Raises:
        DemoError: It is refused; the message is one line and names no path.
    """
    shown = short_name(name)
    try:
        suffix = _suffix(uploaded, shown, limits)
        kept = Path(tempfile.mkdtemp(dir=folder)) / f"image{suffix}"
        try:
            _link_or_copy(uploaded, kept)
            _check_size(kept, shown, limits)
        except BaseException:
            discard(kept)
            raise
    except OSError as error:
        raise DemoError(f"{shown} cannot be kept: {error.strerror or 'the upload is gone'}") from None
    return kept


def discard(kept: Path) -> None:
    """Delete what `store_upload` kept."""
    shutil.rmtree(kept.parent, ignore_errors=True)


def short_name(name: str) -> str:
    """The last part of a name, as long as can be shown."""
    last = re.split(r"[/\\]", name)[-1].strip() or "the file"
    return last if len(last) <= _NAME else f"{last[: _NAME // 2]}…{last[-_NAME // 2 :]}"


def megabytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 2**20:.3g} MB" if size >= 2**20 else f"{size:,} bytes"


def _suffix(uploaded: Path, shown: str, limits: Limits) -> str:
    """What a file is by its first bytes, as the end of a name."""
    size = uploaded.stat().st_size
    if size > limits.upload:
        raise DemoError(f"{shown} has {megabytes(size)}; at most {megabytes(limits.upload)} are taken")
    with uploaded.open("rb") as file:
        head = file.read(16)
    suffix = next((suffix for magic, suffix in _SUFFIXES.items() if head.startswith(magic)), None)
    if suffix is None:
        raise DemoError(
            f"{shown} is no GeoTIFF, PNG, JPEG or JPEG 2000 by its content: convert it to one of them"
        )
    return suffix


def _link_or_copy(uploaded: Path, kept: Path) -> None:
    try:
        os.link(uploaded, kept)
    except OSError:  # another file system, or one without links
        shutil.copyfile(uploaded, kept)


def _check_size(kept: Path, shown: str, limits: Limits) -> None:
    """Look at the header only: what it claims is what reading would take."""
    try:
        with open_raster(kept) as raster:
            width, height, bands = raster.width, raster.height, raster.count
            words = max((np.dtype(one).itemsize / 2 for one in raster.dtypes), default=1)
    except ImageryError as error:
        raise DemoError(str(error).replace(str(kept), shown)) from None
    if width * height > limits.pixels or width * height * bands * max(words, 1) > limits.values:
        many = f" in {bands} bands" if bands > 4 else ""
        many += f" of {16 * words:.0f} bits" if words > 1 else ""
        raise DemoError(
            f"{shown} has {width:,} x {height:,} pixels{many}; at most {limits.pixels:,} are taken: cut out a part"
        )
