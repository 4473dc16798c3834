"""The labels of whole images, read apart from how questions are made."""

import json
from collections.abc import Callable
from pathlib import Path

from rsvlm.datasets import read_eval_set
from rsvlm.datasets.textfiles import CSV
from rsvlm.eval.errors import EvalError
from rsvlm.vocabularies import vocabulary
from rsvlm.vocabularies.legends import phrase_of

from ..sources import Scenes

Table = dict[str, set[str]]
"""Key of an image -> its classes."""


def scene_labels(source: Scenes, key: str, table: Callable[[Scenes], Table]) -> set[str]:
    """Return the classes of an image by its key: of its json, its folder, or its row of a table.

    Args:
        source: What has the image.
        key: What the image is called there.
        table: What gives the table of a source; see `read_table`.

    Raises:
        EvalError: There is no such image.
    """
    patch = source.path / key / f"{Path(key).name}_labels_metadata.json"
    if patch.is_file():
        return set(json.loads(patch.read_text(encoding="utf-8"))["labels"])
    if not _has_table(source.path) and any((folder / key).is_file() for folder in _roots(source.path)):
        return {Path(key).parts[0]}
    labels = table(source).get(key)
    if labels is None:
        raise EvalError(f"{source.path}: has no image {key} any more")
    return labels


def scene_words(source: Scenes, name: str) -> str:
    """What a class is called in questions."""
    known = vocabulary(source.vocabulary).by_name(name) if source.vocabulary else None
    return known.words[0] if known else phrase_of(name)


def scene_family(source: Scenes, name: str) -> str:
    """The wider class of a class."""
    known = vocabulary(source.vocabulary).by_name(name) if source.vocabulary else None
    return (known.parent or known.name) if known else name


def _has_table(place: Path) -> bool:
    """Whether a table says the classes; folders of images beside it are none."""
    return place.is_file() or any(path.suffix.casefold() in (*CSV, ".parquet") for path in place.iterdir())


def _roots(folder: Path) -> list[Path]:
    """The folder of class folders: it itself, or that of a split in it."""
    return [folder, *(path for path in folder.iterdir() if path.is_dir())]


def read_table(source: Scenes) -> Table:
    """Return the classes of all images of a table."""
    found = read_eval_set(source.path, split=source.split)
    return {key: set(found.labels[row]) for row, key in enumerate(found.keys)} if found.labels else {}
