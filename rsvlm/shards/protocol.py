"""One run over many shards: the output folder, its lock and settings, what is done and what is left."""

import hashlib
import json
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rsvlm.errors import one_line
from rsvlm.files import is_disk_full, remove_leftovers, write_json

from .engines import BusyError, Needs, OtherSettingsError, ShardError, check_engine, importing_main, run_local
from .locking import locked_folder

Description = dict[str, Any]
Stats = dict[str, Any]
Work = Callable[[Description], Stats]

KEPT_FAILURES = 20
"""How many failed shards a summary keeps in full; all are counted."""


@dataclass(frozen=True)
class ShardResult:
    """What became of one shard.

    Attributes:
        shard: Its number.
        stats: What its stats file holds; empty where it failed.
        error: One line, or None.
        skipped: It was done by an earlier run.
        details: The traceback of `error`, for who looks for its cause.
        disk_full: `error` is that nothing more can be written, so the other shards would fail too.
    """

    shard: int
    stats: Stats
    error: str | None = None
    skipped: bool = False
    details: str | None = None
    disk_full: bool = False


@dataclass
class RunSummary:
    """Counts of shards over a run: `done` by it, `skipped` because an earlier one did them, `failed`."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    failures: list[ShardResult] = field(default_factory=list)

    def add(self, result: ShardResult) -> None:
        """Count one result, and keep it if it is among the first failures."""
        self.done += result.error is None and not result.skipped
        self.skipped += result.skipped
        self.failed += result.error is not None
        if result.error is not None and len(self.failures) < KEPT_FAILURES:
            self.failures.append(result)


@dataclass(frozen=True)
class Run:
    """An output folder that this process has to itself, see `open_run`."""

    out: Path
    processing_id: str

    @property
    def shards(self) -> Path:
        """The folder of the shards."""
        return self.out / "shards"


def processing_id(config: Mapping[str, Any]) -> str:
    """Name a configuration by its content: 16 hexadecimal digits of the SHA-256 of its canonical JSON.

    `config` should hold all that changes the output (settings, hashes of the inputs, version of the code) and
    nothing else.
    """
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def shard_name(shard: int) -> str:
    """The stem of a shard's files: its number in at least five digits."""
    return f"{shard:05d}"


@contextmanager
def open_run(out: Path, config: Mapping[str, Any]) -> Iterator[Run]:
    """Take an output folder for one run: lock it, check its settings, clear what a killed run left.

    The settings are kept in `run.json`.
    Write what closes the output (manifest, card) before leaving the context, while the folder is locked. The
    lock is the operating system's, so that it ends with the process however that ends.

    Args:
        out: The folder; made where it is missing.
        config: All that changes the output, as JSON can hold it; its hash is the processing id.

    Raises:
        ShardError: Another run has the folder, it holds the output of other settings or files of somebody
            else, or it cannot be written (a full disk included, at any time in the context).
    """
    if importing_main():
        raise ShardError(
            'a worker process imports this script: put the call under `if __name__ == "__main__":`'
        )
    run = Run(out, processing_id(config))
    with suppress(OSError):  # which is told when it is locked
        if out.is_dir():
            _refuse_foreign(run)  # before it gets a lock
    busy = BusyError(f"{out}: another run is writing here; wait for it, or name another folder")
    with locked_folder(out, busy, ShardError):
        try:
            _settle_config(run, config)
            remove_leftovers(out)
            run.shards.mkdir(exist_ok=True)
            yield run
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise ShardError(_disk_full_message(out)) from error


def _settle_config(run: Run, config: Mapping[str, Any]) -> None:
    """Store the settings of a new folder; refuse a folder of other settings, and one that is not ours."""
    file = run.out / "run.json"
    _refuse_foreign(run)
    if not file.exists():
        write_json(file, {"processing_id": run.processing_id, "config": config}, indent=2)
        return
    try:
        stored = json.loads(file.read_text("utf-8"))
        before, config_before = stored["processing_id"], stored["config"]
    except (ValueError, TypeError, KeyError):
        raise OtherSettingsError(f"{file}: is not what a run stores there; name another folder") from None
    if before != run.processing_id:
        changed = "; ".join(_differences(config_before, json.loads(json.dumps(config))))
        raise OtherSettingsError(
            f"{run.out}: holds the output of other settings ({changed or 'run.json was edited'}); "
            "repeat those, name another folder, or remove this one to begin anew"
        )


def _refuse_foreign(run: Run) -> None:
    """Refuse a folder with files, none of which says which run they are of."""
    foreign = sorted(path.name for path in run.out.iterdir() if not path.name.startswith("."))
    if foreign and not (run.out / "run.json").exists():
        raise OtherSettingsError(
            f"{run.out}: holds files of another origin ({foreign[0]}); name a new folder"
        )


def _differences(before: Any, now: Any, name: str = "", most: int = 5) -> list[str]:
    """Name the settings that differ, with both values, at most `most`."""
    if not (isinstance(before, dict) and isinstance(now, dict)):
        return [] if before == now else [f"{name}: was {_short(before)}, now {_short(now)}"]
    found: list[str] = []
    for key in sorted({*before, *now}):
        found += _differences(before.get(key), now.get(key), f"{name}.{key}" if name else key, most)
    return found if len(found) <= most else [*found[:most], "and more"]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def run_shards(
    work: Work,
    shards: Iterable[Description],
    run: Run,
    *,
    workers: int = 1,
    engine: str = "local",
    needs: Needs = Needs(),  # noqa: B008 - frozen
    progress: Callable[[ShardResult], None] | None = None,
) -> RunSummary:
    """Do the shards that are not done yet.

    A shard that fails is a result with an `error`, and the others go on; the next run tries it again.

    Args:
        work: A function of a module, or a `functools.partial` of one; takes a description, returns stats.
        shards: Descriptions, read lazily: a generator over millions is fine.
        run: The folder, from `open_run`.
        workers: How many processes; 1 is this one, where the engine is local.
        engine: "local", or "ray": actors of Ray, each of which gets `work` once.
        needs: What Ray keeps free for a worker.
        progress: Called in this process with each result as it comes, in no set order.

    Raises:
        ShardError: The disk is full, or worker processes cannot start. What was done stays.
        EngineError: There is no such engine, or no cluster.
        KeyboardInterrupt: With a message that says how to go on.
    """
    check_engine(engine)
    summary = RunSummary()

    def note(result: ShardResult) -> None:
        summary.add(result)
        if progress is not None:
            progress(result)

    def left() -> Iterator[Description]:
        for description in shards:
            stats = done_stats(run, description["shard"])
            if stats is None:
                yield description
            else:
                note(ShardResult(description["shard"], stats, skipped=True))

    task = partial(run_shard, work, run)
    start = run_local
    if engine == "ray":
        from .on_ray import run_ray  # not by every process of the local engine

        start = partial(run_ray, needs=needs)
    try:
        with closing(start(task, left(), workers, _crashed)) as results:
            for result in results:
                if result.disk_full:
                    raise ShardError(_disk_full_message(run.out))
                note(result)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped with {summary.done + summary.skipped} shards done; run the same command again to go on"
        ) from None
    finally:
        remove_leftovers(run.out)  # of workers that were ended in the middle of a file
    return summary


def run_shard(work: Work, run: Run, description: Description) -> ShardResult:
    """Do one shard and write its stats file; an error is data, never raised. Any engine may call it."""
    shard = description["shard"]
    try:
        stats = {**work(description), "shard": shard, "processing_id": run.processing_id}
        write_json(run.shards / f"{shard_name(shard)}.json", stats)
    except Exception as error:
        line = one_line(f"{type(error).__name__}: {error}", most=None)
        return ShardResult(shard, {}, line, details=traceback.format_exc(), disk_full=is_disk_full(error))
    return ShardResult(shard, stats)


def done_stats(run: Run, shard: int) -> Stats | None:
    """The stats of a shard that this processing id has finished and whose files are whole, else None."""
    try:
        stats = json.loads((run.shards / f"{shard_name(shard)}.json").read_text("utf-8"))
        if stats["processing_id"] != run.processing_id:
            return None
        whole = all((run.shards / name).stat().st_size == size for name, size in stats["files"].items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # missing or damaged: to be done again
    return dict(stats) if whole else None


def merge_stats(total: Stats, stats: Mapping[str, Any]) -> None:
    """Add the numbers of `stats` to `total`, through nested dicts; other values are left out."""
    for name, value in stats.items():
        if name in ("shard", "files"):
            continue
        if isinstance(value, Mapping):
            merge_stats(total.setdefault(name, {}), value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            total[name] = total.get(name, 0) + value


def _crashed(description: Description) -> ShardResult:
    error = "its worker process died twice, most often for lack of memory: use fewer workers"
    return ShardResult(description["shard"], {}, error)


def _disk_full_message(out: Path) -> str:
    return f"{out}: the disk is full; make room and run the same command again: finished shards are kept"
