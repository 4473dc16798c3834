"""Where the pieces of long work run: in this process, or on a pool of local processes.

An engine is a function that takes a picklable task and a stream of items and yields one result an item, in
whatever order they finish. It knows nothing of what the task does, so that another engine
(`rsvlm.shards.on_ray`) can stand in its place.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import wait as wait_for_end
from typing import TypeVar

from rsvlm.errors import RsvlmError

Item = TypeVar("Item")
Result = TypeVar("Result")

ENGINES = ("local", "ray")

AHEAD = 2
"""Items handed out beyond one a worker: enough to keep all busy, with memory flat over millions."""


class ShardError(RsvlmError, RuntimeError):
    """Long work that cannot start or go on; the message says what happened, where, and what to do.

    Attributes:
        reason: Why the first shard failed, "TYPE: message"; "" where none did.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class BusyError(ShardError):
    """Another run has the folder."""


class OtherSettingsError(ShardError, ValueError):
    """The folder holds the output of other settings, or files of somebody else."""


class EngineError(ShardError, ValueError):
    """An engine that there is not, or not here."""


@dataclass(frozen=True)
class Needs:
    """What Ray keeps free for a worker.

    Attributes:
        cpus: Cores; torch uses as many threads, so that sums are made in the same order everywhere.
        gpus: GPUs; the worker sees no others.
    """

    cpus: int = 1
    gpus: int = 0


def check_engine(name: str) -> None:
    """See whether an engine can be used, without starting it.

    Raises:
        EngineError: There is none of that name, or what it needs is not installed.
    """
    if name not in ENGINES:
        raise EngineError(f"engine {name!r}: choose {' or '.join(ENGINES)}")
    if name == "ray":
        found = find_spec("ray")
        if found is None or found.origin is None:  # a folder that happens to be called ray has no origin
            raise EngineError("engine ray needs Ray: pip install 'rsvlm[ray]'")


def run_local(
    task: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    crashed: Callable[[Item], Result],
) -> Generator[Result]:
    """Run `task` on each of `items` and yield the results as they come.

    One worker is this process itself. More are processes started afresh ("spawn", on every system), at most
    `workers + 2` items being out at a time. When a process dies, as one does that takes too much memory, the
    items that were out are done again one by one, each in a process of its own, so that only the one at fault
    is lost.

    Closing the iterator, or an interrupt, ends the processes at once.

    Args:
        task: A function of a module, or a `functools.partial` of one; it is expected not to raise.
        items: Plain picklable items; read lazily.
        workers: How many processes.
        crashed: Makes the result of an item that ended its own process, twice.

    Raises:
        ShardError: The processes cannot start.
    """
    if workers <= 1:
        yield from map(task, items)
        return
    waiting = iter(items)
    pool = _start(workers)
    out: dict[Future[Result], Item] = {}
    try:
        while True:
            lost = _hand_out(task, waiting, pool, out, workers + AHEAD)
            if not out and not lost:
                break
            # once a process has died nothing that is out will come, so all of it is collected
            done = wait(out, return_when=FIRST_COMPLETED).done if not lost else set(out)
            if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                done = set(out)
            for future in done:
                item = out.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(item)
                else:
                    yield future.result()
            if lost:
                _stop(pool, now=True)
                for item in lost:
                    yield _alone(task, item, crashed)
                pool = _start(workers)
    finally:
        _stop(pool, now=bool(out))


def _hand_out(
    task: Callable[[Item], Result],
    waiting: Iterator[Item],
    pool: ProcessPoolExecutor,
    out: dict[Future[Result], Item],
    most: int,
) -> list[Item]:
    """Submit items until `most` are out; returns those not taken because the pool has broken meanwhile."""
    for item in islice(waiting, most - len(out)):
        try:
            with _interrupts_held():
                out[pool.submit(task, item)] = item
        except BrokenProcessPool:
            return [item]
    return []


def _alone(task: Callable[[Item], Result], item: Item, crashed: Callable[[Item], Result]) -> Result:
    """Do one item in a process of its own, and again if that dies: it may not have run before."""
    for _ in range(2):
        pool = _start(1)
        try:
            with _interrupts_held():
                done = pool.submit(task, item)
            return done.result()
        except BrokenProcessPool:
            continue
        finally:
            _stop(pool, now=True)
    return crashed(item)


def _start(workers: int) -> ProcessPoolExecutor:
    """A pool of which one process is known to run."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _live_with_parent)
    try:
        with _interrupts_held():
            first = pool.submit(os.getpid)
        first.result()
    except BrokenProcessPool:
        _stop(pool, now=True)
        # the usual reason: a script that starts the run when it is imported, and a spawned process imports it
        raise ShardError(
            'worker processes cannot start: put the call under `if __name__ == "__main__":` or use one worker'
        ) from None
    except BaseException:
        _stop(pool, now=True)
        raise
    return pool


def _stop(pool: ProcessPoolExecutor, *, now: bool) -> None:
    """End the pool; `now` does not wait for what is running."""
    if now:
        # terminate_workers() came with Python 3.14; before, the pool's table of processes is the only way
        for process in list((pool._processes or {}).values()):
            process.terminate()
    pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let no interrupt reach processes that are started meanwhile before they are set up; this one gets it after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live_with_parent() -> None:
    """Set up a worker: an interrupt is the parent's affair, and a killed parent takes its workers along.

    Without the second a worker would wait for work for ever: it holds both ends of the queue that it reads.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait_for_end([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="watch-parent").start()


def importing_main() -> bool:
    """Whether this is a worker process that is still importing the user's script."""
    return bool(getattr(multiprocessing.current_process(), "_inheriting", False))
