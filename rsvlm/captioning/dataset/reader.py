"""Reading a pairs dataset: checked when opened, then row by row, a row group in memory at a time."""

import random
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm.errors import one_line
from rsvlm.shards import Run, done_stats, shard_name

from ..errors import CaptioningError
from .manifest import Manifest, read_manifest
from .row import SCHEMA, Pair, pair_from_row

Row = dict[str, Any]


def open_dataset(folder: str | Path) -> "PairsDataset":
    """Open a finished pairs dataset.

    Raises:
        CaptioningError: The folder is no dataset or is unfinished, or shards are missing or damaged (named).
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    run = Run(folder, manifest.processing_id)
    stats = [done_stats(run, shard) for shard in range(manifest.counts.shards)]
    bad = [shard_name(shard) for shard, found in enumerate(stats) if found is None]
    if bad:
        names = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise CaptioningError(
            f"{folder}: shards missing or damaged: {names}; run the command that made it again"
        )
    lengths = [int(found["pairs"]) for found in stats if found is not None]
    if sum(lengths) != manifest.counts.pairs:
        raise CaptioningError(
            f"{folder}: {sum(lengths)} pairs in the shards, but {manifest.counts.pairs} in the manifest; "
            "run the command that made it again"
        )
    return PairsDataset(folder, manifest, lengths)


class PairsDataset:
    """A finished pairs dataset, from `open_dataset`. Iterating gives its pairs in order.

    Attributes:
        folder: Where it lies.
        manifest: What it holds and how it was made.
    """

    def __init__(self, folder: Path, manifest: Manifest, lengths: Sequence[int]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._starts = list(accumulate(lengths, initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[Pair]:
        return map(pair_from_row, self.rows())

    def __repr__(self) -> str:
        counts = self.manifest.counts
        return f"PairsDataset({str(self.folder)!r}, pairs={counts.pairs}, shards={counts.shards})"

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The rows as plain data, in order; only the named columns are read.

        Raises:
            CaptioningError: A column that there is not, or a shard that cannot be read (named).
        """
        check_columns(columns)
        for shard in range(len(self._starts) - 1):
            yield from self.shard_rows(shard, columns)

    def shard_rows(self, shard: int, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """The rows of one shard."""
        with self._open(shard) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=columns).to_pylist()

    def take(self, numbers: Collection[int], columns: Sequence[str] | None = None) -> list[Row]:
        """The rows of these numbers, in ascending order; row groups without any of them are not read."""
        check_columns(columns)
        found: list[Row] = []
        ordered = sorted(numbers)
        for shard, (start, stop) in enumerate(pairwise(self._starts)):
            inside = ordered[bisect_left(ordered, start) : bisect_left(ordered, stop)]
            mine = [number - start for number in inside]
            if mine:
                with self._open(shard) as file:
                    found += _take(file, mine, columns)
        return found

    def sample(self, count: int, seed: int = 0, columns: Sequence[str] | None = None) -> list[Row]:
        """At most `count` rows chosen by the seed, in ascending order."""
        chosen = random.Random(seed).sample(range(len(self)), min(count, len(self)))  # noqa: S311 - not secret
        return self.take(chosen, columns)

    @contextmanager
    def _open(self, shard: int) -> Iterator[pq.ParquetFile]:
        path = self.folder / "shards" / f"{shard_name(shard)}.parquet"
        try:
            with pq.ParquetFile(path) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            reason = one_line(error)
            raise CaptioningError(
                f"{path}: cannot be read ({reason}); delete it and run the command that made it again"
            ) from error


def _take(file: pq.ParquetFile, numbers: Sequence[int], columns: Sequence[str] | None) -> list[Row]:
    """The rows of a file by ascending number."""
    found: list[Row] = []
    start = 0
    for group in range(file.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        mine = [number - start for number in numbers if start <= number < stop]
        if mine:
            found += file.read_row_group(group, columns=columns).take(mine).to_pylist()
        start = stop
    return found


def check_columns(columns: Sequence[str] | None) -> None:
    """Refuse a column that no pairs dataset has."""
    unknown = [name for name in columns or () if name not in SCHEMA.names]
    if unknown:
        known = ", ".join(SCHEMA.names)
        raise CaptioningError(f"no column {unknown[0]!r} in a pairs dataset; there are {known}")
