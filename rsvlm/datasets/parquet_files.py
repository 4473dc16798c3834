"""Parquet files as `datasets` writes them: the bytes of the images inside, read a row group at a time."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .columns import IMAGE, LABEL, column_of, optional_columns
from .csv_files import class_file, class_names_beside
from .errors import DatasetError
from .labels import label_names
from .pictures import Content
from .repeats import one_row_an_image
from .sets import EvalSet, unique_keys
from .sources import records
from .splits import rows_of_split

_KEPT = 2  # row groups in memory: threads read on in the next one while the last is finished


def read_parquet(
    paths: Sequence[Path],
    name: str,
    split: str | None = None,
    opening: Mapping[str, Any] | None = None,
    label: str | None = None,
) -> EvalSet:
    """Read parquet files with a column `image` (bytes, {bytes, path}, or paths) and, if wanted, labels and more.

    `label` holds names, lists of names, or numbers whose names stand in the file's own metadata, as `datasets` writes
    them, or in classnames.txt beside it (classnames_v2.txt for the column `label_v2`). `captions` is a text or a list
    of texts; `latitude` and `longitude` are degrees; other columns of numbers are targets. Rows of one image (of one
    path, and with the same bytes) with a caption each are one image.

    Args:
        paths: The files of one split, in order.
        name: The data set's.
        split: Which rows are taken, by the column `split`; without one, the files must be called so. None: all.
        opening: Options of `open_scene`, for paths.
        label: The column of labels; None: `label`, `labels` or `class`.

    Raises:
        DatasetError: One cannot be read, has no column of images, other columns than the first or not that split, or
            the rows of a captioned image have different labels.
    """  # fmt: skip
    images: list[StoredImage] = []
    names: list[str] = []
    columns: dict[str, list[Any]] = {}
    for path in paths:
        column = ImageColumn(path)
        images += [StoredImage(column, row) for row in range(column.n)]
        names += column.names()
        others = column.others()
        if path is not paths[0] and others.keys() != columns.keys():
            raise DatasetError(_of_other_columns(paths[0], list(columns), path, list(others)))
        for key, values in others.items():
            columns.setdefault(key, []).extend(values)
    rows = None if split is None else rows_of_split(paths[0], columns, split)
    if rows is not None:
        images, names = [images[row] for row in rows], [names[row] for row in rows]
        columns = {key: [column_values[row] for row in rows] for key, column_values in columns.items()}
    label = label or column_of(list(columns), LABEL)
    if label is not None and label not in columns:
        raise DatasetError(f"{paths[0]}: has no column {label}; its columns are {', '.join(columns)}")
    inside = _classes_inside(paths[0], label)
    classes = inside or class_names_beside(paths[0], label or "label")
    beside = [] if inside or classes is None else [class_file(paths[0], label or "label")]
    values = [] if label is None else columns.pop(label)
    labels = None if label is None else label_names(values, classes, str(paths[0]))
    found = EvalSet(
        name=name,
        images=images,
        keys=unique_keys(names),
        labels=labels,
        split=split,
        classes=classes,
        multi_label=any(isinstance(value, list) for value in values) or any(len(row) > 1 for row in labels or ()),
        opening=opening or {},
        sources=records([*paths, *beside]),
        **optional_columns(columns, str(paths[0])),
    )  # fmt: skip
    return one_row_an_image(found, names)


def _of_other_columns(first: Path, columns: list[str], path: Path, others: list[str]) -> str:
    """What is wrong with a file whose columns differ: its values would be those of other images."""
    lacks = [name for name in columns if name not in others]
    more = [name for name in others if name not in columns]
    parts = [f"lacks {', '.join(lacks)}"] * bool(lacks) + [f"has {', '.join(more)}"] * bool(more)
    return f"{path}: {' and '.join(parts)}, unlike {first}: files of one set have the same columns"


class StoredImage:
    """One image of a parquet file; calling it gives its bytes or its path."""

    def __init__(self, column: "ImageColumn", row: int) -> None:
        self._column, self._row = column, row

    @property
    def file(self) -> Path:
        """The parquet file."""
        return self._column.path

    @property
    def row(self) -> int:
        """Its row in the file."""
        return self._row

    @property
    def path(self) -> str | None:
        """Its path, where its row holds one and no bytes."""
        if not self._column.may_hold_path(self._row):
            return None
        try:
            content = self._column.content(self._row)
        except DatasetError:  # the row is empty
            return None
        return content if isinstance(content, str) else None

    def __call__(self) -> Content:
        """Read it.

        Raises:
            DatasetError: The row holds neither bytes nor a path.
        """
        return self._column.content(self._row)


class ImageColumn:
    """The images of one file. Threads may share it; another process opens the file again.

    Args:
        path: A parquet file with a column `image` (or `filepath`...): bytes, {bytes, path}, or paths.
        images: Folder that paths start from; None: the folder of the file.

    Raises:
        DatasetError: It cannot be read, or has no such column.
    """

    def __init__(self, path: Path, images: Path | None = None) -> None:
        self.path = path
        self._folder = images or path.parent
        try:
            with pq.ParquetFile(path) as file:
                self._metadata, self._schema = file.metadata, file.schema_arrow
        except (pa.ArrowInvalid, OSError) as error:
            raise DatasetError(f"{path}: is no parquet file that can be read ({error})") from None
        self.n = self._metadata.num_rows
        groups = range(self._metadata.num_row_groups)
        self._ends = np.cumsum([self._metadata.row_group(group).num_rows for group in groups]).tolist()
        names = self._schema.names
        image = column_of(names, IMAGE)
        if image is None:
            raise DatasetError(f"{path}: has no column image; its columns are {', '.join(names) or 'none'}")
        self.column: str = image
        self._kind = self._schema.field(image).type
        self._without_bytes = [self._may_lack_bytes(group) for group in groups]
        self._groups: OrderedDict[int, pa.ChunkedArray] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return ImageColumn, (self.path, self._folder)

    @property
    def holds_paths(self) -> bool:
        """Whether it holds paths, and no bytes."""
        return bool(pa.types.is_string(self._kind) or pa.types.is_large_string(self._kind))

    def may_hold_path(self, row: int) -> bool:
        """Whether the image of a row may be a path, as far as can be told without reading it."""
        return self.holds_paths or self._without_bytes[self._group_of(row)]

    def names(self) -> list[str]:
        """The name of each image: its path, else its file and row."""
        kind = self._kind
        stored: list[Any] = [None] * self.n
        if pa.types.is_struct(kind) and kind.get_field_index("path") >= 0:
            stored = self._read([f"{self.column}.path"])[self.column].to_pylist()
            stored = [value and value["path"] for value in stored]
        elif self.holds_paths:
            stored = self._read([self.column])[self.column].to_pylist()
        return [name or f"{self.path.stem} {row}" for row, name in enumerate(stored)]

    def others(self) -> dict[str, list[Any]]:
        """The values of all other columns."""
        columns = [name for name in self._schema.names if name != self.column]
        table = self._read(columns)
        return {name: table[name].to_pylist() for name in columns}

    def content(self, row: int) -> Content:
        """The bytes of an image, or its path."""
        group = self._group_of(row)
        place = row - (self._ends[group - 1] if group else 0)
        value = self._group(group)[place].as_py()
        found = value.get("bytes") or value.get("path") if isinstance(value, dict) else value
        if not isinstance(found, str | bytes) or not found:
            raise DatasetError(f"{self.path}: row {row} holds no image bytes and no path")
        return str(self._folder / found) if isinstance(found, str) else found

    def _may_lack_bytes(self, group: int) -> bool:
        """Whether in a row group of {bytes, path} bytes may be missing, by the file's own statistics."""
        if not pa.types.is_struct(self._kind):
            return False
        row_group = self._metadata.row_group(group)
        chunks = map(row_group.column, range(row_group.num_columns))
        told = next((one.statistics for one in chunks if one.path_in_schema == f"{self.column}.bytes"), None)
        return told is None or not told.has_null_count or told.null_count > 0

    def _group_of(self, row: int) -> int:
        return int(np.searchsorted(self._ends, row, side="right"))

    def _group(self, group: int) -> pa.ChunkedArray:
        with self._lock:
            if group not in self._groups:
                while len(self._groups) >= _KEPT:
                    self._groups.popitem(last=False)
                # opened when it is needed: a data set may have more shards than a program may have files open
                with pq.ParquetFile(self.path, metadata=self._metadata) as file:
                    self._groups[group] = file.read_row_group(group, columns=[self.column])[self.column]
            self._groups.move_to_end(group)
            return self._groups[group]

    def _read(self, columns: list[str]) -> pa.Table:
        try:
            with pq.ParquetFile(self.path, metadata=self._metadata) as file:
                return file.read(columns=columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise DatasetError(f"{self.path}: cannot be read ({error})") from None


def _classes_inside(path: Path, label: str | None) -> tuple[str, ...] | None:
    """The class names that `datasets` writes into a file's metadata for a column of numbers, or of lists of them."""
    stored = (pq.read_schema(path).metadata or {}).get(b"huggingface")
    try:
        feature = json.loads(stored)["info"]["features"][label] if stored else {}
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        names = feature["names"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return tuple(str(name) for name in names) if isinstance(names, list) else None
