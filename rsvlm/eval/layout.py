"""What a folder of data sets holds: which sets, which of their splits are judged and which are learned from."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rsvlm.datasets.columns import IMAGE, LABEL, column_of
from rsvlm.datasets.csv_files import class_names_beside, header, read_csv, splits_inside
from rsvlm.datasets.folders import class_names, images_below, read_class_folders
from rsvlm.datasets.karpathy import read_karpathy
from rsvlm.datasets.multilabel import METADATA, read_bigearthnet
from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.datasets.reading import read_eval_set
from rsvlm.datasets.sets import EvalSet
from rsvlm.datasets.splits import SPLITS, splits_of
from rsvlm.datasets.textfiles import CSV
from rsvlm.imagery import ImageryError, open_scene
from rsvlm.imagery.sensors import SENSORS

from .errors import EvalError
from .vocabulary_choice import candidates, covers

Reader = Callable[[], EvalSet]
_Part = tuple[Path, str | None]
"""A table, and the split that it is or that is taken of it."""


@dataclass(frozen=True)
class FoundSet:
    """A data set of a folder, not yet read.

    Attributes:
        name: What results are called after.
        judged: Reads the split that is judged: test, else validation, else all there is.
        train: Reads the split to learn from, where there is one beside it.
        validation: Reads the split to choose on, where train, validation and test are all there.
        own_classes: Whether its own list of classes is the one that a paper's protocol used.
    """

    name: str
    judged: Reader
    train: Reader | None = None
    validation: Reader | None = None
    own_classes: bool = False


@dataclass(frozen=True)
class Layout:
    """The data sets of a folder, and what of it is none, with the reason.

    Attributes:
        sets: By name.
        passed_over: Reason by name of file or folder.
    """

    sets: tuple[FoundSet, ...]
    passed_over: Mapping[str, str] = field(default_factory=dict)


def find_sets(data: Path) -> Layout:
    """Find the data sets of a folder, each in a folder of its own; see `rsvlm.eval.suite` for the layouts.

    Raises:
        EvalError: There is no such folder, or no data set in it.
    """
    if not data.is_dir():
        raise EvalError(f"{data}: there is no such folder of data sets")
    sets: list[FoundSet] = []
    passed_over: dict[str, str] = {}
    for folder in sorted(path for path in data.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found = _in_folder(folder)
        if isinstance(found, str):
            passed_over[folder.name] = found
            continue
        for one in found:
            same = next((other.name for other in sets if file_name(other.name) == file_name(one.name)), None)
            if same is None:
                sets.append(one)
            else:
                passed_over[f"{folder.name}/{one.name}"] = (
                    f"has the name of another data set, {same}; rename it"
                )
    if not sets:
        raise EvalError(
            f"{data}: holds no data set; each is a folder such as {data.name}/eurosat/test.parquet"
        )
    return Layout(tuple(sets), passed_over)


def file_name(name: str) -> str:
    """The name of a data set as files are named."""
    return name.replace(" ", "_")


def _in_folder(folder: Path) -> list[FoundSet] | str:
    if is_pairs_dataset(folder):
        return [FoundSet(folder.name, lambda: read_eval_set(folder))]
    splits = splits_of(folder)
    if splits:
        return _of_splits(folder, list(splits))
    captions = sorted(folder.glob("dataset*.json"))
    tables = [path for path in sorted(folder.iterdir()) if path.suffix.casefold() in CSV and _is_table(path)]
    if captions or tables:
        found = [_of_captions(path) for path in captions]
        return found + _of_tables(tables)
    if any(folder.glob("*.npz")):
        return "holds stored vectors of other models; evaluate these files one by one"
    if any(folder.glob(f"*/*{METADATA}")):
        return [FoundSet(folder.name, lambda: read_bigearthnet(folder, folder.name))]
    return _of_class_folders(folder)


def _of_splits(folder: Path, splits: list[str]) -> list[FoundSet] | str:
    def reader(split: str) -> Reader:
        return lambda: read_eval_set(folder, split=split)

    judged = next((split for split in ("test", "validation") if split in splits), None)
    if judged is None:
        return "has a training split only; nothing in it may be judged"
    train = reader("train") if "train" in splits else None
    validation = reader("validation") if train and judged == "test" and "validation" in splits else None
    return [FoundSet(folder.name, reader(judged), train, validation)]


def _of_captions(path: Path) -> FoundSet:
    name = (path.stem.removeprefix("dataset").strip("_-") or path.parent.name).lower()
    return FoundSet(name, lambda: read_karpathy(path, name=name))


def _of_tables(tables: Sequence[Path]) -> list[FoundSet]:
    """Tables of one name and of different splits are one data set, of which one split is judged."""
    found: list[FoundSet] = []
    for path in tables:
        own = _split_of(path)
        others = {_split_of(other): other for other in tables if _base_of(other) == _base_of(path)}
        if own is None or len(others) == 1:
            found += _of_table(path, alone=len(tables) == 1)
            continue
        judged = next((split for split in ("test", "validation") if split in others), None)
        if own == judged:
            train, choose = others.get("train"), others.get("validation") if judged == "test" else None
            found += _of_table(path, alone=False, train=train, validation=choose if train else None)
    return found


def _base_of(path: Path) -> str:
    split = r"[_-]?(img_txt_pairs)?[_-]?(train|training|val|valid|validation|dev|test)$"
    return re.sub(split, "", path.stem, flags=re.IGNORECASE)


def _split_of(path: Path) -> str | None:
    last = re.split(r"[_-]", path.stem)[-1].casefold()
    return next((split for split, aliases in SPLITS.items() if last in aliases), None)


def _divided(path: Path) -> tuple[_Part, _Part | None, _Part | None]:
    """What of a table by itself is judged, learned from and chosen on, by its column `split`."""
    try:
        inside = splits_inside(path)
    except EvalError:  # which will be told when it is read
        inside = ()
    judged = next((split for split in ("test", "validation") if split in inside), None)
    train = (path, "train") if judged and "train" in inside else None
    validation = (path, "validation") if train and judged == "test" and "validation" in inside else None
    return (path, judged), train, validation


def _of_table(
    path: Path, *, alone: bool, train: Path | None = None, validation: Path | None = None
) -> list[FoundSet]:
    """SkyScript's `aid_img_txt_pairs_test.csv` is "aid"; with `label_v1` and `label_v2` it is two sets."""
    stem, marker, _ = path.stem.partition("_img_txt_pairs")
    name = path.parent.name if alone and not marker else stem if marker or not train else _base_of(path)
    labels = [label for label in header(path) if label.casefold() in (*LABEL, "label_v2")]
    judged, learn, choose = _divided(path)
    if train is not None:
        judged, learn = (path, _split_of(path)), (train, _split_of(train))
        choose = None if validation is None else (validation, _split_of(validation))

    def found(label: str) -> FoundSet:
        title = name if len(labels) == 1 else f"{name}-{label.removeprefix('label').strip('_')}"
        own = class_names_beside(path, label) is not None

        def reader(part: _Part) -> Reader:
            return lambda: read_csv(part[0], title, part[1], label=label)

        train, validation = (None if part is None else reader(part) for part in (learn, choose))
        return FoundSet(title, reader(judged), train, validation, own)

    return [found(label) for label in labels]


def _of_class_folders(folder: Path) -> list[FoundSet] | str:
    """Folders are classes only where a vocabulary called like the set knows them: they may be dates or places."""
    classes = class_names(folder)
    entry = next((entry for entry in candidates(folder.name) if covers(entry, classes)), None)
    if entry is None:
        return (
            "nothing says what its images show: no split files, no csv, no folders called like known classes"
        )
    opening = _opening(folder / classes[0], entry.name)
    return [FoundSet(folder.name, lambda: read_class_folders(folder, folder.name, opening=opening))]


def _opening(folder: Path, name: str) -> dict[str, Any]:
    """The sensor preset called like the vocabulary, where files cannot be opened without one, and can with it."""
    first = next(iter(images_below(folder)))
    for opening in ({}, {"sensor": name}) if name in SENSORS else ({},):
        try:
            open_scene(first, **opening)
        except ImageryError:
            continue
        return dict(opening)
    return {}


def _is_table(path: Path) -> bool:
    names = header(path)
    return column_of(names, IMAGE) is not None and column_of(names, LABEL) is not None
