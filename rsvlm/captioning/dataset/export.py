"""A pairs dataset in the formats of the projects that it follows: SkyScript's csv and ChatEarthNet's json."""

import csv
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from rsvlm.shards import shard_name

from ..errors import CaptioningError
from .reader import PairsDataset

ExportFormat = Literal["skyscript", "chatearthnet"]
COLUMNS = ["key", "image", "caption", "captions"]


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        file: The file of captions.
        pairs: How many it holds.
        without_image: Pairs left out for want of an image.
        other_style: Pairs that have no caption of the format's own styles, and came with another one.
    """

    file: Path
    pairs: int
    without_image: int
    other_style: int


def export_dataset(dataset: PairsDataset, out: Path, form: ExportFormat) -> Exported:
    """Write a dataset in another project's format, with its images as files beside.

    Args:
        dataset: From `open_dataset`.
        out: A new or empty folder; it appears when all is written.
        form: `skyscript` (captions.csv) or `chatearthnet` (captions.json).

    Raises:
        CaptioningError: The folder holds something, or a shard cannot be read.
    """
    with _new_folder(out) as folder:
        if form == "skyscript":
            name, counts = "captions.csv", _skyscript(dataset, folder / "captions.csv")
        else:
            name, counts = "captions.json", _chatearthnet(dataset, folder / "captions.json")
    return Exported(out / name, *counts)


def _skyscript(dataset: PairsDataset, file: Path) -> tuple[int, int, int]:
    """SkyScript's table; the single- and the multi-object caption where there are such."""
    pairs = left = other = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["filepath", "title", "title_multi_objects"])
        for shard in range(dataset.manifest.counts.shards):
            # a folder a shard: some file systems are slow with millions of files in one
            folder = f"images/{shard_name(shard)}"
            for row in dataset.shard_rows(shard, COLUMNS):
                if row["image"] is None:
                    left += 1
                    continue
                own = caption_of(row, "skyscript")
                other += own is None
                single = own or row["caption"]
                many = caption_of(row, "skyscript-multi") or caption_of(row, "natural-long") or single
                table.writerow([_save_image(file.parent, folder, row), single, many])
                pairs += 1
    return pairs, left, other


def _chatearthnet(dataset: PairsDataset, file: Path) -> tuple[int, int, int]:
    """ChatEarthNet's list of `{"image": name, "caption": text}`; images lie in images/ under that name."""
    pairs = left = other = 0
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("[")
        for row in dataset.rows(COLUMNS):
            if row["image"] is None:
                left += 1
                continue
            name = Path(_save_image(file.parent, "images", row)).name
            own = caption_of(row, "chatearthnet")
            other += own is None
            entry = {"image": name, "caption": own or row["caption"]}
            _write_entry(stream, entry, first=pairs == 0)
            pairs += 1
        stream.write("\n]\n")
    return pairs, left, other


def _write_entry(stream: TextIO, entry: Mapping[str, str], *, first: bool) -> None:
    stream.write(("" if first else ",") + "\n" + json.dumps(entry, ensure_ascii=False))


def caption_of(row: Mapping[str, Any], style: str) -> str | None:
    """A row's caption of a style, or None."""
    return next((variant["text"] for variant in row["captions"] if variant["style"] == style), None)


def _save_image(out: Path, folder: str, row: Mapping[str, Any]) -> str:
    """Write a row's image under its own name; returns its path from `out`, with slashes on every system."""
    given = str(row["image"]["path"])
    if given != Path(given).name or given in ("", ".", "..") or "\\" in given:
        raise CaptioningError(f"an image of the dataset is called {given!r}, which is no name of a file")
    name = f"{folder}/{given}"
    (out / folder).mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(row["image"]["bytes"])
    return name


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder that takes the place of `out` when all went well, and is removed when not."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CaptioningError(f"{out}: exists already; name a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # of an export that was killed
    temporary.mkdir()
    try:
        yield temporary
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
