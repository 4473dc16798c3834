"""Labelled images, to calibrate on: class folders, or a data set that has labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rsvlm.datasets import DatasetError, EvalSet, read_eval_set
from rsvlm.datasets.labels import NONE
from rsvlm.datasets.pictures import Content
from rsvlm.imagery import ImageryError, find_scenes
from rsvlm.imagery.encoded import decoded
from rsvlm.imagery.items import Picture
from rsvlm.vocabularies import Vocabulary

from .errors import ClassificationError


@dataclass(frozen=True, eq=False)  # images may be arrays, whose == is no answer
class LabelledImages:
    """Images and what they show. `labels[i]` are the names that image i has; none of them is "none of these"."""

    images: list[str | Picture]
    labels: list[tuple[str, ...]]


def read_labelled(place: str | Path) -> LabelledImages:
    """Read labelled images.

    Args:
        place: A folder with a folder for each class; or what `rsvlm.datasets.read_eval_set` reads of files, or of a
            folder with one of them: a .csv with columns `path` and `label` (paths relative to it; several labels with
            ";" between them), a .parquet with columns `image` (bytes, as `datasets` writes them, or paths) and `label`.

    Raises:
        ClassificationError: It is none of these, or holds nothing.
    """
    path = Path(place)
    # not as the reader below: in class folders there may be products of several files, too
    found = _class_folders(path) if path.is_dir() else None
    if found is not None and found.images:
        return found
    try:
        return _of_set(path, read_eval_set(path))
    except DatasetError as error:
        raise ClassificationError(str(error)) from None


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
    """Images and products in the folders of a folder; a folder without any is no class, but something beside them."""
    images: list[str | Picture] = []
    labels: list[tuple[str, ...]] = []
    for folder in sorted(
        entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    ):
        try:
            scenes, failures = find_scenes([folder], copies=True)
        except ImageryError:  # no image in it
            continue
        if failures:
            raise ClassificationError(f"{failures[0].path}: {failures[0].reason}")
        images += [scene.path for scene in scenes]
        labels += [(folder.name,)] * len(scenes)
    return LabelledImages(images, labels)


def _of_set(path: Path, found: EvalSet) -> LabelledImages:
    """All images of a data set, those of which it holds the bytes decoded.

    Raises:
        ClassificationError: It has no labels, or an image that cannot be read.
    """
    if found.labels is None:
        raise ClassificationError(f"{path}: has no labels; give a column `label` beside `path` or `image`")
    images: list[str | Picture] = []
    for key, image in zip(found.keys, found.images, strict=True):
        try:
            images.append(_picture(image() if callable(image) else image))
        except (DatasetError, ImageryError, OSError) as error:
            raise ClassificationError(f"{path}: image {key!r} cannot be read ({error})") from None
    return LabelledImages(images, list(found.labels))


def _picture(content: Content) -> str | Picture:
    return decoded(content) if isinstance(content, bytes) else content
