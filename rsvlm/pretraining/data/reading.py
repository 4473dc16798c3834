"""From what a user names, a file, folder or data set on the hub, to a source of image-text pairs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from rsvlm.datasets.columns import LABEL, column_of
from rsvlm.datasets.csv_files import class_names_beside
from rsvlm.imagery.bands import band_names
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.vocabularies import Vocabulary

from .columns import JSON, Columns, choose_columns, flat
from .finding import Found, find_source
from .labelled import LabelCaptions
from .opening import Data, a_row_an_image, open_data, reading, rows_of_one_image
from .rows import RowReader
from .sources import PairsSource


def read_pairs_source(
    spec: str | Path,
    *,
    image_column: str | None = None,
    caption_column: str | None = None,
    label_column: str | None = None,
    vocabulary: str | Vocabulary | None = None,
    templates: str | Sequence[str] | None = None,
    split: str | None = None,
    streaming: bool = False,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
    offline: bool = False,
) -> PairsSource:
    """Open a source of image-text pairs.

    Args:
        spec: One of

            * a pairs dataset, as `rsvlm caption` writes it;
            * parquet files: one, a folder of them, or a pattern ("data/train-*.parquet");
            * WebDataset's tar files, likewise, with `jpg` or `png` and `txt` or `json`;
            * a csv or jsonl with paths of images, relative to its folder or the one above;
            * a .json: a list of records likewise, Karpathy's captions, or COCO's;
            * a folder of images with a text beside each (a.jpg and a.txt, a caption a line), with a folder for each
              class, or with a metadata.csv or metadata.jsonl, as `datasets` has it;
            * a folder that `save_to_disk` of `datasets` wrote;
            * "hf:owner/name": a data set on the Hugging Face hub, fetched unless `offline` or HF_HUB_OFFLINE is set.
        image_column: The column of images, where it has another name than the usual ones.
        caption_column: That of captions: a text, or several, of which one is shown each time; or "caption_1,caption_2":
            several columns with a caption each, which are also found by themselves.
        label_column: Make captions of the classes in this column; also done where there is no column of captions.
        vocabulary: Words of these classes; None: their own names.
        templates: What the words are put into: a template set's name, or texts with one `{}`; None: those that suit.
        split: Which part, where there are several; "train" by default.
        streaming: Read where it lies, and only in its order: for what is larger than the disk.
        sensor: Preset that names the bands of files.
        bands: Names of the bands, in order.
        stretch: How pixels become 8 bits.
        offline: Fetch nothing.

    Raises:
        PretrainingError: There is no such source or column, it cannot be read, or it holds no pairs.
    """
    found = find_source(spec, split)
    data = open_data(found, streaming=streaming, offline=offline)
    first = _first_row(found, data)
    if vocabulary is not None and caption_column is None and label_column is None:
        label_column = column_of(list(first), LABEL)  # it was given for classes, not for captions
    columns = choose_columns(
        list(first), dict(data.features or {}), found.name, image_column, caption_column, label_column
    )
    if found.kind == "csv" and len(columns.captions) == 1 and isinstance(data, datasets.Dataset):
        data = a_row_an_image(data, columns.image, columns.captions[0])
    same = {} if streaming else _rows_of_one_image(found, data, columns)
    features = dict(data.features or {})
    captions = _captions(found, features, columns, vocabulary, templates)
    captions.check(_labels(data, features.get(columns.label or ""), columns, first))
    given = {
        "sensor": sensor,
        "bands": None if bands is None else list(band_names(bands)),
        "stretch": stretch,
    }
    opening = {key: value for key, value in given.items() if value not in (None, "auto")}
    read = RowReader(found.name, columns, _base(found, first, columns), captions, opening)
    read.check_place(first)
    if features:
        data = data.select_columns([name for name in features if name in columns.used or name == JSON])
    if streaming and isinstance(data, datasets.Dataset):
        data = data.to_iterable_dataset()
    rows = np.setdiff1d(np.arange(len(data)), np.concatenate([*same.values()])) if same else None
    return PairsSource(found.name, data, read, rows, same=same)


def _first_row(found: Found, data: Data) -> dict[str, Any]:
    """The first row, by the names of all its columns."""
    with reading(found.name):
        first = next(iter(data), None)
    if first is None:
        raise PretrainingError(f"{found.name}: holds no pairs")
    return flat(first)


def _rows_of_one_image(found: Found, data: Data, columns: Columns) -> Mapping[int, Sequence[int]]:
    """Of an image's first row its other rows, where rows have numbers and there are captions to put together."""
    if not isinstance(data, datasets.Dataset) or not {columns.image, columns.caption} <= {*data.column_names}:
        return {}
    with reading(found.name):
        return rows_of_one_image(data, columns.image)


def _captions(
    found: Found,
    features: Mapping[str, Any],
    columns: Columns,
    vocabulary: str | Vocabulary | None,
    templates: str | Sequence[str] | None,
) -> LabelCaptions:
    """What makes captions of the classes in the column of labels."""
    names = _class_names(found, features.get(columns.label or ""), columns)
    made = LabelCaptions(found.name, names, vocabulary, templates)  # a vocabulary that is none is told first
    if columns.label is None and (vocabulary is not None or templates is not None):
        what = "vocabulary" if vocabulary is not None else "templates"
        raise PretrainingError(
            f"{found.name}: its captions are in the column {columns.caption}, and the {what} would make them of class "
            f"names: name the column of these (label_column, --label-column), or leave out the {what}"
        )
    return made


def _labels(data: Data, feature: Any, columns: Columns, first: dict[str, Any]) -> Sequence[Any]:
    """The labels that are known beforehand: all names, or all that occur, or those of the first row."""
    if columns.label is None:
        return ()
    if isinstance(feature, datasets.ClassLabel):
        return tuple(feature.names)
    if feature is None or not isinstance(data, datasets.Dataset):
        return (first[columns.label],)
    label = first[columns.label]
    if any(isinstance(part, Mapping) for part in (label if isinstance(label, list) else [label])):
        raise PretrainingError(f"the column {columns.label} holds no names of classes: name another one")
    several = {tuple(label) if isinstance(label, list) else label for label in data[columns.label][:]}
    return [list(label) if isinstance(label, tuple) else label for label in several]


def _class_names(found: Found, feature: Any, columns: Columns) -> tuple[str, ...] | None:
    """What labels that are numbers stand for: by the file's own metadata, or a list beside it."""
    inner = getattr(feature, "feature", feature)  # of a list of labels
    if isinstance(inner, datasets.ClassLabel):
        return tuple(inner.names)
    if columns.label is None or found.kind not in ("csv", "json", "document", "parquet"):
        return None
    return class_names_beside(Path(found.files[0]), columns.label)


def _base(found: Found, first: dict[str, Any], columns: Columns) -> Path | None:
    """The folder that image paths start from: that of the file, or the one above where the first image is there."""
    if found.kind == "hub":
        return None
    if found.kind == "folders":
        return Path(found.files[0])
    own = Path(found.files[0]).parent
    path = first[columns.image]
    beside = isinstance(path, str) and not (own / path).exists() and (own.parent / path).exists()
    return own.parent if beside else own
