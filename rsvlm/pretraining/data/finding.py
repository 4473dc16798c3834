"""What a user names as a source of pairs: which kind it is, and which files belong to it."""

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rsvlm.captioning.dataset import open_dataset
from rsvlm.captioning.errors import CaptioningError
from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.folders import images_below
from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.datasets.splits import SPLITS, check_one, splits_of
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.shards import shard_name

from .imagefolders import with_texts

Kind = Literal["parquet", "webdataset", "csv", "json", "document", "saved", "folders", "hub"]
HUB = "hf:"
_KINDS: dict[str, Kind] = {
    ".parquet": "parquet",
    ".tar": "webdataset",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
}
_DOCUMENT = ".json"
"""Captions, too, where it is named; in a folder it may be anything."""
_ONE = ("csv", "json", "document")
"""Of these one file is read, whose folder image paths start from."""
_METADATA = ("metadata.csv", "metadata.jsonl")
"""What says in a folder of images of `datasets` what its images show."""
_SAVED = ("state.json", "dataset_info.json")
"""What `save_to_disk` of `datasets` writes beside the data."""
_REMEDY = (
    "name a pairs dataset, a folder of class folders or of images with a .txt beside each, .parquet, .tar, .csv, .tsv "
    "or .jsonl files (a file, a folder or a pattern), a .json of captions, or hf:owner/name"
)


@dataclass(frozen=True)
class Found:
    """Where the pairs are.

    Attributes:
        kind: How they are read.
        name: What the user called them.
        files: The files in order; the folder of what is saved, or of the classes; the id on the hub.
        split: The split on the hub, or of a .json.
    """

    kind: Kind
    name: str
    files: tuple[str, ...]
    split: str | None = None


def find_source(spec: str | Path, split: str | None) -> Found:
    """Say what a source is.

    Args:
        spec: What the user named.
        split: Which part, where a folder or a hub id has several.

    Raises:
        PretrainingError: There is no such thing, or it is none of what can be read.
    """
    name = str(spec)
    if name.startswith(HUB):
        repository = name.removeprefix(HUB)
        if repository.count("/") != 1 or not all(repository.split("/")):
            raise PretrainingError(f"{name}: a data set on the hub is named hf:owner/name")
        return Found("hub", name, (repository,), split or "train")
    path = Path(spec)
    if path.is_file() and path.suffix.casefold() == _DOCUMENT:
        return Found("document", name, (str(path),), split)
    if split is not None and (path.is_file() or is_pairs_dataset(path)):
        raise PretrainingError(f"{name}: has no splits; leave out split={split}")
    if path.is_file():
        return _of_files([path], name)
    if path.is_dir():
        return _in_folder(path, name, split)
    matching = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207 - any root
    if not matching:
        raise PretrainingError(f"{name}: there is no such file or folder; {_REMEDY}")
    return _of_files(matching, name)


def files_told(spec: str | Path) -> dict[str, int] | None:
    """Return how many files a source consists of, and their bytes; None where it is not on this disk.

    Of a folder, the tables in it, or in the folders of its shards or splits; else the images below it with the texts
    beside them. What a run writes is neither, also where its folder lies among the data.
    """
    path = Path(spec)
    if path.is_dir():
        places = (
            path,
            *(path / name for name in ("shards", *(one for some in SPLITS.values() for one in some))),
        )
        tables = [file for place in places for kind in (*_KINDS, ".arrow") for file in place.glob(f"*{kind}")]
        files = tables or with_texts(images_below(path))
    else:
        files = [path] if path.is_file() else [Path(one) for one in glob.glob(str(spec), recursive=True)]  # noqa: PTH207 - any root
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)} if files else None


def _in_folder(folder: Path, name: str, split: str | None) -> Found:
    if is_pairs_dataset(folder):
        return Found("parquet", name, _shards(folder))
    splits = splits_of(folder)
    if splits:
        chosen = _chosen(splits, name, split)
        return _whole(chosen[0], name) if chosen[0].is_dir() else _of_files(chosen, name)
    if split is not None:
        raise PretrainingError(f"{name}: has no splits; leave out split={split}")
    found = _whole(folder, name)
    if found.kind != "folders":
        return found
    for suffix in _KINDS:
        files = sorted(folder.glob(f"*{suffix}"))
        if len(files) > 1 and _KINDS[suffix] in _ONE:
            raise PretrainingError(f"{name}: holds {len(files)} {suffix} files; name the one to read")
        if files:
            return _of_files(files, name)
    return found


def _whole(folder: Path, name: str) -> Found:
    """A folder that is saved data, or has images: by the table that says what they show, if any, or by its folders."""
    if all((folder / file).is_file() for file in _SAVED):
        return Found("saved", name, (str(folder),))
    tables = [folder / table for table in _METADATA if (folder / table).is_file()]
    return _of_files(tables[:1], name) if tables else Found("folders", name, (str(folder),))


def _shards(folder: Path) -> tuple[str, ...]:
    """The tables of a pairs dataset, once it is known to be whole."""
    try:
        dataset = open_dataset(folder)
    except CaptioningError as error:
        raise PretrainingError(str(error)) from None
    count = dataset.manifest.counts.shards
    return tuple(str(folder / "shards" / f"{shard_name(shard)}.parquet") for shard in range(count))


def _chosen(splits: dict[str, list[Path]], name: str, split: str | None) -> list[Path]:
    wanted = next((key for key, aliases in SPLITS.items() if split in (key, *aliases)), split or "train")
    if split is None and len(splits) == 1:
        [wanted] = splits
    if wanted not in splits:
        raise PretrainingError(f"{name}: has no split {wanted}; it has {', '.join(splits)}")
    try:
        check_one(wanted, splits[wanted])
    except DatasetError as error:
        raise PretrainingError(str(error)) from None
    return splits[wanted]


def _of_files(files: Sequence[Path], name: str) -> Found:
    suffixes = {path.suffix.casefold() for path in files}
    kind = _KINDS.get(next(iter(suffixes)))
    if len(suffixes) > 1 or kind is None:
        kinds = ", ".join(suffix or "no ending" for suffix in sorted(suffixes))
        raise PretrainingError(
            f"{name}: files of this kind are not read together or at all ({kinds}); {_REMEDY}"
        )
    if kind in _ONE and len(files) > 1:
        raise PretrainingError(
            f"{name}: {len(files)} {files[0].suffix} files; name one, whose folder image paths start from"
        )
    return Found(kind, name, tuple(str(path) for path in files))
