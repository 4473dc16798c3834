"""The processes that train together: one, or as many as `accelerate launch` or `torchrun` started."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import distributed

from rsvlm.models.runtime import pick_device


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

    def of_all(self, texts: Sequence[str]) -> set[str]:
        """The texts of all processes. All must ask."""
        found: list[Sequence[str]] = [texts] * self.count
        if self.count > 1:
            distributed.all_gather_object(found, list(texts))
        return {text for several in found for text in several}

    def all_agree(self, yes: bool) -> bool:
        """Whether all processes say yes. All must ask."""
        if self.count == 1:
            return yes
        answer = torch.tensor(int(yes), device=self.device)
        distributed.all_reduce(answer, distributed.ReduceOp.MIN)
        return bool(answer)


def join_processes(device: str = "auto") -> Processes:
    """Meet the other processes, if this one was started with others.

    Args:
        device: "auto", or what each process is to compute on; "cpu" also where there are GPUs.

    Raises:
        ModelError: There is no such device.
    """
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu")
    if state.num_processes == 1:
        return Processes(0, 1, pick_device(device))
    return Processes(state.process_index, state.num_processes, state.device)
