"""Connecting to a cluster of Ray, or starting one of this machine alone."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .engines import EngineError

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell Ray's makers
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # messages of a worker that died would go to stdout
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Makes Ray listen on 127.0.0.1 only, as it does by itself on macOS and Windows."""


@contextmanager
def ray_cluster(cpus: int) -> Iterator[Any]:
    """Connect to the cluster that RAY_ADDRESS names, or start one of this machine, which none other can reach.

    A connection that this process has already is used and kept.

    Args:
        cpus: How many workers' cores one that is started has: who asks for more workers than there are cores gets them.

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
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            ray.init(address, **quiet)
        else:
            ray.init("local", num_cpus=cpus, include_dashboard=False, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = f"the cluster at RAY_ADDRESS={address}" if address else "Ray on this machine"
        raise EngineError(f"{where} cannot be used: {' '.join(str(error).split())}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
