"""Gradient caching: the gradients of a large batch in the memory of a small one.

A contrastive loss compares each image with all texts of a batch, so a batch can't be cut into parts whose gradients
are added up. But given the gradient of the loss with respect to each vector, the rest of the way back is a matter of
one picture or text alone. So the batch is encoded twice: first in chunks that keep no graph, for the loss and its
gradients with respect to the vectors; then in the same chunks with a graph, which carries these gradients on to the
parameters and is dropped before the next chunk. The price is one more forward pass.

Source: Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup",
arXiv:2101.06983, section 3.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn

from .errors import PretrainingError

# A chunk encoded twice gives the same vectors but for rounding: 1e-6 in float32, some 1e-2 in bfloat16.
# Other dropout moves them by a third of their length and more.
REPEAT_TOLERANCE = 0.05


@dataclass(frozen=True)
class Stream:
    """Inputs of one encoder, cut into the chunks that fit in memory.

    Attributes:
        encode: takes a chunk and gives its vectors (rows, d). Called twice on each chunk; it must give the same
            vectors both times. Random numbers of torch, numpy and Python repeat; batch normalisation in training
            mode would count each chunk twice and belongs in evaluation mode.
        chunks: whatever `encode` takes: tensors, dictionaries of tensors, lists of pictures.
            `pixels.split(32)` makes them of a tensor.
    """

    encode: Callable[[Any], Tensor]
    chunks: Sequence[Any]


def cached_backward(loss: Callable[..., Tensor], streams: Mapping[str, Stream]) -> Tensor:
    """Adds the gradients of a loss over whole batches to the parameters, holding the graph of one chunk at a time.

    The same as encoding all chunks in order, `loss(...)` and `backward()`, also in what dropout draws.

        scale = model.logit_scale
        cached_backward(
            lambda images, texts: InfoNCE()(Vectors(images, texts), scale.exp()),
            {"images": Stream(encode_image, pixels.split(32)), "texts": Stream(encode_text, tokens.split(32))},
        )

    A stream whose encoder has nothing to train is not encoded a second time, past its first chunk. Works under
    autocast, around the call or inside `encode`. On several processes, each with its streams, the gradients stay
    those of the process until `average_gradients`; so give it the model itself, not one wrapped in
    DistributedDataParallel, which would exchange gradients at each chunk.

    Args:
        loss: called once, with the vectors (all rows, d) of each stream under the stream's name. What it uses
            besides, such as scale and bias, gets its gradients too.
        streams: by name.

    Returns:
        The value of the loss, a scalar without graph.

    Raises:
        PretrainingError: a stream without chunks, or whose encoder gives other vectors the second time.
    """
    starts: dict[str, list[_RandomState]] = {}
    parts: dict[str, list[Tensor]] = {}
    with torch.no_grad():
        for name, stream in streams.items():
            if not len(stream.chunks):
                raise PretrainingError(f"the stream {name!r} has no chunks: nothing to encode")
            starts[name], parts[name] = [], []
            for chunk in stream.chunks:
                starts[name].append(_RandomState.now())
                parts[name].append(stream.encode(chunk))
    # Autocast keeps the weights that it has cast. Older torch would use those cast without a graph, as just now, again
    # below, and the weights would get no gradient (pytorch/pytorch#112583).
    torch.clear_autocast_cache()
    whole = {name: torch.cat(vectors).requires_grad_() for name, vectors in parts.items()}
    value = loss(**whole)
    _backward(value)
    end = _RandomState.now()
    for name, stream in streams.items():
        gradient = whole[name].grad
        if gradient is not None:
            _carry_on(name, stream, starts[name], parts[name], gradient)
    end.restore()
    return value.detach()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Makes each gradient the mean over all processes; with one process, leaves it.

    Parameters without a gradient count as zero, unless no process has one: then there is still none, and weight decay
    doesn't shrink what isn't trained. Call it on all processes, with the same parameters in the same order.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    if not trained:
        return
    used = torch.tensor([parameter.grad is not None for parameter in trained], device=trained[0].device).int()
    distributed.all_reduce(used)
    for parameter, processes in zip(trained, used.tolist(), strict=True):
        if processes:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            distributed.all_reduce(parameter.grad)
            parameter.grad /= distributed.get_world_size()


def _carry_on(
    name: str, stream: Stream, starts: list["_RandomState"], parts: list[Tensor], gradient: Tensor
) -> None:
    """From the gradient (rows, d) of a stream's vectors back to the parameters of its encoder, chunk by chunk."""
    gradients = torch.split(gradient, [len(part) for part in parts])
    for chunk, start, first, chunk_gradient in zip(stream.chunks, starts, parts, gradients, strict=True):
        start.restore()
        vectors = stream.encode(chunk)
        if not vectors.requires_grad:
            return
        change = float((vectors.detach() - first).norm() / first.norm())
        if change > REPEAT_TOLERANCE:
            raise PretrainingError(
                f"the encoder of {name!r} gave other vectors for the same chunk, {change:.0%} away: its randomness "
                "must come from the default generators of torch, numpy or Python"
            )
        _backward(vectors, chunk_gradient)


def _backward(value: Tensor, gradient: Tensor | None = None) -> None:
    """The way back outside autocast, which is for the way forth only."""
    with ExitStack() as stack:
        for device in {"cpu", value.device.type}:
            stack.enter_context(torch.autocast(device, enabled=False))
        torch.autograd.backward(value, gradient)


@dataclass(frozen=True)
class _RandomState:
    """Where the random number generators stand that an encoder may draw from."""

    python: Any
    numpy: Any
    cpu: Tensor
    cuda: list[Tensor]
    mps: Tensor | None

    @classmethod
    def now(cls) -> "_RandomState":
        return cls(
            random.getstate(),
            np.random.get_state(),
            torch.get_rng_state(),
            # Asking a GPU that isn't in use would start it, which takes memory.
            torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],  # type: ignore[no-untyped-call]
            torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        )

    def restore(self) -> None:
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.cpu)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)
        if self.mps is not None:
            torch.mps.set_rng_state(self.mps)
