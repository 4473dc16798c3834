"""The model while it is trained: its forward pass in the precision of the training, also as an encoder."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rsvlm.models import Image
from rsvlm.models.casting import runs_channels_last
from rsvlm.models.pictures import rgb_picture
from rsvlm.models.pixels import model_input
from rsvlm.models.precision import Precision, pick_precision
from rsvlm.models.runtime import moved

from .layers import SIDES, Side
from .lora import Adapted

T = TypeVar("T")

_BATCH = 64
_GROUP = 32
"""Texts of like length that a processor encodes together."""


class Encoding:
    """The forward pass of a model that is trained; any part of it may learn.

    It is an encoder, too, of the model as it is at the moment: without a revision, so that nothing of it is kept.

    Args:
        adapted: The model; moved to the device, and what stays as it is cast where the precision is bf16.
        precision: "auto", "fp32" or "bf16".
        device: Where to compute.
        exact_texts: Whether the text side is to stay in float32, for vectors that are compared to 1e-5.

    Attributes:
        name, revision, dimension, image_size, batch_size: As of encoders.
        precision: What was chosen for each side, and why.
    """

    revision, batch_size = "", _BATCH

    def __init__(self, adapted: Adapted, precision: str, device: torch.device, *, exact_texts: bool) -> None:
        tower = self._tower = adapted.tower
        self._device, self._texts_learn = device, adapted.learns("text")
        self.name, self.dimension, self.image_size = tower.name, tower.dimension, tower.image_size
        self.precision = {side: _precision(precision, adapted, side, device) for side in SIDES}
        tower.module.to(device)
        if runs_channels_last(tower.module):
            tower.module.to(memory_format=torch.channels_last)
        parts: list[Any] = list(tower.module.modules())
        for part in parts:
            # peft would make each input float32 for LoRA, and autocast a copy in bf16 of that: one for each layer.
            if hasattr(part, "cast_input_dtype_enabled"):
                part.cast_input_dtype_enabled = False
        rounded = [side for side, chosen in self.precision.items() if chosen.name == "bf16"]
        _cast_frozen(adapted, [side for side in rounded if side == "image" or not exact_texts])

    def images(self, prepared: Tensor, size: int | None = None) -> Tensor:
        """Return unit vectors of what `Tower.prepare` made of images, or of them in another size, with gradients."""
        pixels = model_input(prepared.to(self._device), self._tower.mean, self._tower.std)
        if size is not None:
            pixels = functional.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
        return self._unit("image", lambda: self._tower.images(pixels))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors of texts, with gradients."""
        return self._grouped(texts, lambda tokens: self._unit("text", lambda: self._tower.texts(tokens)))

    def exact_texts(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors of texts in float32 all through, where the text side was kept in it."""
        return self._grouped(
            texts, lambda tokens: functional.normalize(self._tower.texts(tokens).float(), dim=-1)
        )

    def _grouped(self, texts: Sequence[str], encode: Callable[[Any], Tensor]) -> Tensor:
        """Encode texts, on a processor those of like length together: most of a batch would else be padding."""
        group = _GROUP if self._device.type == "cpu" else len(texts)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        vectors = []
        for start in range(0, len(order), group):
            part = [texts[place] for place in order[start : start + group]]
            vectors.append(encode(moved(self._tower.tokenize(part)[0], self._device)))
        return torch.cat(vectors)[torch.tensor(order, device=self._device).argsort()]

    def prepare(self, image: Image) -> Tensor:
        """Return what `encode_prepared` takes for an image. Safe in threads."""
        return self._tower.prepare(rgb_picture(image))

    @torch.no_grad()
    def encode_prepared(self, prepared: Sequence[Tensor]) -> NDArray[np.float32]:
        """Return (n, dimension) float32 for what `prepare` returned."""
        return self._gathered(prepared, lambda part: self.images(torch.stack(list(part))))

    def encode_images(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return (n, dimension) float32 of unit length."""
        return self.encode_prepared([self.prepare(image) for image in images])

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dimension) float32 of unit length."""
        return self._gathered(texts, self.texts if self._texts_learn else self.exact_texts)

    def _unit(self, side: Side, encode: Callable[[], Tensor]) -> Tensor:
        rounded = self.precision[side].name == "bf16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=rounded):
            vectors = encode()
        return functional.normalize(vectors.float(), dim=-1)

    def _gathered(self, items: Sequence[T], encode: Callable[[Sequence[T]], Tensor]) -> NDArray[np.float32]:
        found = [np.empty((0, self.dimension), np.float32)]
        for start in range(0, len(items), _BATCH):
            found.append(encode(items[start : start + _BATCH]).cpu().numpy())
        return np.concatenate(found)


def _precision(name: str, adapted: Adapted, side: Side, device: torch.device) -> Precision:
    """The precision of a side: on a processor, depthwise convolutions take longer in bf16 (56, not 85 images/s)."""
    parts = adapted.tower.module.named_modules()
    depthwise = any(
        isinstance(part, nn.Conv2d) and part.groups > 1 and f"{name}.weight" in adapted.reached[side]
        for name, part in parts
    )
    return pick_precision("fp32" if name == "auto" and device.type == "cpu" and depthwise else name, device)


def _cast_frozen(adapted: Adapted, sides: Sequence[Side]) -> None:
    """Keep what multiplies and does not learn in bf16: half the memory, and nothing to cast at every step.

    Nothing of it is written: an adapter holds only what learned.
    """
    if adapted.dora:  # needs the lengths of the base's weights
        return
    wanted = {name for side in sides for name in adapted.reached[side]}
    wanted -= {name for side in SIDES if side not in sides for name in adapted.reached[side]}
    for name, part in adapted.tower.module.named_modules():
        if not isinstance(part, nn.Linear | nn.Conv2d) or ".lora_" in name:
            continue
        for own, weight in part.named_parameters(recurse=False):
            full = f"{name}.{own}"
            if full not in adapted.learning and full.replace(".base_layer.", ".") in wanted:
                weight.data = weight.data.to(torch.bfloat16)
