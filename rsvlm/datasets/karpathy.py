"""Captions in the form of Karpathy's json: dataset_rsicd.json, dataset_rsitmd.json, dataset_UCM.json and their like."""

import json
from pathlib import Path
from typing import Any

from .errors import DatasetError
from .repeats import one_row_an_image
from .sets import EvalSet, unique_keys
from .sources import records
from .splits import split_name
from .textfiles import read_utf8


def read_karpathy(
    path: Path, images: Path | None = None, *, split: str | None = "test", name: str | None = None
) -> EvalSet:
    """Read {"images": [{"filename", "split", "sentences": [{"raw"}]}]}, or captions as COCO has them.

    Args:
        path: The json.
        images: The folder of the images; None: where the first image is found, beside the json or in a folder there.
        split: "train", "val" (or "validation") or "test"; None takes all.
        name: The data set's; None: what the json calls itself, else the name of its file.

    Raises:
        DatasetError: It is no such json, or the split is empty.
    """
    rows, title = _rows(path)
    here = [row for row in rows if split is None or _split(row) == split_name(split)]
    if not here:
        there = ", ".join(sorted({str(row.get("split")) for row in rows}))
        raise DatasetError(f"{path}: has no image of the split {split}; its splits are {there or 'none'}")
    files = [row["filename"] for row in here]
    folder = images or _folder(path.parent, files[0])
    found = EvalSet(
        name=name or title or path.stem.removeprefix("dataset_"),
        images=[str(folder / file) for file in files],
        keys=unique_keys(files),
        captions=tuple(tuple(_sentence(path, row, one) for one in row.get("sentences", ())) for row in here),
        split=None if split is None else split_name(split),
        sources=records([path]),
    )
    return one_row_an_image(found, files)


def splits_inside(path: Path) -> tuple[str, ...]:
    """Return the splits that a json divides its images into, sorted; none where it says nothing of them.

    Raises:
        DatasetError: It is no such json.
    """
    return tuple(sorted({split for row in _rows(path)[0] if (split := _split(row)) is not None}))


def _rows(path: Path) -> tuple[list[dict[str, Any]], str | None]:
    try:
        content = json.loads(read_utf8(path))
        rows = _of_coco(content) if "annotations" in content else content["images"]
        bad = next((n for n, row in enumerate(rows) if not isinstance(row["filename"], str)), None)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DatasetError(
            f"{path}: is no json with `images`, each of them with its `filename` (or COCO's captions)"
        ) from None
    if bad is not None:
        raise DatasetError(f"{path}: image {bad} has no `filename`")
    title = content.get("dataset")
    return rows, title if isinstance(title, str) and title else None


def _of_coco(content: dict[str, Any]) -> list[dict[str, Any]]:
    """COCO's images and the captions among its annotations, in Karpathy's form; nothing says what split they are."""
    said: dict[Any, list[dict[str, str]]] = {}
    for one in content["annotations"]:
        said.setdefault(one["image_id"], []).append({"raw": one["caption"]})
    return [{"filename": one["file_name"], "sentences": said.get(one["id"], [])} for one in content["images"]]


def _split(row: dict[str, Any]) -> str | None:
    found = row.get("split")
    return split_name(found) if isinstance(found, str) else None


def _sentence(path: Path, row: dict[str, Any], sentence: Any) -> str:
    raw = sentence.get("raw") if isinstance(sentence, dict) else None
    if not isinstance(raw, str):
        raise DatasetError(f"{path}: a sentence of {row['filename']} has no `raw` text")
    return raw


def _folder(here: Path, file: str) -> Path:
    """The folder with the images; the json's own where the first image is nowhere."""
    below = sorted(path for path in here.iterdir() if path.is_dir())
    return next((folder for folder in (here, *below) if (folder / file).is_file()), here)
