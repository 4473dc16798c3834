"""Folders of images without a table: captioned by a text beside each image, or by the folder that it lies in."""

from pathlib import Path

import datasets

from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.folders import images_below
from rsvlm.datasets.textfiles import read_utf8
from rsvlm.pretraining.errors import PretrainingError

SIDECAR = ".txt"
"""Ending of the text beside an image: `a.jpg` and `a.txt`; each line of it is a caption."""


def read_folder(folder: Path) -> datasets.Dataset:
    """Return the paths of the images below a folder, relative to it, with their captions, classes or both.

    A class is the folder directly below `folder`. Images that have no text beside them have no caption where others
    have one. Texts without a letter are none: detectors keep their boxes in such files.

    Args:
        folder: Where the images are.

    Raises:
        PretrainingError: There are no images with texts and no folders with images, or a text is not in UTF-8.
    """
    images = [path for path in images_below(folder) if not _is_hidden(path.relative_to(folder))]
    captions = [_captions(path.with_suffix(SIDECAR)) for path in images]
    relative = [path.relative_to(folder) for path in images]
    inside = [path for path in relative if len(path.parts) > 1]
    if any(captions):
        columns = {"image": [path.as_posix() for path in relative], "captions": captions}
    else:
        columns, relative = {"image": [path.as_posix() for path in inside]}, inside
    if not relative:
        raise PretrainingError(
            f"{folder}: holds no pairs: no .parquet, .tar, .csv, .tsv or .jsonl, no images with a {SIDECAR} beside "
            "each, and no folders with images"
        )
    if len(inside) == len(relative):
        columns["label"] = [path.parts[0] for path in relative]
    return datasets.Dataset.from_dict(columns)


def with_texts(images: list[Path]) -> list[Path]:
    """Return the images and the texts that lie beside them."""
    return [*images, *(text for image in images if (text := image.with_suffix(SIDECAR)).is_file())]


def _captions(file: Path) -> list[str]:
    """The lines of the text beside an image that say something."""
    if not file.is_file():
        return []
    try:
        lines = read_utf8(file).splitlines()
    except DatasetError as error:
        raise PretrainingError(str(error)) from None
    return [line.strip() for line in lines if any(letter.isalpha() for letter in line)]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
