"""A .json with captions as a table: a list of records, Karpathy's form, or COCO's."""

import json
from pathlib import Path

import datasets

from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.karpathy import read_karpathy, splits_inside
from rsvlm.datasets.textfiles import read_utf8
from rsvlm.pretraining.errors import PretrainingError


def read_document(file: Path, split: str | None) -> datasets.Dataset:
    """Return a record a row, or with "images" an image a row with all of its captions.

    Args:
        file: The .json.
        split: Which images, where it divides them; None: "train", and all where it does not.

    Raises:
        PretrainingError: It is none of these, or has no such split.
    """
    try:
        content = json.loads(read_utf8(file))
        if isinstance(content, list):
            return _of_records(file, content, split)
        return _of_images(file, split)
    except DatasetError as error:
        raise PretrainingError(str(error)) from None
    except (json.JSONDecodeError, RecursionError):
        raise PretrainingError(f"{file}: is no JSON") from None


def _of_images(file: Path, split: str | None) -> datasets.Dataset:
    if split is None and splits_inside(file):
        split = "train"
    found = read_karpathy(file, split=split)
    return datasets.Dataset.from_dict(
        {
            "image": [str(Path(str(image)).absolute()) for image in found.images],
            "captions": [list(texts) for texts in found.captions or ()],
            "key": list(found.keys),
        }
    )


def _of_records(file: Path, rows: list[object], split: str | None) -> datasets.Dataset:
    if split is not None:
        raise PretrainingError(f"{file}: has no splits; leave out split={split}")
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise PretrainingError(
            f'{file}: is no list of records, such as [{{"image": "a.png", "caption": "a roof"}}]'
        )
    return datasets.Dataset.from_list(rows)
