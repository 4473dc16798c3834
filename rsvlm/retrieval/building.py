"""Images to vectors and rows: in shards that are done once, whatever happens in between."""

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rsvlm.files import atomic_write
from rsvlm.imagery import ChipReader
from rsvlm.imagery.items import ChipOptions, PathLike
from rsvlm.models import Encoder, encode_stream
from rsvlm.models.needs import needs_of
from rsvlm.models.stream import fault_of
from rsvlm.shards import (
    BusyError,
    ShardError,
    ShardResult,
    check_engine,
    do_shards,
    merge_stats,
    open_run,
    shard_name,
    stats_of_all,
)

from .errors import RetrievalError
from .parts import unit_vectors
from .rows import SCHEMA, completed, table_of
from .sources import Sources
from .stored import Vectors

LOG = logging.getLogger(__name__)

SHARD_SIZE, LEAST_SHARD, SHARDS = 4096, 256, 16
"""Chips that are encoded between two stops, which a killed run loses at most: a sixteenth of all, from 256 to 4,096."""

WORK = ".encoding"
"""Folder below the index, of what is encoded and not yet in it."""

Progress = Callable[[int, int], None]


@dataclass
class BuildReport:
    """What became of the images.

    Attributes:
        chips: Images, or chips of them, those that failed included.
        failed: Those without a vector.
        resumed: Chips that an earlier run had encoded.
        reasons: Why chips failed, and how many for each reason.
        failures: The first of them: the image, and why.
        notes: What tables say of the images that could not be used.
    """

    chips: int = 0
    failed: int = 0
    resumed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
    engine: str = "local",
    workers: int = 1,
    progress: Progress | None = None,
    report: BuildReport,
) -> Iterator[Encoded]:
    """Encode images; what was done is kept in the folder until the context is left without an error.

    Args:
        images: Files, folders, globs, products, data sets, pairs datasets.
        folder: Of the index, made where it is missing.
        encoder: What makes the vectors.
        options: How images are read and cut.
        licence: Of all of them.
        batch_size: Pictures a call of the encoder; None: its own.
        engine: "local", which is this process; or "ray", where each worker loads the encoder once.
        workers: How many, with "ray".
        progress: Called with chips done and chips in all.
        report: Gets the counts.

    Raises:
        RetrievalError: There is no image, none of them can be read, or there are several workers in one process.
        rsvlm.shards.ShardError: Another run is at it, the disk is full, or shards failed.
    """
    check_engine(engine)
    if batch_size is not None and batch_size < 1:
        raise RetrievalError(f"batch_size {batch_size}: give one from 1, or None")
    if engine == "local" and workers != 1:
        raise RetrievalError(f"{workers} workers: engine local encodes in one process; take engine ray")
    sources = Sources(images, options, None)
    total = report.chips = len(sources)
    report.notes = sources.notes()
    if not total:
        raise RetrievalError(f"no image in {', '.join(map(str, images)) or 'an empty list'}")
    work = folder / WORK
    _forget_others(work, config := _config(sources, encoder, options))
    with open_run(work, config) as run:
        step = _stepping(total, progress)
        here = engine == "local"

        def note(one: ShardResult) -> None:
            if one.skipped or not here:
                step(one.stats.get("chips", 0))

        task = partial(_encode_shard, sources, encoder, batch_size, folder=run.shards)
        try:
            summary = do_shards(
                partial(task, step=step) if here else task,
                _slices(total),
                run,
                workers=workers,
                engine=engine,
                needs=needs_of(encoder),
                progress=note,
            )
        except ShardError as error:
            kind, _, reason = error.reason.partition(": ")
            if kind in ("RetrievalError", "ModelError"):  # of the encoder: it would come again
                raise RetrievalError(f"encoder {encoder.name}: {reason}") from None
            raise
        report.resumed = min(summary.skipped * _shard_size(total), total)
        counts: dict[str, Any] = {}
        names = []
        for number, stats in enumerate(stats_of_all(run, -(-total // _shard_size(total)))):
            merge_stats(counts, stats)
            report.failures += map(tuple, stats["failures"])
            names.append(run.shards / shard_name(number))
        report.failed = counts["failed"]
        report.reasons.update(counts.get("reasons", {}))
        if report.failed == total:
            image, reason = report.failures[0]
            raise RetrievalError(f"none of {total} chips can be read; the first, {image}: {reason}")
        table = pa.concat_tables([pq.read_table(f"{name}.parquet", schema=SCHEMA) for name in names])
        if licence is not None:  # not before: so nothing is encoded anew for another one
            place = SCHEMA.get_field_index("licence")
            table = table.set_column(place, SCHEMA.field(place), pc.fill_null(table["licence"], licence))
        yield Encoded(lambda: _blocks(names, encoder.dimension), completed(table))
    shutil.rmtree(work, ignore_errors=True)


def _slices(total: int) -> Iterator[dict[str, int]]:
    """One description a shard."""
    for number, first in enumerate(range(0, total, _shard_size(total))):
        yield {"shard": number, "first": first, "last": min(first + _shard_size(total), total)}


def _shard_size(total: int) -> int:
    return min(SHARD_SIZE, max(LEAST_SHARD, -(-total // SHARDS)))


def _encode_shard(
    sources: Sources,
    encoder: Encoder,
    batch_size: int | None,
    description: dict[str, Any],
    *,
    folder: Path,
    step: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    first, last = description["first"], description["last"]
    vectors, rows, failures = [], [], []
    with ChipReader() as reader:
        stream = encode_stream(
            encoder, sources.entries(first, last), lambda entry: entry.load(reader), batch_size=batch_size
        )
        with closing(stream):  # type: ignore[type-var] # a generator
            for one in stream:
                error = one.error or fault_of([] if one.vector is None else [one.vector])
                if one.vector is None or error is not None:
                    failures.append((one.item.name, error))
                else:
                    vectors.append(one.vector)
                    rows.append(one.item.row)
                if step is not None:
                    step(1)
    name = shard_name(description["shard"])
    block = np.stack(vectors) if vectors else np.empty((0, encoder.dimension), np.float32)
    with atomic_write(folder / f"{name}.f32") as temporary:
        # tofile() would tell a full disk by an error without its number
        temporary.write_bytes((unit_vectors(block) if len(block) else block).astype("<f4").tobytes())
    with atomic_write(folder / f"{name}.parquet") as temporary:
        pq.write_table(table_of(rows), temporary)
    return {
        "chips": last - first,
        "failed": len(failures),
        "reasons": dict(Counter(reason for _, reason in failures).most_common(20)),
        "failures": failures[:20],
        "files": {f"{name}.{end}": (folder / f"{name}.{end}").stat().st_size for end in ("f32", "parquet")},
    }


def _config(sources: Sources, encoder: Encoder, options: ChipOptions) -> dict[str, Any]:
    """All that decides what is encoded: settings, and the contents of the images."""
    return {
        "encoder": {"name": encoder.name, "revision": encoder.revision},
        "chips": {**asdict(options), "bands": options.bands and list(options.bands)},
        "sources": sources.identity(),
    }


_CHANGED = {
    "encoder": "the encoder is another one",
    "chips": "they are read or cut in another way",
    "sources": "the images are others: a file was added, removed or changed",
}
"""Parts of a configuration, and what is told where they differ."""


def _forget_others(work: Path, config: dict[str, Any]) -> None:
    """Clear away what was encoded for another command, unless that one is running, and tell how much that is."""
    if not (work / "run.json").exists():
        return
    try:
        with open_run(work, config):
            return
    except BusyError:
        raise
    except ShardError:
        pass  # of other settings
    before = _read_json(work / "run.json").get("config")
    lost = sum(
        stats["chips"]
        for file in (work / "shards").glob("*.json")
        if isinstance((stats := _read_json(file)).get("chips"), int)
    )
    if lost:
        known = before if isinstance(before, dict) else {}
        now = json.loads(json.dumps(config))
        why = [told for name, told in _CHANGED.items() if known.get(name) != now[name]]
        LOG.warning(
            "%s: what a stopped run had encoded, %s chips, does not count any more, and all is encoded anew (%s)",
            work.parent, f"{lost:,}", "; ".join(why) or "it was made by another version",
        )  # fmt: skip
    shutil.rmtree(work, ignore_errors=True)


def _read_json(file: Path) -> dict[str, Any]:
    """A file of a run as plain data; empty where it is damaged."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


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
