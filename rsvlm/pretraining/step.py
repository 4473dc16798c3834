"""One step's gradients: a batch through the model, the loss over it, and the way back."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from rsvlm.memory import machine_memory
from rsvlm.models.tower import Tower

from .data import Batch
from .data.examples import mixed
from .encoding import Encoding
from .errors import PretrainingError
from .fitting import A_TEXT, SHARE, Encode, Fitting
from .gradcache import Stream, average_gradients, cached_backward
from .lora import Adapted
from .losses import SoftTargets
from .memory import keep_freed_memory
from .processes import Processes
from .settings import TrainingSettings
from .vectors import Vectors

SIGMOID_SCALE, SIGMOID_BIAS = 10.0, -10.0
"""What SigLIP begins with (Zhai et al. 2023, section 3.2): for models that were trained with no bias."""

_KEPT = 100_000
"""Texts whose reference vectors are kept: 200 MB of 512 numbers each. Captions made from labels are far fewer."""


class Step:
    """Gives what learns in a model its gradients from a batch.

    The model stays in evaluation mode, so that batch norms keep their statistics; only LoRA's dropout is on.

    Args:
        adapted: The model; moved to the device.
        settings: Of the training.
        processes: Who trains.
        extra: Texts without an image, of which each batch gets `settings.extra_texts`.

    Attributes:
        encoder: The model as it is at the moment.
    """

    def __init__(
        self, adapted: Adapted, settings: TrainingSettings, processes: Processes, extra: Sequence[str] = ()
    ) -> None:
        self._adapted, self._settings, self._processes = adapted, settings, processes
        self._extra = list(dict.fromkeys(extra))
        self._loss, self._scale = settings.made_loss(), loss_scale(adapted.tower, settings)
        self._texts_learn = adapted.learns("text")
        self._compares_texts = isinstance(self._loss, SoftTargets) or not self._texts_learn
        self.encoder = Encoding(
            adapted, settings.precision, processes.device, exact_texts=self._compares_texts
        )
        if settings.train_size is not None:
            _check_size(adapted.tower, self.encoder, settings.train_size)
        if processes.device.type == "cpu":
            keep_freed_memory()
        self._references: dict[str, Tensor] = {}
        self._fitting: Fitting | None = None

    def __call__(self, batch: Batch) -> float:
        """Add the gradients of a batch, the mean over all processes; return the loss.

        Raises:
            PretrainingError: The loss is no number, or the vectors hold NaN. No weight has been changed then.
        """
        extra = self._drawn(batch)
        if self._fitting is None and self._settings.chunk is None and self._processes.device.type == "cpu":
            self._fitting = self._fitted(batch.images[0])
        torch.manual_seed(mixed(self._settings.seed, "step", batch.epoch, batch.step, self._processes.rank))
        texts = [*batch.captions, *extra]
        references = None
        if self._compares_texts:
            references = self._as_base(texts)
        distinct = list(dict.fromkeys(texts)) if self._texts_learn else []  # captions made from labels repeat
        sizes = self._sizes(batch.images, len(distinct))
        streams = {"images": Stream(self._images, _chunks(batch.images, sizes["images"]))}
        if self._texts_learn:
            row = {text: number for number, text in enumerate(distinct)}
            rows = torch.tensor([row[text] for text in texts], device=self._processes.device)
            streams["texts"] = Stream(self.encoder.texts, _chunks(distinct, sizes["texts"]))

        def loss(images: Tensor, texts: Tensor | None = None) -> Tensor:
            if texts is None:
                assert references is not None
                texts = references
            else:
                texts = texts[rows]
            own, rest = texts.tensor_split([len(batch)])
            vectors = Vectors(images, own, rest if extra else None, references=references)
            return self._loss(vectors, *self._scale)

        try:
            if all(len(stream.chunks) == 1 for stream in streams.values()):
                value = loss(**{name: stream.encode(stream.chunks[0]) for name, stream in streams.items()})
                value.backward()  # type: ignore[no-untyped-call]
                value = value.detach()
            else:
                value = cached_backward(loss, streams)
        except torch.OutOfMemoryError as error:
            half = max(1, max(sizes.values()) // 2)
            raise PretrainingError(
                f"{self._processes.device} has too little memory for {sizes['images']} images at once: "
                f"give --chunk {half} (chunk={half}), which takes as large batches in parts"
            ) from error
        if not value.isfinite():
            raise PretrainingError(f"the loss is {float(value)}: lower the learning rate")
        average_gradients(self._adapted.parameters())
        return float(value)

    @torch.no_grad()
    def compared(self, images: Tensor, texts: Tensor, captions: Sequence[str]) -> float:
        """Return the loss of vectors that are there already, on this process alone and without extra texts.

        Args:
            images: (n, d), unit length.
            texts: (n, d), unit length.
            captions: What the texts say.
        """
        device = self._processes.device
        references = self._as_base(captions) if isinstance(self._loss, SoftTargets) else None
        vectors = Vectors(images.to(device), texts.to(device), references=references, alone=True)
        return float(self._loss(vectors, *self._scale))

    def _images(self, prepared: Tensor) -> Tensor:
        return self.encoder.images(prepared, self._settings.train_size)

    def _fitted(self, image: Tensor) -> Fitting:
        """What cuts batches so that they fit in the memory of a processor; a GPU without room says so."""
        learning: dict[str, Encode] = {
            "images": lambda count: self._images(image.expand(count, *image.shape))
        }
        if self._texts_learn:
            learning["texts"] = lambda count: self.encoder.texts([A_TEXT] * count)
        memory = int(machine_memory() * SHARE) // self._processes.count
        return Fitting(learning, self._adapted.tower.module.parameters(), memory)

    def _sizes(self, images: Tensor, texts: int) -> dict[str, int]:
        """How many images and texts are encoded at once."""
        counts = {"images": len(images), **({"texts": texts} if self._texts_learn else {})}
        if self._fitting is not None:
            return self._fitting.sizes(counts)
        return {kind: self._settings.chunk or count for kind, count in counts.items()}

    def _as_base(self, texts: Sequence[str]) -> Tensor:
        """The vectors of texts as the model gave them before it was trained, in float32."""
        new = [text for text in dict.fromkeys(texts) if text not in self._references]
        if new:
            with torch.no_grad(), self._adapted.as_base():
                for chunk in _chunks(new, self._settings.chunk or len(new)):
                    self._references |= dict(zip(chunk, self.encoder.exact_texts(chunk), strict=True))
        vectors = torch.stack([self._references[text] for text in texts])
        while len(self._references) > _KEPT:
            del self._references[next(iter(self._references))]
        return vectors

    def _drawn(self, batch: Batch) -> list[str]:
        """This process's part of the texts for this batch: those that it has itself, on any process, are right."""
        if not self._extra:
            return []
        wanted = min(self._settings.extra_texts, len(self._extra))
        generator = torch.Generator().manual_seed(
            mixed(self._settings.seed, "extra", batch.epoch, batch.step) % 2**63
        )
        order = torch.randperm(len(self._extra), generator=generator)[:wanted].tolist()
        own = {text for captions in self._processes.of_all(batch.captions) for text in captions}
        drawn = [self._extra[number] for number in order if self._extra[number] not in own]
        return drawn[self._processes.rank :: self._processes.count]


def loss_scale(tower: Tower, settings: TrainingSettings) -> tuple[float, float | None]:
    """Return what the loss multiplies cosines with, and what it then adds; None where it adds nothing."""
    if settings.loss != "sigmoid":
        return settings.scale or tower.logit_scale, None
    if not tower.logit_bias:
        return settings.scale or SIGMOID_SCALE, SIGMOID_BIAS
    return settings.scale or tower.logit_scale, tower.logit_bias


def _chunks(whole: Any, size: int) -> list[Any]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


def _check_size(tower: Tower, encoder: Encoding, size: int) -> None:
    """Refuse a size of images that the model does not take (`PretrainingError`)."""
    if size > tower.image_size:
        raise PretrainingError(
            f"train_size {size}: {tower.name} takes images of {tower.image_size} pixels: give fewer, or leave it out"
        )
    blank = tower.prepare(Image.new("RGB", (tower.image_size, tower.image_size)))
    try:
        if tower.mean is None:  # `prepare` gave what the model takes, which is no picture any more
            raise ValueError
        with torch.no_grad():
            encoder.images(blank[None], size)
    except (AssertionError, RuntimeError, ValueError):
        raise PretrainingError(
            f"train_size {size}: {tower.name} takes images of {tower.image_size} pixels only"
        ) from None
