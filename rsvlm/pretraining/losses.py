"""Contrastive losses over the image and text vectors of a batch, of all processes together.

Each loss is called alike, `loss(vectors, scale, bias)`, and gives one number, a scalar tensor:

- `InfoNCE`: one text is right for an image, all others are wrong. What CLIP was trained with.
- `PairwiseSigmoid`: each pair of an image and a text is right or wrong by itself. What SigLIP was trained with.
- `SoftTargets`: as `InfoNCE`, but texts that say the same share the target. For captions that were made from
  labels: many of them repeat, and `InfoNCE` would push an image away from its own words under another image.

Vectors may be of any float type and the call under autocast: the losses compute in float32 or finer, because bfloat16
has steps of 0.5 at the logits that a scale of 100 makes.

Under torch.distributed each process passes its own vectors and gets the loss over everybody's. The gradients are
those of the sum over processes of that loss, so that parameter gradients averaged over the processes (what
DistributedDataParallel does) equal those of one process with the whole batch.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional

from .errors import PretrainingError

# Rounding to bfloat16 changes the length of a vector by at most 2^-9.
LENGTH_TOLERANCE = 0.01
# Two encodings of one text in float32 differ by some 1e-7; 1e-5 is an angle of a quarter of a degree.
DUPLICATE_TOLERANCE = 1e-5


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
    """

    images: Tensor
    texts: Tensor
    extra: Tensor | None = None
    owners: Tensor | None = None
    references: Tensor | None = None


class ContrastiveLoss(ABC):
    """What all losses here are: called on vectors, a scale and a bias, they give one number."""

    def __call__(self, vectors: Vectors, scale: Tensor | float, bias: Tensor | float | None = None) -> Tensor:
        """The loss over the vectors of all processes.

        Args:
            vectors: those of this process.
            scale: what cosines are multiplied with, already exponentiated (`model.logit_scale.exp()`).
            bias: what is added to the products; none is 0. `InfoNCE` and `SoftTargets` don't depend on it.

        Returns:
            A scalar, in float32 or finer.

        Raises:
            PretrainingError: shapes that don't fit, or vectors that aren't finite or not of unit length.
        """
        with torch.autocast(vectors.images.device.type, enabled=False):
            everyone = _everyone(vectors)
            logits = scale * everyone.images @ everyone.columns.T
            return self._compared(everyone, logits if bias is None else logits + bias)

    @abstractmethod
    def _compared(self, everyone: "_Everyone", logits: Tensor) -> Tensor:
        """The loss, from logits (n, m + k) of images and columns."""


@dataclass(frozen=True)
class InfoNCE(ContrastiveLoss):
    """CLIP's loss: the mean of two cross-entropies, of images that look for their text and of texts for their image.

    With z = scale * images @ texts.T + bias and n pairs:

        loss = (mean_i -log softmax(z[i, :])[i] + mean_j -log softmax(z[:, j])[j]) / 2

    An image with several texts looks for each of them equally (Khosla et al. 2020, arXiv:2004.11362, equation 2).
    A single pair without extra texts has loss and gradients 0.

    Source: Radford et al. 2021, arXiv:2103.00020, section 2.3 and figure 3.
    """

    def _compared(self, everyone: "_Everyone", logits: Tensor) -> Tensor:
        owned = everyone.owned().to(logits.dtype)
        return _both_ways(logits, owned / owned.sum(dim=1, keepdim=True), everyone.owners)


@dataclass(frozen=True)
class PairwiseSigmoid(ContrastiveLoss):
    """SigLIP's loss: a logistic regression of every pair of an image and a text.

    With z = scale * images @ texts.T + bias, and y[i, j] = 1 where text j belongs to image i and -1 elsewhere:

        loss = -1/n * sum_ij log sigmoid(y[i, j] * z[i, j])

    Start from scale 10 and bias -10: most pairs are wrong, and with a bias of 0 the first steps learn just that.
    Repeated texts are punished.

    Source: Zhai et al. 2023, arXiv:2303.15343, section 3.2 and algorithm 1.
    """

    def _compared(self, everyone: "_Everyone", logits: Tensor) -> Tensor:
        signed = torch.where(everyone.owned(), logits, -logits)
        return -functional.logsigmoid(signed).sum() / len(logits)


@dataclass(frozen=True)
class SoftTargets(ContrastiveLoss):
    """`InfoNCE` whose target is spread over the texts that say the same, or nearly.

    With c the cosines of `references`, 1 where they are 1 to within 1e-5 (the same text), the share of text l in the
    target of text j is

        s[j, l] = exp((c[j, l] - 1) / temperature) / sum over all l

    An image looks for its texts with the mean of their rows of s, extra texts included. A text looks for images with
    its row, without the extra texts, each image having the sum over its texts. The loss is the mean of the two
    cross-entropies, as in `InfoNCE`, which it equals where no two texts are alike and the temperature goes to 0.
    Mind that training takes it to the entropy of the targets, not to 0.

    Source: the target shared by equal labels is that of Yang et al. 2022 (UniCL, arXiv:2204.03610), section 3; the
    softmax of similarities within one modality that of Gao et al. 2024 (SoftCLIP, arXiv:2303.17561).

    Attributes:
        temperature: how unlike a text may be to share. At 0.02 a text of cosine 0.98, 0.95 and 0.9 has 0.37, 0.08 and
            0.007 times the share of the own one; at 0 only the same texts share. At 0.1 a thousand unrelated texts of
            cosine 0.3 have together nearly the share of the own one, which teaches little.
    """

    temperature: float = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise PretrainingError(f"temperature is {self.temperature}; give 0 or more, 0.02 for instance")

    def _compared(self, everyone: "_Everyone", logits: Tensor) -> Tensor:
        owners, (images, columns) = everyone.owners, logits.shape
        likeness = self._likeness(everyone)
        shares = likeness / likeness.sum(dim=1, keepdim=True)
        to_texts = shares.new_zeros(images, columns).index_add_(0, owners, shares)
        to_images = shares.new_zeros(len(owners), images).index_add_(1, owners, shares[:, : len(owners)])
        return _both_ways(
            logits,
            (to_texts / to_texts.sum(dim=1, keepdim=True)).to(logits.dtype),
            (to_images / to_images.sum(dim=1, keepdim=True)).to(logits.dtype),
        )

    def _likeness(self, everyone: "_Everyone") -> Tensor:
        """Of the m texts to all m + k: 1 for the same text, near 0 for most."""
        if everyone.references is None:
            raise PretrainingError(
                "soft targets need reference vectors: give the texts and extra texts as a frozen encoder sees them"
            )
        cosines = everyone.references[: len(everyone.owners)] @ everyone.references.T
        same = cosines >= 1 - DUPLICATE_TOLERANCE
        if self.temperature == 0:
            return same.to(cosines.dtype)
        return ((cosines - 1) / self.temperature).exp().masked_fill(same, 1.0)


def _both_ways(logits: Tensor, to_texts: Tensor, to_images: Tensor) -> Tensor:
    """Mean of two cross-entropies, of rows of (n, m + k) logits and of their first m columns.

    Targets are probabilities, or the number of the right one.
    """
    from_images = functional.cross_entropy(logits, to_texts)
    from_texts = functional.cross_entropy(logits[:, : len(to_images)].T, to_images)
    return (from_images + from_texts) / 2


@dataclass(frozen=True)
class _Everyone:
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


def _everyone(vectors: Vectors) -> _Everyone:
    _check_shapes(vectors)
    texts, references = vectors.texts, vectors.references
    # No extra texts are none of the texts, not a new tensor: so there is a gradient to pass back on processes with
    # extra texts and without, and none waits for another.
    extra = texts[:0] if vectors.extra is None else vectors.extra
    owners = (
        torch.arange(len(texts), device=texts.device) if vectors.owners is None else vectors.owners.long()
    )
    rows, rank = _rows(vectors.images, texts, extra)
    images_of, texts_of, extra_of = zip(*rows, strict=True)

    def columns(first: Tensor, last: Tensor) -> Tensor:
        return _precise(torch.cat([_gathered(first, texts_of), _gathered(last, extra_of)]))

    everyone = _Everyone(
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


def _rows(*tensors: Tensor) -> tuple[list[list[int]], int]:
    """The number of rows of each tensor on each process, and the rank of this one."""
    own = [len(tensor) for tensor in tensors]
    if not (distributed.is_available() and distributed.is_initialized()):
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
