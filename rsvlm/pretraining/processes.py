"""The processes that train together: one, or as many as `accelerate launch` or `torchrun` started."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed

from rsvlm.models.runtime import pick_device

PATIENCE = timedelta(days=1)
"""How long processes wait for the first one, which alone measures the model. NCCL gives up after ten minutes else."""

NOT_SHARED = "the output folder must be one that all nodes share"

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: Its number, from 0.
        count: How many there are.
        device: What this one computes on.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and speaks."""
        return self.rank == 0

    def of_all(self, value: T) -> list[T]:
        """What each process gives, in the order of their ranks. All must ask."""
        found = [value] * self.count
        if self.count > 1:
            distributed.all_gather_object(found, value)
        return found

    def counts(self, own: int) -> list[int]:
        """A number of each process, in the order of their ranks, sooner than `of_all`. All must ask."""
        if self.count == 1:
            return [own]
        number = torch.tensor(own, device=self.device)
        found = [torch.empty_like(number) for _ in range(self.count)]
        distributed.all_gather(found, number)
        return [int(one) for one in found]


def join_processes(device: str = "auto") -> Processes:
    """Meet the other processes, if this one was started with others.

    Args:
        device: "auto", or what each process is to compute on; "cpu" also where there are GPUs.

    Raises:
        ModelError: There is no such device.
    """
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu", timeout=PATIENCE)
    if state.num_processes == 1:
        return Processes(0, 1, pick_device(device))
    return Processes(state.process_index, state.num_processes, state.device)
