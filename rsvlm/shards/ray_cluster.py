"""Connecting to a cluster of Ray, or starting one of this machine alone."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .engines import EngineError

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell Ray's makers
    # what Ray says of a worker that died goes to stdout, which is for results; it is told as the shard's error
    "RAY_DEDUP_LOGS_SKIP_REGEX": r"ShardWorker\.|A worker died or was killed",
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Makes Ray listen on 127.0.0.1 only, as it does by itself on macOS and Windows."""

_SECONDS = 10
"""In which a cluster must answer; Ray would try for many minutes."""


@contextmanager
def ray_cluster(cpus: int) -> Iterator[Any]:
    """Connect to the cluster that RAY_ADDRESS names, or start one of this machine, which none other can reach.

    A connection that this process has already is used and kept.

    Args:
        cpus: Cores of a cluster that is started. They may be more than there are, as processes may be.

    Yields:
        The module `ray`.

    Raises:
        EngineError: There is no cluster that can be used.
    """
    address = os.environ.get("RAY_ADDRESS")
    for name, value in (_SETTINGS if address else _SETTINGS | _LOOPBACK).items():
        os.environ.setdefault(name, value)  # read when Ray is imported
    import ray

    if ray.is_initialized():
        yield ray
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        _connect(ray, address, cpus)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # which Ray has taken for itself
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str | None, cpus: int) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            _knock(address)
            ray.init(address, **quiet)
        else:
            ray.init("local", num_cpus=cpus, include_dashboard=False, **quiet)
    except Exception as error:  # where its processes do not start in time, Ray raises no other class
        where = f"the cluster at RAY_ADDRESS={address}" if address else "Ray on this machine"
        raise EngineError(f"{where} cannot be used: {' '.join(str(error).split())}") from error


def _knock(address: str) -> None:
    """See whether anybody is there, where the address says host and port.

    Raises:
        OSError: Nobody is.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()
