"""Doing a run to its end: a shard that failed is an error, and what the shards counted is read back."""

from collections.abc import Callable, Iterable, Iterator

from .engines import Needs, ShardError
from .protocol import Description, Run, RunSummary, ShardResult, Stats, Work, done_stats, run_shards


def do_shards(
    work: Work,
    shards: Iterable[Description],
    run: Run,
    *,
    workers: int = 1,
    engine: str = "local",
    needs: Needs = Needs(),  # noqa: B008 - frozen
    progress: Callable[[ShardResult], None] | None = None,
) -> RunSummary:
    """Do the shards that are not done yet, as `run_shards` does them, all of them.

    Raises:
        ShardError: As `run_shards` raises it, or some shards failed; the others are kept.
    """
    summary = run_shards(work, shards, run, workers=workers, engine=engine, needs=needs, progress=progress)
    if summary.failures:
        first = summary.failures[0]
        raise ShardError(
            f"{summary.failed} of {summary.done + summary.skipped + summary.failed} shards failed, the first "
            f"({first.shard}) with {first.error}; the others are kept: run the same command again to try them "
            "once more",
            first.error or "",
        )
    return summary


def stats_of_all(run: Run, count: int) -> Iterator[Stats]:
    """The stats of the first `count` shards of a run, in order.

    Raises:
        ShardError: One is not there.
    """
    for shard in range(count):
        stats = done_stats(run, shard)
        if stats is None:
            raise ShardError(
                f"{run.out}: shard {shard} is not here: was it removed, or written where the folder is not shared? "
                "Run the same command again"
            )
        yield stats
