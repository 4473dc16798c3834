"""Contrastive losses over the image and text vectors of a batch, of all processes together.

Each loss is called alike, `loss(vectors, scale, bias)`, and gives one number, a scalar tensor:

- `InfoNCE`: one text is right for an image, all others are wrong. What CLIP was trained with.
- `PairwiseSigmoid`: each pair of an image and a text is right or wrong by itself. What SigLIP was trained with.
- `SoftTargets`: as `InfoNCE`, but texts that say the same share the target. For captions that were made from
  labels: many of them repeat, and `InfoNCE` would push an image away from its own words under another image.

Vectors may be of any float type and the call under autocast: the losses compute in float32 or finer, because bfloat16
has steps of 0.5 at the logits that a scale of 100 makes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from rsvlm.pretraining.errors import PretrainingError

from .vectors import Everyone, Vectors, of_everyone

# Two encodings of one text in float32 differ by some 1e-7; 1e-5 is an angle of a quarter of a degree.
DUPLICATE_TOLERANCE = 1e-5


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
            everyone = of_everyone(vectors)
            logits = scale * everyone.images @ everyone.columns.T
            return self._compared(everyone, logits if bias is None else logits + bias)

    @abstractmethod
    def _compared(self, everyone: "Everyone", logits: Tensor) -> Tensor:
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

    def _compared(self, everyone: "Everyone", logits: Tensor) -> Tensor:
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

    def _compared(self, everyone: "Everyone", logits: Tensor) -> Tensor:
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

    def _compared(self, everyone: "Everyone", logits: Tensor) -> Tensor:
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

    def _likeness(self, everyone: "Everyone") -> Tensor:
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
