"""What a worker on another machine needs to run a model as it runs here."""

from typing import Any

from rsvlm.shards import Needs


def needs_of(model: Any) -> Needs:
    """Return what a worker takes that runs an encoder or a generator.

    A model on a GPU takes a whole one; on a processor as many cores as torch uses threads here, since the last bits of
    a sum depend on how many made it. What has no `device` (an endpoint) takes one core.
    """
    device = getattr(model, "device", None)
    if device is None:
        return Needs()
    if device.type != "cpu":
        return Needs(gpus=1)
    import torch

    return Needs(cpus=torch.get_num_threads())
