"""How long, how fast and towards what a model is trained."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .losses import ContrastiveLoss, InfoNCE, PairwiseSigmoid, SoftTargets

LossName = Literal["soft", "clip", "sigmoid"]


class TrainingSettings(BaseModel):
    """What decides the weights that come out, beside the model and the pairs.

    Attributes:
        epochs: Times that the pairs are gone through.
        learning_rate: The highest, reached after the warm-up.
        warmup: Share of all steps in which it rises from 0; afterwards it falls to 0 along a cosine.
        heads_first: Share of all steps, at first, in which only the heads learn, at the full rate; the warm-up comes
            after it. A head that is new would else spoil what it is put on (LP-FT: Kumar et al. 2022,
            arXiv:2202.10054).
        weight_decay: Of matrices; norms and biases have none.
        clip: Longer gradients are shortened to this; 0: none are.
        loss: "soft" (texts that say the same don't compete), "clip" or "sigmoid": see `rsvlm.pretraining.losses`.
        temperature: Of "soft": how unlike texts may be to count as the same.
        scale: What cosines are multiplied with; None: as the model does it. Where the loss is "sigmoid" and the model
            has no bias, it is 10 with a bias of -10, as SigLIP begins.
        extra_texts: Texts without an image that every batch is also told apart from, where some were given.
        average: Decay of the moving average of the weights that is kept in place of the last ones; 0: none.
        chunk: Images and texts that are encoded at once, on each process. Fewer than a batch need less memory and
            one more forward pass (`rsvlm.pretraining.gradcache`); None: the whole batch, or on a processor what fits in
            its memory.
        train_size: Pixels a side of the images that are learned from, where they shall be fewer than the model then
            takes (convolutional models only); None: as many. Things look larger in crops than they do in whole
            images, which that sets right (Touvron et al. 2019, arXiv:1906.06423), and it is faster.
        precision: Of the forward pass: "auto", "fp32" or "bf16". Weights and the loss are in fp32.
        seed: Of everything that is drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    epochs: int = Field(default=3, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0, lt=1)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    heads_first: float = Field(default=0.0, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, ge=0)
    loss: LossName = "soft"
    temperature: float = Field(default=0.02, ge=0)
    scale: float | None = Field(default=None, gt=0)
    extra_texts: int = Field(default=256, ge=0)
    average: float = Field(default=0.0, ge=0, lt=1)
    chunk: int | None = Field(default=None, ge=1)
    train_size: int | None = Field(default=None, ge=16)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: int = Field(default=0, ge=0)

    def head_steps(self, steps: int) -> int:
        """Return in how many of all steps only the heads learn."""
        return round(self.heads_first * steps)

    def made_loss(self) -> ContrastiveLoss:
        """Return the loss of this name."""
        if self.loss == "soft":
            return SoftTargets(self.temperature)
        return InfoNCE() if self.loss == "clip" else PairwiseSigmoid()
