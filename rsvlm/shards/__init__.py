"""The shard protocol: long work in pieces that are done once, whatever happens in between.

A shard is a pure function of its description: it writes its files under `shards/` of the output folder, each
to a temporary file that is then put in place, and its stats file `shards/00000.json` last. A shard with a
stats file of the same processing id, whose files have the sizes named there, is skipped. So a run that was
killed at any instant is finished by running it again, to the same bytes: nothing under `shards/` depends on
time, machine, place of the folder or number of workers.

    with open_run(Path("out"), config) as run:
        run_shards(work, descriptions, run, workers=4)

`work(description) -> stats` is a function of a module. A description is a plain dict with its number under
`"shard"`; stats are plain data that JSON can hold, with the sizes of the written files under `"files"`
({"00000.tar": 10240}).

With `engine="ray"` the workers are actors of Ray, on all machines of a cluster that share the folder.
"""

from .doing import do_shards, stats_of_all
from .engines import BusyError, EngineError, Needs, OtherSettingsError, ShardError, check_engine
from .protocol import (
    Description,
    Run,
    RunSummary,
    ShardResult,
    Stats,
    Work,
    done_stats,
    merge_stats,
    open_run,
    processing_id,
    run_shard,
    run_shards,
    shard_name,
)

__all__ = [
    "BusyError",
    "Description",
    "EngineError",
    "Needs",
    "OtherSettingsError",
    "Run",
    "RunSummary",
    "ShardError",
    "ShardResult",
    "Stats",
    "Work",
    "check_engine",
    "do_shards",
    "done_stats",
    "merge_stats",
    "open_run",
    "processing_id",
    "run_shard",
    "run_shards",
    "shard_name",
    "stats_of_all",
]
