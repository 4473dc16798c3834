"""The plan of a captioning run: every chip that will be looked at, before any pixel is read."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.imagery import Failure, ImageryError, find_scenes
from rsvlm.imagery.frames import Frame, cut, image_frames, relative_titles, unique_names
from rsvlm.imagery.grid import BBox
from rsvlm.imagery.windows import Windows, sides_in_pixels
from rsvlm.vocabularies import Legend, TagVocabulary, load_legend, load_tags

from .classwords import check_words
from .dataset.problems import Problem
from .errors import CaptioningError
from .landcover import LandCoverSource
from .osm import ChipObjects, ObjectTable, default_cache, object_windows, read_objects
from .settings import CaptionSettings
from .unknown import Inferred, extended, infer_tags, resolve_encoder

_REASONS = 3
"""Reasons that are told where nothing can be captioned."""


class ChipRange(NamedTuple):
    """Some chips of one frame: windows (n, 4) of x, y, width, height, and the focus object's row in the table or -1."""

    frame: Frame
    windows: Windows
    focus: NDArray[np.int64]


@dataclass
class Plan:
    """All chips of a run, by frame, and what they are labelled with."""

    settings: CaptionSettings
    ranges: list[ChipRange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    legend: Legend | None = None
    landcover: LandCoverSource | None = None
    objects: ObjectTable | None = None
    objects_file: Path | None = None
    inferred: Inferred = field(default_factory=Inferred)

    @property
    def chips(self) -> int:
        """How many chips are planned."""
        return sum(len(part.windows) for part in self.ranges)

    def shards(self, size: int) -> Iterator[list[ChipRange]]:
        """The chips in order, `size` at a time; the last list may hold fewer."""
        shard: list[ChipRange] = []
        room = size
        for frame, windows, focus in self.ranges:
            start = 0
            while start < len(windows):
                stop = min(start + room, len(windows))
                shard.append(ChipRange(frame, windows[start:stop], focus[start:stop]))
                room -= stop - start
                start = stop
                if room == 0:
                    yield shard
                    shard, room = [], size
        if shard:
            yield shard


def make_plan(settings: CaptionSettings, cache: Path | None = None) -> Plan:
    """Find the images, read the map objects that touch them, and cut chips.

    Args:
        settings: What to do.
        cache: Folder for parsed extracts; None is the user's cache folder.

    Raises:
        CaptioningError: Nothing that can be captioned was found, or a source cannot be read.
    """
    plan = Plan(settings)
    if settings.landcover:
        plan.legend = load_legend(settings.legend)
        check_words(plan.legend)
        plan.landcover = LandCoverSource.open(settings.landcover, plan.legend, date=settings.landcover_date)
    frames = _find_frames(plan)
    if plan.landcover is not None and len(frames) > 1:
        plan.landcover = replace(plan.landcover, one_image=False)
    if settings.osm:
        frames = _place_needed(frames, plan)
        extents = [box for frame in frames if (box := frame.grid.bbox())]
        _read_map(plan, settings.osm, extents, cache)
    _expect_labels(frames, plan)
    for frame in frames:
        try:
            windows, focus = _cut(frame, plan)
        except (ImageryError, CaptioningError) as error:
            plan.problems.append(Problem(frame.title, "", "size", str(error)))
            continue
        if len(windows):
            plan.ranges.append(ChipRange(frame, windows, focus))
    if not plan.ranges:
        raise CaptioningError(_nothing(plan))
    if settings.limit is not None:
        _take(plan, settings.limit)
    return plan


def _read_map(plan: Plan, osm: str, extents: list[BBox], cache: Path | None) -> None:
    """Read the map, and once more where a style speaks of tags that the vocabulary does not know."""
    plan.objects, plan.objects_file = read_objects_cached(osm, extents, cache, load_tags())
    encoder = resolve_encoder(plan.settings.tag_encoder)
    speaks = "skyscript" in plan.settings.chosen_styles()
    plan.inferred = infer_tags(plan.objects.unknown, load_tags(), encoder if speaks else None)
    if plan.inferred.tags:
        vocabulary = extended(plan.inferred.tags)
        plan.objects, plan.objects_file = read_objects_cached(osm, extents, cache, vocabulary)


def read_objects_cached(
    osm: str, extents: list[BBox], cache: Path | None, vocabulary: TagVocabulary
) -> tuple[ObjectTable, Path]:
    """Parse an extract once; workers open the file that this leaves in the cache."""
    table = read_objects(osm, extents=extents, cache=cache or default_cache(), vocabulary=vocabulary)
    if table.path is None:
        raise CaptioningError(
            f"the parsed extract of {osm} could not be stored in {cache or default_cache()}"
        )
    return table, table.path


def _find_frames(plan: Plan) -> list[Frame]:
    settings = plan.settings
    if settings.images:
        scenes, failures = find_scenes(
            settings.images, sensor=settings.sensor, bands=settings.bands, stretch=settings.stretch
        )
        plan.problems += [_failure(failure) for failure in failures]
        return image_frames(scenes)
    if plan.landcover is None:
        raise CaptioningError("nothing to caption: name images, or a land-cover raster")
    rasters = plan.landcover.rasters()
    titles = relative_titles([raster.path for raster in rasters])
    names = unique_names([raster.name for raster in rasters], titles)
    return [
        Frame(name, title, raster.grid, None)
        for name, title, raster in zip(names, titles, rasters, strict=True)
    ]


def _failure(failure: Failure) -> Problem:
    return Problem(Path(failure.path).name, "", "unreadable", failure.reason)


def _place_needed(frames: list[Frame], plan: Plan) -> list[Frame]:
    """Images without a place cannot be matched with a map; each becomes a problem that says what would help."""
    placed = []
    for frame in frames:
        reason = (
            "no georeference, so --osm cannot be matched: add a world file with a .prj or a STAC item, "
            "or use --landcover of the same shape"
        )
        try:
            if frame.grid.bbox() is not None:
                placed.append(frame)
                continue
        except ImageryError as error:  # a full disk: its corners are not on the Earth
            reason = str(error)
        plan.problems.append(Problem(frame.title, "", "no place", reason))
    return placed


def _expect_labels(frames: list[Frame], plan: Plan) -> None:
    """Refuse a run that could not label a single chip, and land cover that contradicts itself under the images."""
    if plan.landcover is not None:
        for frame in frames:
            plan.landcover.check(frame.title, frame.grid)
    elif not plan.settings.osm and frames and not any(frame.scene_names for frame in frames):
        raise CaptioningError("the images bring no labels of their own: give --osm, --landcover or both")


def _cut(frame: Frame, plan: Plan) -> tuple[Windows, NDArray[np.int64]]:
    """Windows of a frame by the mode that the settings ask for."""
    settings, grid = plan.settings, frame.grid
    if settings.chips == "objects":
        if plan.objects is None:
            raise CaptioningError("--chips objects needs --osm")
        located = ChipObjects(plan.objects, grid, extended(plan.inferred.tags))
        size = None if settings.size is None else sides_in_pixels(settings.size, grid)
        windows, focus, skipped = object_windows(located, size=size, seed=settings.seed)
        plan.problems += [
            Problem(frame.title, "", "no tile fits", f"{n} objects: {why}") for why, n in skipped.items()
        ]
        return windows, focus
    windows = cut(grid, settings.chips, settings.size)
    if frame.scene is None and plan.landcover is not None:
        windows = windows[plan.landcover.covered(grid, windows)]
    return windows, np.full(len(windows), -1, dtype=np.int64)


def _take(plan: Plan, limit: int) -> None:
    """Keep a seeded choice of `limit` chips, in their order."""
    total = plan.chips
    if limit >= total:
        return
    chosen = np.sort(np.random.default_rng(plan.settings.seed).choice(total, limit, replace=False))
    kept, start = [], 0
    for frame, windows, focus in plan.ranges:
        mine = chosen[(chosen >= start) & (chosen < start + len(windows))] - start
        start += len(windows)
        if len(mine):
            kept.append(ChipRange(frame, windows[mine], focus[mine]))
    plan.ranges = kept


def _nothing(plan: Plan) -> str:
    if not plan.problems:
        return (
            "no chip could be cut: the images hold no object of --osm; check that they cover the same place"
        )
    sources: dict[str, list[str]] = {}
    for problem in plan.problems:
        sources.setdefault(problem.reason, []).append(problem.source)
    frequent = sorted(sources.items(), key=lambda one: -len(one[1]))
    parts = [
        f"{found[0]}{f' and {len(found) - 1:,} more' if len(found) > 1 else ''}: {reason}"
        for reason, found in frequent[:_REASONS]
    ]
    parts += [f"and {len(frequent) - _REASONS} other reasons"] if len(frequent) > _REASONS else []
    return f"nothing to caption: {'; '.join(parts)}"
