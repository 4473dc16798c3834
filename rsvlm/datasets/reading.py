"""One way in for whatever the user names as a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rsvlm.imagery.bands import band_names

from .csv_files import read_csv
from .errors import DatasetError
from .folders import read_class_folders
from .karpathy import read_karpathy, splits_inside
from .multilabel import METADATA, read_bigearthnet
from .pairs import is_pairs_dataset, read_pairs
from .parquet_files import read_parquet
from .sets import EvalSet
from .splits import check_named, check_one, split_name, splits_of
from .textfiles import CSV


def read_eval_set(
    place: str | Path,
    *,
    split: str | None = None,
    name: str | None = None,
    label: str | None = None,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
) -> EvalSet:
    """Read a data set.

    Args:
        place: One of

            * a folder with `train.parquet`, `test.parquet`, `test-00000-of-00002.parquet`..., which `split` picks; or
              with `train.csv`, `test.csv`...;
            * a folder with a folder for each class, or with `train/`, `test/`... that have one for each class;
            * a folder with one csv, and `classnames.txt` where labels are numbers;
            * a folder of BigEarthNet patches;
            * a pairs dataset, as `rsvlm caption` writes it;
            * a .parquet, a .csv, a .tsv, or a .json of Karpathy's form.
        split: "train", "validation" or "test"; None: the only one that is there, and of a table all rows. A table is
            divided by its column `split`. Of what is not divided a split is refused, unless its name says that it is
            this one.
        name: The data set's; None: the name of the folder or file.
        label: The column of labels, where there are several.
        sensor: Preset that names the bands of files.
        bands: Names of the bands, in order.
        stretch: How pixels become 8 bits.

    Raises:
        DatasetError: It is none of these, has not the split, or folders, files or a json have several and none was
            picked.
    """
    path = Path(place)
    given = {
        "sensor": sensor,
        "bands": None if bands is None else list(band_names(bands)),
        "stretch": stretch,
    }
    opening = {key: value for key, value in given.items() if value not in (None, "auto")}
    split = None if split is None else split_name(split)
    title = name or (path.name if path.is_dir() else path.stem)
    if path.is_dir():
        return _folder(path, title, split, label, opening)
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file or folder")
    kind = path.suffix.casefold()
    if kind == ".parquet":
        return read_parquet([path], title, split, opening, label)
    if kind in CSV:
        return read_csv(path, title, split, opening, label)
    if kind == ".json":
        return read_karpathy(path, split=split or _only(path), name=name)
    raise DatasetError(
        f"{path}: a data set is a folder of class folders, a .parquet, a .csv, a .tsv or a Karpathy .json"
    )


def _only(path: Path) -> str | None:
    """The split of a json that has no other; None where it has none."""
    splits = splits_inside(path)
    if len(splits) > 1:
        raise DatasetError(f"{path}: has several splits; choose one of {', '.join(splits)}")
    return splits[0] if splits else None


def _folder(
    path: Path, name: str, split: str | None, label: str | None, opening: Mapping[str, Any]
) -> EvalSet:
    if is_pairs_dataset(path):
        _check_whole(path, split)
        return read_pairs(path)
    splits = splits_of(path)
    if splits:
        chosen = _chosen(path, splits, split)
        check_one(split or next(iter(splits)), chosen)
        if chosen[0].is_dir():
            return read_class_folders(chosen[0], name, split or next(iter(splits)), opening)
        if chosen[0].suffix.casefold() in CSV:
            return read_csv(chosen[0], name, split or next(iter(splits)), opening, label)
        return read_parquet(chosen, name, split or next(iter(splits)), opening, label)
    tables = sorted(file for file in path.iterdir() if file.suffix.casefold() in CSV)
    if len(tables) == 1:
        return read_csv(tables[0], name, split, opening, label)
    if len(tables) > 1:
        raise DatasetError(f"{path}: holds {len(tables)} csv files; name the one to read")
    _check_whole(path, split)
    if any(path.glob(f"*/*{METADATA}")):
        return read_bigearthnet(path, name, split)
    return read_class_folders(path, name, split, opening)


def _check_whole(path: Path, split: str | None) -> None:
    """Refuse a split of a folder that is not divided, but for one that is called so."""
    if split is not None:
        check_named(path, split)


def _chosen(path: Path, splits: dict[str, list[Path]], split: str | None) -> list[Path]:
    if split is None and len(splits) == 1:
        return next(iter(splits.values()))
    if split is None or split not in splits:
        what = "several splits" if split is None else f"no split {split}"
        raise DatasetError(f"{path}: has {what}; choose one of {', '.join(splits)}")
    return splits[split]
