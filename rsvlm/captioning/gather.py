"""Gathering what is known of each chip of a frame: map objects, land cover, whole-image names."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.imagery import Grid
from rsvlm.imagery.frames import Frame

from .labels import Labels, ObjectLabel
from .landcover import CoverReading, LandCoverSource
from .osm import ChipObjects, ObjectTable, open_cached, pixel_stretch
from .plan import ChipRange
from .unknown import InferredTag, extended

LEAST_LABELLED = 0.05
"""Share of a chip that must have land-cover labels: below it a caption would speak of a corner as of the whole."""


LEAST_SEEN = 0.5
"""Share of an object's box that must be seen for the object to count, where a part of a chip is nodata or cloud."""


class ChipLabels(NamedTuple):
    """What is known of a chip.

    Attributes:
        labels: Its labels; land cover is left out where less than `LEAST_LABELLED` of the chip has any.
        labelled: The share that has.
        unknown: Land-cover codes met that the legend does not know, with their pixels.
    """

    labels: Labels
    labelled: float
    unknown: dict[int, int]


@lru_cache(maxsize=1)
def _table(path: Path) -> ObjectTable:
    """The parsed extract, memory-mapped, once a process."""
    return open_cached(path)


def why_no_object(path: Path) -> str:
    """Why no object at all of a parsed extract is used, "" where some are."""
    return _table(path).why_none()


@lru_cache(maxsize=2)
def _located(path: Path, grid: Grid, inferred: tuple[InferredTag, ...]) -> ChipObjects:
    """The extract in the pixels of one image: a large image is many shards, so it is kept for the next one."""
    return ChipObjects(_table(path), grid, extended(inferred))


def gather(
    part: ChipRange,
    objects_file: Path | None,
    landcover: LandCoverSource | None,
    inferred: tuple[InferredTag, ...] = (),
) -> list[ChipLabels]:
    """Labels of the chips of one frame, in order."""
    frame, windows, focus = part
    objects: list[list[ObjectLabel]] = [[] for _ in windows]
    if objects_file is not None:
        objects = _located(objects_file, frame.grid, inferred).labels(windows, focus)
    return [
        _one(frame, window.tolist(), found, landcover)
        for window, found in zip(np.asarray(windows), objects, strict=True)
    ]


def seen_labels(
    found: ChipLabels,
    seen: NDArray[np.bool_],
    frame: Frame,
    window: list[int],
    landcover: LandCoverSource | None,
) -> ChipLabels:
    """Labels of what can be seen of a chip: objects mostly in sight, and the land cover of its valid pixels.

    Without the object that a chip is centred on, none of its neighbours counts: they are told by it.

    Args:
        found: All that is known of the chip.
        seen: (H, W) its pixels that are neither nodata, masked nor cloud.
        frame: Its image.
        window: Where it was cut from that.
        landcover: Where its land cover was read.
    """
    objects = found.labels["objects"]
    kept = [one for one in objects if _share_seen(one["box"], seen) >= LEAST_SEEN]
    if any(one["role"] == "focus" for one in objects) and all(one["role"] != "focus" for one in kept):
        kept = []
    return _one(frame, window, kept, landcover, seen)


def _share_seen(box: Sequence[float], seen: NDArray[np.bool_]) -> float:
    """Which share of a box of pixels is seen; a point is the pixel that it lies in."""
    height, width = seen.shape
    x0, y0 = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    part = seen[y0 : max(math.ceil(box[3]), y0 + 1), x0 : max(math.ceil(box[2]), x0 + 1)]
    return float(part.mean())


def _one(
    frame: Frame,
    window: list[int],
    objects: list[ObjectLabel],
    landcover: LandCoverSource | None,
    seen: NDArray[np.bool_] | None = None,
) -> ChipLabels:
    x, y, width, height = window
    grid = frame.grid.window(x, y, width, height)
    reading = CoverReading(None, {})
    if landcover is not None:
        size = (frame.grid.width, frame.grid.height)
        reading = landcover.labels(
            frame.title, grid, window=(x, y, width, height), scene_size=size, seen=seen
        )
    labelled = reading.landcover["coverage"] if reading.landcover else 0.0
    whole = (width, height) == (frame.grid.width, frame.grid.height)
    labels = Labels(
        width=width,
        height=height,
        gsd=grid.gsd,
        north_up=grid.north_up,
        objects=objects,
        landcover=reading.landcover if labelled >= LEAST_LABELLED else None,
        # names of a whole image say nothing sure about a part of it
        scene=list(frame.scene_names) if whole else [],
    )
    if objects and (stretch := pixel_stretch(grid)) != 1:
        labels["stretch"] = round(stretch, 4)
    return ChipLabels(labels, labelled, reading.unknown)
