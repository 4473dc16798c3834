"""A pairs dataset, as `rsvlm caption` writes it, as a data set to evaluate on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rsvlm.captioning.dataset import PairsDataset, open_dataset
from rsvlm.captioning.errors import CaptioningError
from rsvlm.shards import shard_name

from .errors import DatasetError
from .parquet_files import ImageColumn, StoredImage
from .sets import EvalSet
from .sources import records

_COLUMNS = ("key", "caption", "labels", "bbox", "datetime")


def is_pairs_dataset(folder: Path) -> bool:
    """Whether a folder is one, finished or not."""
    return (folder / "manifest.json").is_file() and (folder / "shards").is_dir()


def read_pairs(pairs: PairsDataset | Path) -> EvalSet:
    """Return the chips of a dataset with their captions, the middles of their footprints, times and scene classes.

    An image is read from its shard when its turn comes; a pair without one fails then, as its own item.

    Raises:
        DatasetError: It is unfinished, damaged or empty.
    """
    try:
        opened = open_dataset(pairs) if isinstance(pairs, Path) else pairs
        rows = list(opened.rows(_COLUMNS))
    except CaptioningError as error:
        raise DatasetError(str(error)) from None
    shards = [
        opened.folder / "shards" / f"{shard_name(number)}.parquet"
        for number in range(opened.manifest.counts.shards)
    ]
    scenes = tuple(tuple(row["labels"]["scene"] or ()) for row in rows)
    return EvalSet(
        name=opened.folder.resolve().name,
        images=[StoredImage(column, row) for column in map(ImageColumn, shards) for row in range(column.n)],
        keys=tuple(row["key"] for row in rows),
        labels=scenes if any(scenes) else None,
        captions=tuple((row["caption"],) for row in rows),
        places=middles([row["bbox"] for row in rows]),
        times=tuple(row["datetime"] for row in rows),
        multi_label=any(len(names) > 1 for names in scenes),
        sources=records([opened.folder / "manifest.json"]),
    )


def middles(boxes: Sequence[Sequence[float] | None]) -> NDArray[np.float64] | None:
    """Return (n, 2) longitude and latitude of footprints, NaN where there is none; None where there is none at all.

    Args:
        boxes: West, south, east, north in degrees; west is above east across the antimeridian.
    """
    if not any(boxes):
        return None
    west, south, east, north = np.array([box or [np.nan] * 4 for box in boxes]).T
    middle = (west + np.where(east < west, east + 360, east)) / 2
    return np.stack([np.where(middle > 180, middle - 360, middle), (south + north) / 2], axis=1)
