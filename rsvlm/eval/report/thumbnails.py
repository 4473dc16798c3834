"""Small pictures of items, where their images can be had."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.imagery import ChipReader
from rsvlm.models.pictures import rgb_picture

from ..result import EvalResult

Images = Callable[[EvalResult, Mapping[str, Any]], ImageRef | None]
"""Gives the image of an item, or None."""

SIDE = 168
COLUMNS = ("image", "path", "file", "key")
_WORDS = 1024
"""Letters of the longest path."""


class ReportThumbnails:
    """Makes thumbnails of items: from `images`, else from what their row holds: bytes, or a path that exists.

    Args:
        images: As of `write_report`.
        folders: By `id` of a result, the folder that it was read from; paths may be relative to it.
    """

    def __init__(self, images: Images | None, folders: Mapping[int, Path] | None = None) -> None:
        self._images, self._folders = images, folders or {}

    def of(self, result: EvalResult, row: Mapping[str, Any]) -> bytes | None:
        """A small JPEG; None where there is no image, or none that can be opened."""
        try:
            found = self._images(result, row) if self._images is not None else None
            found = _in_row(row, self._folders.get(id(result))) if found is None else found
            return None if found is None else _small(found)
        except Exception:  # whatever a file does, the page is written without it
            return None


def _in_row(row: Mapping[str, Any], folder: Path | None) -> ImageRef | None:
    for name in COLUMNS:
        value = row.get(name)
        if isinstance(value, Mapping):  # as `datasets` stores images
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes):
            return value
        if isinstance(value, str) and 0 < len(value) < _WORDS and "\0" not in value:
            for path in [Path(value), *([folder / value] if folder else [])]:
                if path.is_file():
                    return str(path)
    return None


def _small(image: ImageRef) -> bytes:
    with ChipReader() as reader:
        content = open_picture(image, reader)
    picture = rgb_picture(content)
    way = Image.Resampling.LANCZOS
    scale = SIDE / max(picture.size)
    if scale >= 2:  # chips of few pixels are shown with their pixels
        way, scale = Image.Resampling.NEAREST, int(scale)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    file = io.BytesIO()
    picture.resize(size, way).save(file, "JPEG", quality=82)
    return file.getvalue()
