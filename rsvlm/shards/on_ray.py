"""Where the pieces of long work run on a cluster: actors of Ray, which places them and starts those that die anew.

A worker gets the task once, with whatever model is in it, and then item after item: paths and windows, never pixels.
It is on a machine that sees the same files at the same places as this one.
"""

import logging
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from rsvlm import __version__

from .engines import Needs, ShardError
from .ray_cluster import ray_cluster

LOG = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 30
"""Seconds without a worker after which is told what is waited for."""

RETURN_TRIES = 50
"""How often a worker that died is asked to load again: some minutes, in which Ray finds out that a machine is gone."""

_NONE: Any = object()
"""No item, or no result."""


@dataclass(frozen=True)
class Place:
    """Where a run was begun; its workers stand there, too.

    Attributes:
        folder: Where relative paths begin.
        modules: Where modules are found.
        variables: What of the environment decides what the work does.
        version: Of rsvlm.
    """

    folder: str
    modules: list[str]
    variables: dict[str, str]
    version: str = __version__

    def enter(self) -> None:
        """Make this process stand there.

        Raises:
            ShardError: Another version of rsvlm is installed here, which may write other bytes.
            OSError: The folder is not here.
        """
        if __version__ != self.version:
            raise ShardError(f"it has rsvlm {__version__}, and the run was begun by {self.version}")
        os.environ.update(self.variables)
        sys.path += [path for path in self.modules if path not in sys.path]
        os.chdir(self.folder)


class ShardWorker:
    """One actor. It gets the task as a list of a reference to its bytes, which Ray leaves to be looked up once.

    Args:
        place: Where it shall stand.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._task: Callable[[Any], Any] | None = None

    def load(self, packed: list[Any]) -> None:
        """Load the task, where it is not, ahead of the first item, so that what is wrong with it shows."""
        import ray

        if self._task is not None:
            return
        self._place.enter()  # before torch is imported, which looks at the variables then
        self._task = pickle.loads(ray.get(packed[0]))  # noqa: S301 - of who began the run

    def do(self, packed: list[Any], item: Any) -> Any:
        """Return what comes of an item."""
        self.load(packed)
        assert self._task is not None
        return self._task(item)


def run_ray(
    task: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    crashed: Callable[[Item], Result],
    needs: Needs,
) -> Generator[Result]:
    """Run `task` on each of `items` and yield the results as they come.

    A worker gets an item when it is ready for one, so those for which the cluster has no place keep nothing waiting.
    An item whose worker died is done by the next one that is ready: Ray's own retries would wait for the same worker,
    which may be lost with its machine. One for which there is nothing left goes, and makes room for such a one.

    Closing the iterator, or an interrupt, ends the workers at once.

    Args:
        task: As of `run_local`; pickled once, and unpickled once a worker.
        items: Plain picklable items; read lazily.
        workers: How many, at most.
        crashed: Makes the result of an item that ended its worker, twice.
        needs: What each takes.

    Raises:
        EngineError: There is no cluster where RAY_ADDRESS says.
        ShardError: The task cannot be sent, or a worker cannot start with it.
    """
    waiting = iter(items)
    left = deque((item, 1) for item in islice(waiting, 1))  # with how often they are tried
    if not left:
        return  # no cluster for nothing
    with ray_cluster(workers * needs.cpus) as ray:
        packed = [ray.put(_pickled(ray, task))]
        out = {actor.load.remote(packed): (actor, _NONE, 0) for actor in _actors(ray, workers, needs)}
        busy = 0
        try:
            _tell_of_waiting(ray, list(out), needs)
            while busy or left:
                [done], _ = ray.wait(list(out), num_returns=1)
                actor, item, tries = out.pop(done)
                result = _result(ray, done, loading=item is _NONE)
                busy -= item is not _NONE
                if result is _NONE:  # it died, and gets nothing before it is back
                    out[actor.load.remote(packed)] = actor, _NONE, 0
                    if tries == 1:
                        left.appendleft((item, 2))
                    else:
                        yield crashed(item)
                    continue
                if left:
                    following, tries = left.popleft()
                    begun = actor.do.options(max_task_retries=0).remote(packed, following)
                    out[begun] = actor, following, tries
                    busy += 1
                    left.extend((one, 1) for one in islice(waiting, 0 if left else 1))
                if item is not _NONE:
                    yield result
        finally:
            for actor, *_ in out.values():
                ray.kill(actor)


def _pickled(ray: Any, task: Callable[..., Any]) -> bytes:
    try:
        return bytes(ray.cloudpickle.dumps(task))
    except Exception as error:  # whatever an object raises that does not want to be pickled
        raise ShardError(f"the work cannot be sent to other processes: {error}") from error


def _actors(ray: Any, workers: int, needs: Needs) -> list[Any]:
    """Ask for actors; Ray starts each anew as often as it dies."""
    kind = ray.remote(ShardWorker).options(
        num_cpus=needs.cpus, num_gpus=needs.gpus, max_restarts=-1, max_task_retries=RETURN_TRIES
    )
    place = Place(str(Path.cwd()), sys.path, _variables() | {"OMP_NUM_THREADS": str(needs.cpus)})
    return [kind.remote(place) for _ in range(workers)]


def _variables() -> dict[str, str]:
    """Our own, and that the network is not to be used; keys and tokens stay here."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("RSVLM_") or name.endswith("_OFFLINE")
    }


def _result(ray: Any, done: Any, loading: bool) -> Any:
    """What a worker returned; `_NONE` where it died of an item, or is not to be reached."""
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:  # a task does not raise, so it could not be loaded
        raise ShardError(f"a worker cannot start: {' '.join(str(error.cause).split())}") from error
    except ray.exceptions.RayError as error:
        if loading:
            raise ShardError(f"a worker cannot start: {str(error).strip().splitlines()[-1]}") from error
        return _NONE


def _tell_of_waiting(ray: Any, loads: list[Any], needs: Needs) -> None:
    """Say so where no worker gets a place: a cluster may grow, so it is no error."""
    ready, _ = ray.wait(loads, num_returns=1, timeout=PATIENCE)
    if not ready:
        has = ray.cluster_resources()
        LOG.warning(
            "waiting for the first worker: each takes %d CPUs and %d GPUs; the cluster has %d and %d in all",
            needs.cpus, needs.gpus, has.get("CPU", 0), has.get("GPU", 0),
        )  # fmt: skip
