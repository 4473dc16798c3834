"""How many images and texts are encoded at once, so that what the way back needs of them fits in memory."""

import math
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

SHARE = 1 / 3
"""Of the machine's memory that graphs may take. A run took half as much again where it was looked at: 12.5 GB, of which
the graph took 8 (EfficientNet-Lite0 at 192 pixels, batches of 128)."""

A_TEXT = " ".join(["river"] * 30)
"""A caption of some length."""

Encode = Callable[[int], Tensor]
"""The vectors of so many inputs, with gradients."""


class Fitting:
    """Cuts batches into chunks, where they would not fit as they are.

    The machine decides, not what is free at the moment, so that a run that goes on cuts as before.

    Args:
        learning: What encodes each kind of input; a kind that does not learn is not there.
        parameters: The model's, which are there anyway.
        memory: Bytes that graphs may take.

    Attributes:
        bytes: That the graph of one input takes, by kind.
    """

    def __init__(self, learning: Mapping[str, Encode], parameters: Iterable[Tensor], memory: int) -> None:
        self._memory = memory
        own = {weight.untyped_storage().data_ptr() for weight in parameters}
        self.bytes = {
            kind: max(0, _kept(encode, 3, own) - _kept(encode, 1, own)) // 2 for kind, encode in learning.items()
        }  # fmt: skip

    def sizes(self, counts: Mapping[str, int]) -> dict[str, int]:
        """How many inputs of each kind are encoded at once: all of them where they fit together.

        Args:
            counts: Inputs of a batch by kind.
        """
        needed = sum(self.bytes[kind] * count for kind, count in counts.items())
        parts = max(1, math.ceil(needed / self._memory))
        return {kind: math.ceil(count / parts) for kind, count in counts.items()}


def _kept(encode: Encode, count: int, own: set[int]) -> int:
    """Bytes that a graph keeps for the way back, beside the parameters."""
    found: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        encode(count)
    return sum(found.values())
