"""Opening what was found through Hugging Face `datasets`: as a table on the disk, or as a stream."""

import glob
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rsvlm.datasets.csv_files import header, separator
from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.textfiles import read_utf8
from rsvlm.errors import one_line
from rsvlm.models.quiet import quiet
from rsvlm.pretraining.errors import PretrainingError

from .documents import read_document
from .finding import Found
from .imagefolders import read_folder
from .tars import check_tar

Data: TypeAlias = datasets.Dataset | datasets.IterableDataset


def open_data(found: Found, *, streaming: bool, offline: bool = False) -> Data:
    """Return the rows of a source, its images not decoded.

    A table is copied into the cache of `datasets` once (HF_DATASETS_CACHE says where), from which any row is read
    at any time; a stream is read where it lies, in its order. What is no more than paths and texts, a csv or a list
    of images, is a table in any case, and so is what `save_to_disk` wrote, which is in the cache's form.

    Args:
        found: The source.
        streaming: Whether it is read where it lies.
        offline: Fetch nothing.

    Raises:
        PretrainingError: It cannot be read.
    """
    with reading(found.name):
        if found.kind in ("csv", "folders"):
            data: Data = _csv(found) if found.kind == "csv" else read_folder(Path(found.files[0]))
        elif found.kind == "document":
            data = read_document(Path(found.files[0]), found.split)
        elif found.kind == "hub":
            data = _of_the_hub(found, streaming=streaming, offline=offline)
        elif found.kind == "saved":
            data = datasets.load_from_disk(found.files[0])
        else:
            for file in found.files if found.kind == "webdataset" else ():
                check_tar(Path(file))
            data = _load(found, streaming=streaming)
    for name, feature in (data.features or {}).items():
        if isinstance(feature, datasets.Image):
            data = data.cast_column(name, datasets.Image(decode=False))
    return data


def a_row_an_image(data: datasets.Dataset, image: str, caption: str) -> datasets.Dataset:
    """A table with a caption a row as one with an image a row.

    Else an image's captions would meet in a batch, each wrong for the rows of the others.
    """
    table = data.data.table
    if pc.count_distinct(table[image]).as_py() == len(table):
        return data
    others = [name for name in table.column_names if name not in (image, caption)]
    wanted = [(caption, "list"), *((name, "first") for name in others)]
    found = table.group_by(image, use_threads=False).aggregate(wanted)
    names = {image: image, f"{caption}_list": caption, **{f"{name}_first": name for name in others}}
    return datasets.Dataset(found.rename_columns([names[name] for name in found.column_names]))


def rows_of_one_image(data: datasets.Dataset, image: str) -> dict[int, list[int]]:
    """Return, by the first row of each image that has several, its other rows: for tables too large to be made anew.

    Rows of one path are of one image where their bytes are the same, too, or where there are none. Bytes are read only
    of rows whose path and number of bytes repeat.
    """
    column = data.data.table[image]
    kind, paths, contents = (
        column.type,
        pa.nulls(len(column), pa.string()),
        pa.nulls(len(column), pa.binary()),
    )
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        paths = column
    elif not pa.types.is_struct(kind):
        contents = column
    else:
        paths = pc.struct_field(column, "path") if kind.get_field_index("path") >= 0 else paths
        contents = pc.struct_field(column, "bytes") if kind.get_field_index("bytes") >= 0 else contents
    if pa.types.is_null(paths.type):  # all of them are missing
        paths = paths.cast(pa.string())
    if pa.types.is_null(contents.type):
        contents = contents.cast(pa.binary())
    known = pa.table({"path": paths, "size": pc.binary_length(contents), "row": np.arange(len(column))})
    known = known.filter(pc.or_(pc.is_valid(known["path"]), pc.is_valid(known["size"])))
    alike = known.group_by(["path", "size"], use_threads=False).aggregate([("row", "list")])["row_list"]
    found: dict[int, list[int]] = {}
    for rows in alike.filter(pc.greater(pc.list_value_length(alike), 1)).to_pylist():
        first_of: dict[bytes, int] = {}
        for row in rows:
            content = hashlib.sha256(contents[row].as_py() or b"").digest()
            first = first_of.setdefault(content, row)
            if first != row:
                found.setdefault(first, []).append(row)
    return found


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Keep `datasets` off the terminal within the block, and turn what it raises into one line (`PretrainingError`)."""
    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        with quiet():
            yield
    except PretrainingError:
        raise
    except Exception as error:  # each of its readers, and each file system, has errors of its own
        raise PretrainingError(f"{name}: cannot be read ({one_line(error.__cause__ or error)})") from error
    finally:
        if bars:
            datasets.enable_progress_bars()


def _of_the_hub(found: Found, *, streaming: bool, offline: bool) -> Data:
    """Open a data set on the hub; with `offline`, as it lies in the cache, or not at all."""
    before = datasets.config.HF_HUB_OFFLINE
    # DownloadConfig(local_files_only=True) still asks the hub which files there are
    datasets.config.HF_HUB_OFFLINE = before or offline
    try:
        return datasets.load_dataset(found.files[0], split=found.split, streaming=streaming)
    except ConnectionError:
        if not offline:
            raise
        raise PretrainingError(
            f"{found.name}: is not in the cache of datasets on this machine and fetching is off: run once without "
            "offline, or name its files"
        ) from None
    finally:
        datasets.config.HF_HUB_OFFLINE = before


def _load(found: Found, **options: Any) -> Data:
    # names are taken as patterns, and a folder may well be called "tiles [2024]"
    files = [glob.escape(str(Path(file).absolute())) for file in found.files]
    try:
        return datasets.load_dataset(found.kind, data_files=files, split="train", **options)
    except ValueError as error:
        if "corresponds to no data" in str(error) or "at least one table" in str(
            error
        ):  # of files without rows
            raise PretrainingError(f"{found.name}: holds no pairs") from None
        raise


def _csv(found: Found) -> datasets.Dataset:
    """The lines of a csv, each value as the text that stands there: "007" and "NA" stay what they are."""
    file = Path(found.files[0])
    names = header(file)
    if not names and not file.stat().st_size:
        raise PretrainingError(f"{found.name}: is empty")
    if not names:
        _check_text(file)
        raise PretrainingError(f"{found.name}: its first line does not name its columns, as a csv's does")
    # pandas calls columns without a name so, and writes its own index as such a one
    named = [name or f"Unnamed: {number}" for number, name in enumerate(names)]
    features = datasets.Features({name: datasets.Value("string") for name in named})
    try:
        return _load(
            found, features=features, sep=separator(file), keep_default_na=False, skipinitialspace=True
        )
    except datasets.exceptions.DatasetGenerationError:
        _check_text(file)
        raise


def _check_text(file: Path) -> None:
    """Refuse a file that is not in UTF-8 (`PretrainingError`)."""
    try:
        read_utf8(file)
    except DatasetError as error:
        raise PretrainingError(str(error)) from None
