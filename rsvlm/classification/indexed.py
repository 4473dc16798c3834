"""Rows of an index in place of images: classified by the vectors that it holds, and no image is opened."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.imagery.items import ChipOptions, ChipRef
from rsvlm.imagery.looks import TRUE_COLOUR
from rsvlm.models import Encoder
from rsvlm.retrieval import Index, is_index

from .errors import ClassificationError


def index_among(images: Any, encoder: Encoder) -> Index | None:
    """Return the index that is named in place of images; None where images are.

    Args:
        images: What `ZeroShotClassifier.classify` takes.
        encoder: Of the classifier, which must have made the index.

    Raises:
        ClassificationError: Images beside an index, several of them, or a pairs dataset.
        rsvlm.retrieval.RetrievalError: It is damaged, or another encoder made it.
    """
    listed = images if isinstance(images, list | tuple) else [images]
    places = [Path(one) for one in listed if isinstance(one, str | os.PathLike)]
    for place in places:
        if is_pairs_dataset(place):  # a few pictures lie in it to be looked at, and would pass for all
            raise ClassificationError(
                f"{place}: is a pairs dataset, no imagery: rsvlm index build {place} --out index/, then "
                "rsvlm classify index/"
            )
    found = [place for place in places if is_index(place)]
    if not found:
        return None
    if len(listed) > 1:
        raise ClassificationError(
            f"{found[0]} is an index, and {len(listed) - 1} more things are named: classify it by itself"
        )
    return Index(found[0], encoder)


def check_as_cut(options: ChipOptions, views: Sequence[str]) -> None:
    """Refuse to read chips of an index in another way than they were read when it was built.

    Raises:
        ClassificationError: An option of reading or cutting, or views beyond true colour.
    """
    if (
        options.chips == "grid"
        or replace(options, chips=None) != ChipOptions()
        or tuple(views) != (TRUE_COLOUR,)
    ):
        raise ClassificationError(
            "an index holds vectors of chips as they were cut and read when it was built: leave out views and the "
            "options of reading and cutting, or name the images"
        )


def chip_refs(index: Index, numbers: Any) -> list[ChipRef]:
    """Return which chips rows of an index are of."""
    return [_ref(row) for row in index.rows(numbers).to_pylist()]


def _ref(row: dict[str, Any]) -> ChipRef:
    when: datetime | None = row["datetime"]
    box = (row["west"], row["south"], row["east"], row["north"])
    x, y, width, height = row["window"] or (0, 0, 0, 0)
    return ChipRef(
        image=row["image"] or row["key"],
        key=row["key"],
        window=(x, y, width, height),
        bbox=None if None in box else box,
        gsd=row["gsd"],
        datetime=None if when is None else when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
