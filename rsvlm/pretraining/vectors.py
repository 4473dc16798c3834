"""The vectors of a batch, and those that all processes have together.

Under torch.distributed each process passes its own vectors and gets the loss over everybody's. The gradients are
those of the sum over processes of that loss, so that parameter gradients averaged over the processes (what
DistributedDataParallel does) equal those of one process with the whole batch.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional

from rsvlm.pretraining.errors import PretrainingError

# Rounding to bfloat16 changes the length of a vector by at most 2^-9.
LENGTH_TOLERANCE = 0.01


@dataclass(frozen=True)
class Vectors:
    """What this process brings to the loss; all vectors are of unit length.

    Attributes:
        images: (n, d).
        texts: (m, d). Text i belongs to image i unless `owners` says otherwise.
        extra: (k, d) texts without an image: wrong for every image here, and right for none. They compete with
            the texts when an image looks for its text, not the other way round (as the negative
            captions of NegCLIP: Yuksekgonul et al. 2023, arXiv:2210.01936).
        owners: (m,) integers: the image in `images` that each text belongs to. For several texts an image.
        references: (m + k, e) vectors of a frozen text encoder for `texts` and then `extra`, from which
            `SoftTargets` tells which texts say the same. Encode in float32.
        alone: Compare them with each other only, whatever other processes there are.
    """

    images: Tensor
    texts: Tensor
    extra: Tensor | None = None
    owners: Tensor | None = None
    references: Tensor | None = None
    alone: bool = False


@dataclass(frozen=True)
class Everyone:
    """The vectors of all processes.

    Attributes:
        images: (n, d).
        columns: (m + k, d), the texts and then the extra ones.
        owners: (m,), the image of each text.
        references: (m + k, e).
    """

    images: Tensor
    columns: Tensor
    owners: Tensor
    references: Tensor | None

    def owned(self) -> Tensor:
        """Booleans (n, m + k): is the text of the image."""
        owned = self.owners.new_zeros((len(self.images), len(self.columns)), dtype=torch.bool)
        owned[self.owners, torch.arange(len(self.owners), device=self.owners.device)] = True
        return owned


def of_everyone(vectors: Vectors) -> Everyone:
    """Gather the vectors of all processes, in float32 or finer, with gradients. All must call it.

    Raises:
        PretrainingError: Shapes that don't fit, or vectors that aren't finite or not of unit length: on all processes.
    """
    _check_shapes(vectors)
    texts, references = vectors.texts, vectors.references
    # No extra texts are none of the texts, not a new tensor: so there is a gradient to pass back on processes with
    # extra texts and without, and none waits for another.
    extra = texts[:0] if vectors.extra is None else vectors.extra
    owners = (
        torch.arange(len(texts), device=texts.device) if vectors.owners is None else vectors.owners.long()
    )
    rows, rank = _rows(vectors.images, texts, extra, alone=vectors.alone)
    images_of, texts_of, extra_of = zip(*rows, strict=True)

    def columns(first: Tensor, last: Tensor) -> Tensor:
        return _precise(torch.cat([_gathered(first, texts_of), _gathered(last, extra_of)]))

    everyone = Everyone(
        images=_precise(_gathered(vectors.images, images_of)),
        columns=columns(texts, extra),
        owners=_gathered(owners + sum(images_of[:rank]), texts_of),
        references=None if references is None else columns(*references.detach().tensor_split([len(texts)])),
    )
    # Only now, so that all processes raise: if one did it before gathering, the others would wait for its vectors.
    _check_lengths("image", everyone.images)
    _check_lengths("text", everyone.columns)
    if everyone.references is not None:
        _check_lengths("reference", everyone.references)
    return everyone


def _rows(*tensors: Tensor, alone: bool) -> tuple[list[list[int]], int]:
    """The number of rows of each tensor on each process, and the rank of this one."""
    own = [len(tensor) for tensor in tensors]
    if alone or not (distributed.is_available() and distributed.is_initialized()):
        return [own], 0
    local = torch.tensor(own, device=tensors[0].device)
    everywhere = [torch.empty_like(local) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everywhere, local)
    return [rows.tolist() for rows in everywhere], distributed.get_rank()


class _Gathered(torch.autograd.Function):
    """Tables of the same shape from all processes, one below the other. The gradient comes from all of them too."""

    @staticmethod
    def forward(ctx: Any, local: Tensor) -> Tensor:
        ctx.rows = len(local)
        everywhere = [torch.empty_like(local) for _ in range(distributed.get_world_size())]
        distributed.all_gather(everywhere, local)
        return torch.cat(everywhere)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total[distributed.get_rank() * ctx.rows :][: ctx.rows]


def _gathered(local: Tensor, counts: tuple[int, ...]) -> Tensor:
    """The rows of all processes in the order of ranks, with gradients; processes may have different numbers of rows."""
    if len(counts) == 1 or max(counts) == 0:
        return local
    longest = max(counts)
    padding = (0, 0) * (local.ndim - 1) + (0, longest - len(local))
    everywhere: Tensor = _Gathered.apply(functional.pad(local, padding).contiguous())
    return torch.cat([everywhere[rank * longest :][:count] for rank, count in enumerate(counts)])


def _precise(vectors: Tensor) -> Tensor:
    return vectors.to(torch.promote_types(vectors.dtype, torch.float32))


def _check_lengths(kind: str, vectors: Tensor) -> None:
    lengths = torch.linalg.vector_norm(vectors.detach(), dim=1)
    off = float((lengths - 1).abs().max())
    if not math.isfinite(off):
        bad = int((~lengths.isfinite()).sum())
        raise PretrainingError(
            f"{bad} of {len(vectors)} {kind} vectors hold NaN or infinity: lower the learning rate, "
            "or use bfloat16 in place of float16"
        )
    if off > LENGTH_TOLERANCE:
        raise PretrainingError(
            f"{kind} vectors have lengths from {float(lengths.min()):.3g} to {float(lengths.max()):.3g}, not 1: "
            "normalise them"
        )


def _check_shapes(vectors: Vectors) -> None:
    images, texts, extra = vectors.images, vectors.texts, vectors.extra
    given = {"images": images, "texts": texts, "extra": extra, "references": vectors.references}
    shapes = {name: tuple(tensor.shape) for name, tensor in given.items() if tensor is not None}
    if any(len(shape) != 2 for shape in shapes.values()) or not len(images) or not len(texts):
        raise PretrainingError(f"vectors must be tables of one row or more, not of the shapes {shapes}")
    if len({shapes[name][1] for name in shapes if name != "references"}) > 1:
        raise PretrainingError(
            f"images and texts must have vectors of the same size, not the shapes {shapes}"
        )
    columns = len(texts) + (0 if extra is None else len(extra))
    if vectors.references is not None and len(vectors.references) != columns:
        raise PretrainingError(
            f"{len(vectors.references)} reference vectors for {columns} texts: give one for each text and extra text"
        )
    if vectors.owners is None:
        if len(images) != len(texts):
            raise PretrainingError(
                f"{len(images)} images and {len(texts)} texts: give one text an image, or say whose they are in owners"
            )
        return
    owners = vectors.owners
    if owners.shape != (len(texts),) or set(owners.tolist()) != set(range(len(images))):
        raise PretrainingError(
            f"owners must name, for each of {len(texts)} texts, one of {len(images)} images, and each image at least "
            f"once; got {owners.tolist() if owners.numel() < 9 else tuple(owners.shape)}"
        )
