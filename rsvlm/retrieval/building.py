"""Images to vectors and rows: in shards that are done once, whatever happens in between."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.imagery import ChipReader
from rsvlm.imagery.frames import fingerprint
from rsvlm.imagery.items import ChipOptions, Item, PathLike
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.imagery.planning import Planned, items_at, plan_images
from rsvlm.models import Encoder, encode_stream
from rsvlm.shards import (
    ShardError,
    atomic_write,
    done_stats,
    merge_stats,
    open_run,
    run_shards,
    shard_name,
)

from .errors import RetrievalError
from .parts import Vectors, unit_vectors
from .rows import SCHEMA, table_of

SHARD_SIZE = 4096
"""Chips that are encoded between two stops: what a killed run loses at most."""

WORK = ".encoding"
"""Folder below the index, of what is encoded and not yet in it."""

Progress = Callable[[int, int], None]


@dataclass
class BuildReport:
    """What became of the images.

    Attributes:
        images: Files.
        chips: Chips of them, those that failed included.
        failed: Chips without a vector.
        resumed: Chips that an earlier run had encoded.
        reasons: Why chips failed, and how many for each reason.
        failures: The first of them: the image, and why.
    """

    images: int = 0
    chips: int = 0
    failed: int = 0
    resumed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Encoded:
    """What was encoded: the vectors, some at a time, and their rows."""

    blocks: Callable[[], Iterator[Vectors]]
    table: pa.Table


@contextmanager
def encoded_images(
    images: Sequence[PathLike],
    folder: Path,
    encoder: Encoder,
    options: ChipOptions,
    *,
    licence: str | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    report: BuildReport,
) -> Iterator[Encoded]:
    """Encode images; what was done is kept in the folder until the context is left without an error.

    Args:
        images: Files, folders, globs, products.
        folder: Of the index, made where it is missing.
        encoder: What makes the vectors.
        options: How images are read and cut.
        licence: Of all of them.
        batch_size: Pictures a call of the encoder; None: its own.
        progress: Called with chips done and chips in all.
        report: Gets the counts.

    Raises:
        RetrievalError: There is no image, or none of them can be read.
        rsvlm.shards.ShardError: Another run is at it, or the disk is full.
    """
    planned = plan_images(images, options)
    total = sum(len(one.windows) for one in planned)
    report.images, report.chips = len(planned), total
    if not total:
        raise RetrievalError(f"no image in {', '.join(map(str, images)) or 'an empty list'}")
    work = folder / WORK
    _forget_others(work, config := _config(planned, encoder, options, licence))
    with open_run(work, config) as run:
        step = _stepping(total, progress)
        shards = ({"shard": n, "first": first} for n, first in enumerate(range(0, total, SHARD_SIZE)))
        task = partial(
            _encode_shard, planned, encoder, options, licence, batch_size, folder=run.shards, step=step
        )
        summary = run_shards(
            task, shards, run, progress=lambda one: step(one.stats["chips"]) if one.skipped else None
        )
        if summary.failures:
            raise ShardError(
                f"shard {summary.failures[0].shard} failed with {summary.failures[0].error}; "
                "what is done is kept: run the same command again"
            )
        report.resumed = min(summary.skipped * SHARD_SIZE, total)
        counts: dict[str, Any] = {}
        names = []
        for number in range(-(-total // SHARD_SIZE)):
            stats = done_stats(run, number) or {}
            merge_stats(counts, stats)
            report.failures += map(tuple, stats["failures"])
            names.append(run.shards / shard_name(number))
        report.failed = counts["failed"]
        report.reasons.update(counts.get("reasons", {}))
        if report.failed == total:
            image, reason = report.failures[0]
            raise RetrievalError(f"none of {total} chips can be read; the first, {image}: {reason}")
        table = pa.concat_tables([pq.read_table(f"{name}.parquet", schema=SCHEMA) for name in names])
        yield Encoded(lambda: _blocks(names, encoder.dimension), table)
    shutil.rmtree(work, ignore_errors=True)


def _encode_shard(
    planned: Sequence[Planned],
    encoder: Encoder,
    options: ChipOptions,
    licence: str | None,
    batch_size: int | None,
    description: dict[str, Any],
    *,
    folder: Path,
    step: Callable[[int], None],
) -> dict[str, Any]:
    first = description["first"]
    total = sum(len(one.windows) for one in planned)
    items = items_at(planned, np.arange(first, min(first + SHARD_SIZE, total)))
    vectors, rows, failures = [], [], []
    with ChipReader() as reader:
        load = loader(reader, options.min_valid)
        stream = encode_stream(
            encoder, items, lambda item: load(Look(item, TRUE_COLOUR)), batch_size=batch_size
        )
        with closing(stream):  # type: ignore[type-var] # a generator
            for one in stream:
                if one.vector is None:
                    failures.append((one.item.ref.image, one.error or "the encoder gave nothing"))
                else:
                    vectors.append(one.vector)
                    rows.append(row_of(one.item, licence))
                step(1)
    name = shard_name(description["shard"])
    block = np.stack(vectors) if vectors else np.empty((0, encoder.dimension), np.float32)
    with atomic_write(folder / f"{name}.f32") as temporary:
        (unit_vectors(block) if len(block) else block).astype("<f4").tofile(temporary)
    with atomic_write(folder / f"{name}.parquet") as temporary:
        pq.write_table(table_of(rows), temporary)
    return {
        "chips": len(items),
        "failed": len(failures),
        "reasons": dict(Counter(reason for _, reason in failures).most_common(20)),
        "failures": failures[:20],
        "files": {f"{name}.{end}": (folder / f"{name}.{end}").stat().st_size for end in ("f32", "parquet")},
    }


def row_of(item: Item, licence: str | None = None) -> dict[str, Any]:
    """What an index keeps of a chip. Its key is the image's path, with the window where it is not the whole image."""
    ref = item.ref
    path = Path(os.path.abspath(ref.image)).as_posix()  # noqa: PTH100 - resolve() would follow links
    west, south, east, north = ref.bbox or (None, None, None, None)
    grid = None if item.scene is None else item.scene.grid
    whole = grid is not None and ref.window == (0, 0, grid.width, grid.height)
    return {
        "key": path if whole else f"{path}#{','.join(map(str, ref.window))}",
        "image": path,
        "window": None if whole else list(ref.window),
        "west": west, "south": south, "east": east, "north": north,
        "datetime": moment(ref.datetime),
        "gsd": ref.gsd,
        "licence": licence,
    }  # fmt: skip


def moment(text: str | None) -> datetime | None:
    """A time as rows have it: in UTC; None where there is none, or what is there is no time."""
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _config(
    planned: Sequence[Planned], encoder: Encoder, options: ChipOptions, licence: str | None
) -> dict[str, Any]:
    """All that decides what is encoded: settings, and the contents of the images."""
    digest = hashlib.sha256()
    for one in planned:
        content = fingerprint(one.scene.path) if one.scene else {"error": one.error}
        digest.update(repr((one.path, content)).encode("utf-8"))
    return {
        "encoder": {"name": encoder.name, "revision": encoder.revision},
        "chips": {**asdict(options), "bands": options.bands and list(options.bands)},
        "licence": licence,
        "images": {"count": len(planned), "sha256": digest.hexdigest()},
    }


def _forget_others(work: Path, config: dict[str, Any]) -> None:
    """Clear away what was encoded for another command, unless that one is running."""
    if not (work / "run.json").exists():
        return
    try:
        with open_run(work, config):
            return
    except ShardError as error:
        if "another run is writing" in str(error):
            raise
    shutil.rmtree(work, ignore_errors=True)


def _stepping(total: int, progress: Progress | None) -> Callable[[int], None]:
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    step(0)
    return step


def _blocks(names: Sequence[Path], dimension: int) -> Iterator[Vectors]:
    for name in names:
        yield np.fromfile(f"{name}.f32", "<f4").reshape(-1, dimension)
