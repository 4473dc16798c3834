"""Labelled images: class folders, a csv of paths and labels, or a parquet file with the images inside."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from rsvlm.datasets.labels import NONE
from rsvlm.imagery import find_scenes
from rsvlm.imagery.items import Picture
from rsvlm.vocabularies import Vocabulary

from .errors import ClassificationError

_PATH_COLUMNS = ("path", "filepath", "file", "filename", "image")
_LABEL_COLUMNS = ("label", "labels", "class")
_SEVERAL = ";"
"""Between the labels of one image, where it may have several."""


@dataclass(frozen=True)
class LabelledImages:
    """Images and what they show. `labels[i]` are the names that image i has; none of them is "none of these"."""

    images: list[str | Picture]
    labels: list[tuple[str, ...]]


def read_labelled(place: str | Path) -> LabelledImages:
    """Read labelled images.

    Args:
        place: A folder with a folder for each class; a .csv with columns `path` and `label` (paths relative to
            it; several labels with ";" between them); or a .parquet with columns `image` (bytes, as `datasets`
            writes them, or paths) and `label`.

    Raises:
        ClassificationError: It is none of these, or holds nothing.
    """
    path = Path(place)
    if path.is_dir():
        found = _class_folders(path)
    elif not path.exists():
        raise ClassificationError(f"{path}: there is no such file or folder of labelled images")
    elif path.suffix.lower() == ".csv":
        found = _csv(path)
    elif path.suffix.lower() == ".parquet":
        found = _parquet(path)
    else:
        raise ClassificationError(
            f"{path}: labelled images are a folder of class folders, a .csv (path,label) or a .parquet (image,label)"
        )
    if not found.images:
        raise ClassificationError(f"{path}: holds no labelled image")
    return found


def match_labels(labels: Sequence[Sequence[str]], vocabulary: Vocabulary) -> list[tuple[int, ...]]:
    """Class indices of labels, matched by name (case, space, `_` and camel case do not matter), never by position.

    Args:
        labels: For each image its names; none, or "none of these", is the empty tuple.
        vocabulary: The classes.

    Raises:
        ClassificationError: Names that no class has, all of them listed.
    """
    places = {entry.name: index for index, entry in enumerate(vocabulary.classes)}
    found: dict[str, int | None] = {}
    for name in {name for names in labels for name in names if name.strip().lower() != NONE}:
        entry = vocabulary.by_name(name)
        found[name] = places.get(entry.name) if entry else None
    unknown = sorted(name for name, index in found.items() if index is None)
    if unknown:
        raise ClassificationError(
            f"labels that {vocabulary.name} has no class for: {', '.join(unknown[:20])}"
            f"{' ...' if len(unknown) > 20 else ''}; its classes are {', '.join(vocabulary.names[:20])}"
        )
    return [
        tuple(sorted({index for name in names if (index := found.get(name)) is not None})) for names in labels
    ]


def indices(places: Sequence[tuple[int, ...]], *, multi_label: bool) -> list[int] | list[set[int]]:
    """Labels as `fit_calibration` takes them: an index an image, -1 for none of these; multi-label, sets of them.

    Raises:
        ClassificationError: An image with several classes where each may have one.
    """
    if multi_label:
        return [set(place) for place in places]
    several = next((row for row, place in enumerate(places) if len(place) > 1), None)
    if several is not None:
        raise ClassificationError(
            f"labelled image {several} has {len(places[several])} classes, but the classifier gives one: "
            "make it with multi_label=True"
        )
    return [place[0] if place else -1 for place in places]


def _class_folders(path: Path) -> LabelledImages:
    images: list[str | Picture] = []
    labels: list[tuple[str, ...]] = []
    for folder in sorted(
        entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    ):
        scenes, failures = find_scenes([folder])
        if failures:
            raise ClassificationError(f"{failures[0].path}: {failures[0].reason}")
        images += [scene.path for scene in scenes]
        labels += [(folder.name,)] * len(scenes)
    return LabelledImages(images, labels)


def _csv(path: Path) -> LabelledImages:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClassificationError(
            f"{path}: is not UTF-8 text ({error.reason} at byte {error.start})"
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    image, label = _columns(path, reader.fieldnames or [])
    images: list[str | Picture] = []
    labels: list[tuple[str, ...]] = []
    for line, row in enumerate(reader, start=2):
        if not row[image] or row[label] is None:
            raise ClassificationError(f"{path}: line {line} lacks its {image if not row[image] else label}")
        images.append(str(path.parent / row[image]))
        labels.append(_names(row[label]))
    return LabelledImages(images, labels)


def _parquet(path: Path) -> LabelledImages:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ClassificationError(f"{path}: is not a parquet file that can be read ({error})") from None
    image, label = _columns(path, table.column_names)
    images = [_decode(value, path, row) for row, value in enumerate(table[image].to_pylist())]
    return LabelledImages(images, [_names(value) for value in table[label].to_pylist()])


def _columns(path: Path, names: Sequence[str]) -> tuple[str, str]:
    image = next((name for name in _PATH_COLUMNS if name in names), None)
    label = next((name for name in _LABEL_COLUMNS if name in names), None)
    if image is None or label is None:
        raise ClassificationError(
            f"{path}: needs columns `path` (or `image`) and `label`; it has {', '.join(names) or 'none'}"
        )
    return image, label


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = value if isinstance(value, list | tuple) else str(value).split(_SEVERAL)
    return tuple(name for part in parts if (name := str(part).strip()) and name.lower() != NONE)


def _decode(value: Any, path: Path, row: int) -> str | Picture:
    """A picture of the bytes that `datasets` stores, or a path beside the file."""
    if isinstance(value, str):
        return str(path.parent / value)
    content = value.get("bytes") if isinstance(value, dict) else value
    if not isinstance(content, bytes):
        raise ClassificationError(f"{path}: row {row} holds no image bytes and no path")
    try:
        picture = Image.open(io.BytesIO(content))
        return picture.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise ClassificationError(f"{path}: the image of row {row} cannot be read ({error})") from None
