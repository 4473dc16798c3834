"""A folder with a folder of images for each class."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rsvlm.imagery.discover import natural_order
from rsvlm.imagery.scan import IMAGE_SUFFIXES

from .errors import DatasetError
from .sets import EvalSet
from .sources import folder_record

_PICTURES = IMAGE_SUFFIXES | {".bmp", ".webp", ".gif"}
"""What is taken for an image of a class: also what must be converted first, which fails, and is counted. Other files
(lists, thumbnails' indices) are passed over."""


def read_class_folders(
    folder: Path, name: str, split: str | None = None, opening: Mapping[str, Any] | None = None
) -> EvalSet:
    """Read a folder whose folders are the classes; images lie anywhere below them.

    Args:
        folder: The folder of the classes.
        name: The data set's.
        split: Which split this is.
        opening: Options of `open_scene`.

    Raises:
        DatasetError: It holds no folder with images.
    """
    classes = class_names(folder)
    found = [(label, path) for label in classes for path in images_below(folder / label)]
    if not found:
        raise DatasetError(
            f"{folder}: holds no folder with images; give a folder that has one for each class"
        )
    return EvalSet(
        name=name,
        images=[str(path) for _, path in found],
        keys=tuple(path.relative_to(folder).as_posix() for _, path in found),
        labels=tuple((label,) for label, _ in found),
        split=split,
        classes=classes,
        opening=opening or {},
        sources=(folder_record(folder, [path for _, path in found]),),
    )


def class_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders that hold images, sorted; hidden ones are none."""
    below = sorted((path for path in folder.iterdir() if path.is_dir()), key=natural_order)
    return tuple(path.name for path in below if not path.name.startswith(".") and any(images_below(path)))


def images_below(folder: Path) -> list[Path]:
    """Return the images in a folder and all below it, sorted."""
    found = (path for path in folder.rglob("*") if path.suffix.casefold() in _PICTURES)
    return sorted((path for path in found if not path.name.startswith(".")), key=natural_order)
