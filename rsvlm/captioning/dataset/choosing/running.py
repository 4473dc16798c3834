"""Doing all shards of a run in this process, which alone holds the model."""

from collections.abc import Callable, Iterable

from rsvlm.shards import Description, Run, ShardError, ShardResult, Work, run_shards


def do_shards(
    work: Work,
    shards: Iterable[Description],
    run: Run,
    progress: Callable[[ShardResult], None] | None = None,
) -> None:
    """Do the shards that are not done yet.

    Raises:
        ShardError: Some failed; the others are kept.
    """
    summary = run_shards(work, shards, run, progress=progress)
    if summary.failures:
        first = summary.failures[0]
        raise ShardError(
            f"{summary.failed} of {summary.done + summary.skipped + summary.failed} shards failed, the first "
            f"({first.shard}) with {first.error}; the others are kept: run the same command again to try them "
            "once more"
        )
