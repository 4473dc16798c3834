"""Which part of a data set is train, validation and test, as folders, names of files and columns say it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .columns import column_of
from .errors import DatasetError
from .textfiles import CSV

SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test",),
}
"""Splits, and what authors call them in names of files and folders."""

COLUMN = "split"
"""Column of a table that says of which split a row is."""


def split_name(given: str) -> str:
    """Return what a split is called here: "validation" for "val"; a name that nobody knows stays as it is."""
    word = given.strip()
    return next((name for name, aliases in SPLITS.items() if word.casefold() in aliases), word)


def splits_of(folder: Path) -> dict[str, list[Path]]:
    """Return the splits of a folder: their parquet files in order, or their folders, or their csv files.

    What is read of a split is to be checked by `check_one`.
    """
    found: dict[str, list[Path]] = {}
    for split, aliases in SPLITS.items():
        pattern = re.compile(rf"({'|'.join(aliases)})(-\d+-of-\d+)?\.parquet", re.IGNORECASE)
        files = sorted(path for path in folder.glob("*.parquet") if pattern.fullmatch(path.name))
        inside = sorted(folder.iterdir())
        folders = [path for path in inside if path.is_dir() and path.name.casefold() in aliases]
        tables = [
            path for path in inside if path.suffix.casefold() in CSV and path.stem.casefold() in aliases
        ]
        if files or folders or tables:
            found[split] = files or folders or tables
    return found


def check_one(split: str, paths: Sequence[Path]) -> None:
    """Refuse several things that are one split each, such as `val/` beside `dev/`; parts of one are none.

    Raises:
        DatasetError: There are several.
    """
    names = {re.sub(r"-\d+-of-\d+\.parquet$", ".parquet", path.name) for path in paths}
    if len(names) > 1:
        told = ", ".join(sorted(names))
        raise DatasetError(
            f"{paths[0].parent}: has several that are the split {split}, {told}; name the one to read"
        )


def check_named(path: Path, split: str) -> None:
    """Refuse a split of what is not divided, unless it is called so: all of `aid_test.csv` is test.

    Raises:
        DatasetError: Its name says another split, or none.
    """
    words = re.split(r"[^a-z]+", path.resolve().name.casefold())
    named = [name for word in words if (name := split_name(word)) in SPLITS]  # the last word says most
    if not named:
        raise DatasetError(
            f"{path}: nothing says what of it is the split {split}, neither a column {COLUMN} nor names of files or "
            "folders; leave out the split to take all of it"
        )
    if named[-1] != split_name(split):
        raise DatasetError(
            f"{path}: its name says that it is the split {named[-1]}, not {split}; name what holds that one"
        )


def rows_of_split(path: Path, columns: Mapping[str, Sequence[Any]], split: str) -> list[int] | None:
    """Return the numbers of the rows of a table that are of a split; None where all of them are, by its name.

    Args:
        path: The table.
        columns: What its columns hold.
        split: The one that is wanted.

    Raises:
        DatasetError: It has other splits, or nothing says what is of which.
    """
    column = columns.get(column_of(list(columns), (COLUMN,)) or COLUMN, ())
    names = ["" if value is None else split_name(str(value)) for value in column]
    rows = [row for row, name in enumerate(names) if name == split_name(split)]
    if rows:
        return rows
    if any(name in SPLITS for name in names):
        there = ", ".join(sorted({name for name in names if name}))
        raise DatasetError(f"{path}: has no row of the split {split}; its splits are {there}")
    check_named(path, split)
    return None
