"""A csv or tsv with a path and a label a line, as SkyScript's benchmark sets come, with their classnames.txt."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .columns import IMAGE, LABEL, column_of, optional_columns
from .errors import DatasetError
from .labels import label_names
from .repeats import one_row_an_image
from .sets import EvalSet, unique_keys
from .sources import records
from .splits import COLUMN, rows_of_split, split_name
from .textfiles import read_utf8


def read_csv(
    path: Path,
    name: str,
    split: str | None = None,
    opening: Mapping[str, Any] | None = None,
    label: str | None = None,
) -> EvalSet:
    """Read a csv with columns `filepath` (or `path`, `image`...) and, where the images have classes, `label`.

    Labels are names, or numbers that count the lines of `classnames.txt` beside the csv (of `classnames_v2.txt` for
    the column `label_v2`). Paths are relative to the csv, or to the folder above it. Rows of one image with a caption
    each are one image.

    Args:
        path: The csv, UTF-8.
        name: The data set's.
        split: Which rows are taken, by the column `split`; without one, the csv must be called so. None: all.
        opening: Options of `open_scene`.
        label: The column of labels; None: `label`, else `label_v1`.

    Raises:
        DatasetError: It cannot be read, has no column of paths or not that split, a line lacks something, a number has
            no name, or the rows of a captioned image have different labels.
    """  # fmt: skip
    columns, lines = read_table(path)
    image = column_of(list(columns), IMAGE)
    label = label or column_of(list(columns), LABEL)
    if image is None or (label is not None and label not in columns):
        wanted = "filepath" if image is None else label
        raise DatasetError(f"{path}: has no column {wanted}; its columns are {', '.join(columns) or 'none'}")
    if "" in columns[image]:
        raise DatasetError(f"{path}: line {lines[columns[image].index('')]} lacks its {image}")
    rows = None if split is None else rows_of_split(path, columns, split)
    if rows is not None:
        columns = {column: [values[row] for row in rows] for column, values in columns.items()}
    names = columns.pop(image)
    classes = class_names_beside(path, label or "label")
    labels = None if label is None else label_names(columns.pop(label), classes, str(path))
    base = _base(path, names)
    extra = [path] if classes is None else [path, class_file(path, label or "label")]
    found = EvalSet(
        name=name,
        images=[str(base / file) for file in names],
        keys=unique_keys(names),
        labels=labels,
        split=split,
        classes=classes,
        multi_label=any(len(row) > 1 for row in labels or ()),
        opening=opening or {},
        sources=records(extra),
        **optional_columns(columns, str(path)),
    )
    return one_row_an_image(found, names)


def splits_inside(path: Path) -> tuple[str, ...]:
    """Return the splits that a csv divides its lines into by its column `split`, sorted; none without one.

    Raises:
        DatasetError: It cannot be read.
    """
    name = column_of(header(path), (COLUMN,))
    column = [] if name is None else read_columns(path)[name]
    return tuple(sorted({split_name(value) for value in column if value}))


def header(path: Path) -> list[str]:
    """Return the names of a csv's columns; none where it is no text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            return [name.strip() for name in next(csv.reader([first], delimiter=separator_of(first)), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_columns(path: Path) -> dict[str, list[str]]:
    """Return the columns of a csv by name, as `read_table` does."""
    return read_table(path)[0]


def read_table(path: Path) -> tuple[dict[str, list[str]], list[int]]:
    """Return the columns of a csv by name, without white space around names and values, and the line of each row.

    Between them are commas, or the semicolons or tabs that the first line has more of. A row with a line break in a
    quoted cell is told by the line in which it begins.

    Raises:
        DatasetError: It cannot be read, a row has more or fewer fields than the first line, or two columns have one
            name.
    """
    text = read_utf8(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text.partition("\n")[0]))
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        before = reader.line_num
        for row in reader:
            if row:  # the line is not empty
                rows.append(row)
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as error:
        raise DatasetError(f"{path}: line {reader.line_num} is no csv ({error})") from None
    places = {name: place for place, name in enumerate(names) if name}
    twice = next((name for place, name in enumerate(names) if name and places[name] != place), None)
    if twice is not None:
        raise DatasetError(f"{path}: has two columns {twice}: rename one of them, or take it out")
    for line, row in zip(lines, rows, strict=True):
        missing = any(names[len(row) :])
        if missing or len(row) > len(names):
            raise DatasetError(
                f"{path}: line {line} has {'fewer' if missing else 'more'} fields than the first line"
            )
    return {name: [row[place].strip() for row in rows] for name, place in places.items()}, lines


def separator(path: Path) -> str:
    """What is between the cells of a csv."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return separator_of(file.readline())
    except (OSError, UnicodeDecodeError):
        return ","


def separator_of(first: str) -> str:
    """What is between the names of columns in the first line: a comma, a semicolon or a tab."""
    return max(",;\t", key=first.count)


def class_names_beside(path: Path, label: str = "label") -> tuple[str, ...] | None:
    """Return the class names that lie beside a file, in their order; None where there are none.

    Args:
        path: The csv.
        label: Its column of labels: "label_v2" has `classnames_v2.txt`.
    """
    file = class_file(path, label)
    if not file.is_file():
        return None
    return tuple(line.strip() for line in read_utf8(file).splitlines() if line.strip())


def class_file(path: Path, label: str) -> Path:
    """`classnames.txt` with the end of the label's name, if there is one of its own."""
    own = path.with_name(f"classnames{label.removeprefix('label')}.txt")
    return own if label.startswith("label") and own.is_file() else path.with_name("classnames.txt")


def _base(path: Path, names: list[str]) -> Path:
    """The folder that paths are relative to: the csv's own, or the one above where the first image is there."""
    if names and not (path.parent / names[0]).exists() and (path.parent.parent / names[0]).exists():
        return path.parent.parent
    return path.parent
