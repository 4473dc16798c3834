"""What a loader gives to the runtime: one CLIP-like model in torch, with its own preprocessing and tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image as PillowImage


class Tower(Protocol):
    """A model as loaded: float32, on the CPU, in eval mode, without gradients.

    Attributes:
        name, revision, dimension, image_size: As of `Encoder`.
        context_length: Tokens that the text tower reads; longer texts are cut.
        logit_scale: What the model multiplies cosines with (CLIP and SigLIP: the exponential of the learned one).
        logit_bias: What it then adds; 0 for all but SigLIP.
        info: All that decides the vectors, JSON-able; goes into every result.
        module: Everything that has weights; the runtime moves and casts it in place.
        mean, std: What the runtime takes from pixels of 0 to 1 and divides them by, channel by channel, where
            `prepare` leaves that to it; None where `prepare` has done it.
    """

    name: str
    revision: str
    dimension: int
    image_size: int
    context_length: int
    logit_scale: float
    logit_bias: float
    info: dict[str, Any]
    module: torch.nn.Module
    mean: tuple[float, float, float] | None
    std: tuple[float, float, float] | None

    def write(self, folder: Path) -> None:
        """Write the model, with whatever was merged into it, as its own library opens it."""
        ...

    def prepare(self, image: PillowImage.Image) -> torch.Tensor:
        """Turn an RGB image of any size into the model's. Thread-safe.

        Returns:
            With `mean` and `std`: uint8 (H, W, 3), resized and cropped; a quarter of the memory to keep and to move,
            and the runtime normalises a whole batch on the device. Without them: float32 (3, H, W), ready.
        """
        ...

    def tokenize(self, texts: Sequence[str]) -> tuple[Any, int]:
        """Return what `texts` takes (a tensor, or a dict of them, on the CPU), and how many were cut. Thread-safe."""
        ...

    def images(self, batch: torch.Tensor) -> torch.Tensor:
        """Return (n, dimension), not normalised, for a batch of `prepare`'s tensors (n, 3, H, W)."""
        ...

    def texts(self, tokens: Any) -> torch.Tensor:
        """Return (n, dimension), not normalised, for what `tokenize` returned."""
        ...
