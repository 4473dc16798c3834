"""One shard of a captioning run: chips in, pairs on disk out. A pure function of its description."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from rsvlm.imagery import Chip, ImageryError, SceneReader
from rsvlm.imagery.frames import Frame

from .chatearthnet import LEAST_LABELLED
from .compose import compose
from .dataset.problems import Problem
from .dataset.row import Caption, Pair, Source
from .dataset.writer import ShardWriter
from .errors import CaptioningError
from .gather import LEAST_LABELLED as LEAST_TOLD
from .gather import ChipLabels, gather, seen_labels, why_no_object
from .labels import OVERALL, Labels
from .landcover import LandCoverSource
from .plan import ChipRange
from .rewrite import Rewriter, RewriteTally, rewrite
from .settings import CaptionSettings
from .unknown import InferredTag

JPEG_QUALITY = 95
"""Little loss on 64-pixel chips, and a third of the size of PNG."""


@dataclass(frozen=True)
class ShardTask:
    """All that a worker process needs for one shard: plain paths, settings and windows.

    Attributes:
        settings: The run's settings.
        parts: The shard's chips, by frame.
        objects_file: The parsed extract in the cache.
        landcover: Where land cover is read.
        osm_source: Name, licence and attribution of the map. landcover_source: of the land cover.
        inferred: Tags outside of the vocabulary that the extract was parsed with.
        rewriter: Who rewrites the captions; None leaves them as the templates made them.
    """

    settings: CaptionSettings
    parts: list[ChipRange]
    objects_file: Path | None
    landcover: LandCoverSource | None
    osm_source: Source | None
    landcover_source: Source | None
    inferred: tuple[InferredTag, ...] = ()
    rewriter: Rewriter | None = None


@dataclass
class _Tally:
    """What a shard came to, for its stats file."""

    problems: list[Problem] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    styles: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    rejected: list[list[str]] = field(default_factory=list)
    chips: int = 0
    rewriting: RewriteTally = field(default_factory=RewriteTally)


def caption_shard(description: dict[str, Any]) -> dict[str, Any]:
    """Caption the chips of one shard and write its pairs.

    Args:
        description: `shard` (its number), `folder` (of the shards) and `task` (a `ShardTask`).

    Returns:
        Counts, problems (source, key, kind, reason) and file sizes, as the shard protocol keeps them.
    """
    task: ShardTask = description["task"]
    tally = _Tally()
    writer = ShardWriter(Path(description["folder"]), description["shard"])
    pairs: Iterator[Pair] = (pair for part in task.parts for pair in _pairs(part, task, tally))
    if task.rewriter is not None:
        pairs = rewrite(pairs, task.rewriter, tally.rewriting)
    with writer:
        for pair in pairs:
            tally.styles.update(caption["style"] for caption in pair.captions)
            writer.add(pair)
    stats = writer.stats() | {
        "chips": tally.chips,
        "labelled_by": dict(sorted(tally.sources.items())),
        "captions": dict(sorted(tally.styles.items())),
        "unknown_codes": dict(sorted(tally.unknown.items())),
        "problems": [list(problem) for problem in tally.problems],
        "rejected": tally.rejected,
    }
    return stats if task.rewriter is None else stats | {"rewriting": tally.rewriting.to_dict()}


def _pairs(part: ChipRange, task: ShardTask, tally: _Tally) -> Iterator[Pair]:
    """The pairs of one frame's chips; chips without one are noted in the tally."""
    frame = part.frame
    try:
        found = gather(part, task.objects_file, task.landcover, task.inferred)
    except (CaptioningError, ImageryError) as error:
        tally.chips += len(part.windows)
        tally.problems.append(Problem(frame.title, "", "labels", str(error)))
        return
    reader = SceneReader(frame.scene) if frame.scene else None
    try:
        for window, labels in zip(part.windows.tolist(), found, strict=True):
            tally.chips += 1
            key = chip_key(frame, window)
            try:
                pair = _pair(key, frame, reader, window, labels, task, tally)
            except ImageryError as error:
                tally.problems.append(Problem(frame.title, key, "unreadable", str(error)))
                continue
            if pair is not None:
                yield pair
    finally:
        if reader is not None:
            reader.close()


def chip_key(frame: Frame, window: list[int]) -> str:
    """Name of a chip: of its frame, and where it was cut unless it is the whole of it."""
    x, y, width, height = window
    if (x, y, width, height) == (0, 0, frame.grid.width, frame.grid.height):
        return frame.name
    size = f"{width}" if width == height else f"{width}x{height}"
    return f"{frame.name}_{x:05d}_{y:05d}_{size}"


def _pair(
    key: str,
    frame: Frame,
    reader: SceneReader | None,
    window: list[int],
    found: ChipLabels,
    task: ShardTask,
    tally: _Tally,
) -> Pair | None:
    """One chip's pair, or None with its reason noted. Words come first: a chip that nothing is known of is not read."""
    if task.landcover is not None:
        tally.unknown.update({task.landcover.show(code): pixels for code, pixels in found.unknown.items()})
    styles, seed = task.settings.chosen_styles(), task.settings.seed
    captions, rejected = compose(found.labels, styles, seed, key)
    image, hidden = None, False
    if captions and reader is not None:
        x, y, width, height = window
        chip = reader.read(x, y, width, height, bands=reader.scene.shown)
        valid = float(chip.valid.mean())
        if valid < task.settings.min_valid:
            reason = (
                f"{valid:.0%} of the pixels are valid, less than --min-valid {task.settings.min_valid:.0%}"
            )
            tally.problems.append(Problem(frame.title, key, "too little valid area", reason))
            return None
        if valid < 1:
            known = found
            found = seen_labels(known, chip.valid, frame, window, task.landcover)
            hidden = bool(known.labels["objects"])
            captions, rejected = compose(found.labels, styles, seed, key)
        image = encode(chip)
    tally.rejected += [[key, bad.style, bad.text, "; ".join(bad.problems)] for bad in rejected]
    if not captions:
        tally.problems.append(Problem(frame.title, key, *_why_silent(found, task, bool(rejected), hidden)))
        return None
    labels = found.labels
    used = _used(labels, captions[0].style)
    tally.sources.update(used)
    grid = frame.grid.window(*window)
    return Pair(
        key=key,
        image=image,
        format=None if image is None else "jpg",
        caption=captions[0].text,
        style=captions[0].style,
        captions=[Caption(style=variant.style, text=variant.text) for variant in captions],
        labels=labels,
        bbox=grid.bbox_if_any(),
        crs=grid.crs,
        gsd=grid.gsd,
        datetime=frame.scene.datetime if frame.scene else None,
        sources=_sources(frame, labels, task),
        verified=True,
    )


def _why_silent(found: ChipLabels, task: ShardTask, rejected: bool, hidden: bool) -> tuple[str, str]:
    """Kind and reason of a chip without a caption; `hidden` where objects may lie under pixels without data."""
    if rejected:
        return (
            "failed the check",
            "every caption made for it failed the check; see `rejected` in the shard's statistics",
        )
    lacking = []
    labels = found.labels
    chosen = task.settings.chosen_styles()
    natural = found.labelled >= LEAST_TOLD and not any(style.startswith("natural") for style in chosen)
    if task.objects_file is not None and not labels["objects"]:
        lacking.append(
            "its map objects, or the one that it is centred on, lie in pixels without data"
            if hidden
            else why_no_object(task.objects_file)
            or "no map object that can be seen at this ground sample distance"
        )
    if task.landcover is not None and found.labelled < LEAST_LABELLED:
        lacking.append(
            f"only {found.labelled:.1%} of it has land-cover labels"
            + " (style natural tells of what has)" * natural
            if found.labelled
            else "no labelled land-cover class"
        )
    return "nothing to say", "; ".join(lacking) or f"its labels give style {', '.join(chosen)} nothing to say"


def _nothing_labelled(labels: Labels) -> bool:
    cover = labels["landcover"]
    return cover is None or not cover["regions"][OVERALL]


def _used(labels: Labels, style: str) -> list[str]:
    """Which kinds of label stand behind the caption."""
    used = []
    if labels["objects"] and style.startswith(("natural", "skyscript")):
        used.append("map objects")
    if not _nothing_labelled(labels) and style.startswith(("natural", "chatearthnet")):
        used.append("land cover")
    if labels["scene"] and style.startswith(("natural", "scene")):
        used.append("whole-image names")
    return used


def _sources(frame: Frame, labels: Labels, task: ShardTask) -> list[Source]:
    """Whom to credit: the imagery, and every kind of label that the chip holds."""
    sources = []
    if frame.scene is not None:
        scene, settings = frame.scene, task.settings
        sources.append(
            Source(
                name=frame.title,
                licence=scene.licence or settings.imagery_licence,
                attribution=scene.attribution or settings.imagery_attribution,
                url=scene.url,
            )
        )
    if task.osm_source and labels["objects"]:
        sources.append(task.osm_source)
    if task.landcover_source and labels["landcover"]:
        sources.append(task.landcover_source)
    return sources


def encode(chip: Chip) -> bytes:
    """The shown bands as a JPEG file (4:4:4, so that colour stays as sharp as brightness)."""
    file = io.BytesIO()
    Image.fromarray(chip.rgb()).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return file.getvalue()
