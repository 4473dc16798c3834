"""Run a tower: batches, devices, precision. Images and texts in, unit vectors of float32 out."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image as PillowImage

from rsvlm.models.casting import cast_image_weights, runs_channels_last
from rsvlm.models.errors import ModelError
from rsvlm.models.pictures import rgb_picture
from rsvlm.models.pixels import model_input
from rsvlm.models.precision import FORMATS, device_name, pick_precision, whole_float32
from rsvlm.models.protocol import Encoder, Image
from rsvlm.models.threads import usable_cores, work_ahead
from rsvlm.models.tower import Tower

LOG = logging.getLogger(__name__)

BATCH_SIZES = {"cpu": 32, "cuda": 256}
"""Images a batch. On a processor, larger ones leave its caches (ViT-B-32, 2 cores: 108 images a second at 8, 129 at 32,
92 at 128); a GPU wants many, and gets fewer where its memory ends."""

_SHOWN = 100
"""Characters of a text in a message."""

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")


class TorchEncoder:
    """An encoder that runs a model in torch.

    Images go through the model in batches, in order, each once; weights that multiply matrices are cast to the
    precision once. Texts are always encoded in float32: they are few, and an error in a class vector would weigh on
    every image. Vectors are normalised and returned in float32. Safe to use from several threads, which take turns.

    Args:
        tower: The model as loaded. It is taken over: moved to the device, and its image weights cast.
        device: "auto" (the first CUDA device, else the processor), or a name that torch knows ("cpu", "cuda:1").
        precision: "auto" (bf16 where the device is measured to be good at it, else fp32), "fp32", "bf16", "fp16".
        batch_size: Images a batch; halved for good where the GPU's memory does not hold one.
        reload: Loads the same again, given device, precision and batch size. With it an encoder can be pickled: as
            the way to load it, not as its weights.

    Attributes:
        info: All that decides the vectors, JSON-able: the tower's, with device and precision.

    Raises:
        ModelError: No such device or precision.
    """

    def __init__(
        self,
        tower: Tower,
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_size: int | None = None,
        reload: Callable[..., Encoder] | None = None,
    ) -> None:
        self.device = pick_device(device)
        chosen = pick_precision(precision, self.device)
        self.batch_size = BATCH_SIZES.get(self.device.type, 32) if batch_size is None else batch_size
        if self.batch_size < 1:
            raise ModelError(f"a batch of {batch_size} images cannot be encoded: take at least 1")
        self.name, self.revision = tower.name, tower.revision
        self.dimension, self.image_size = tower.dimension, tower.image_size
        self.logit_scale, self.logit_bias = tower.logit_scale, tower.logit_bias
        self.precision = chosen.name
        self.info: dict[str, Any] = {
            **tower.info,
            "device": device_name(self.device),
            "precision": chosen.name,
            "precision_reason": chosen.reason,
        }
        self._tower = tower
        self._reload = reload
        self._lock = threading.Lock()
        self._told_of_cut_texts = False
        self._place()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._reload is None:
            raise ModelError(f"{self.name} was made in memory: load it by load_encoder to send it anywhere")
        return loaded_again, (self._reload, self.revision, self.device.type, self.precision, self.batch_size)

    @property
    def tower(self) -> Tower:
        """The model itself, for what trains a copy of it."""
        return self._tower

    def encode_images(self, images: Sequence[Image], *, normalize: bool = True) -> Vectors:
        """Return the vectors of images.

        Args:
            images: PIL images of any mode and size, or (height, width, 3) uint8 arrays; they may come one by one.
            normalize: Whether vectors get unit length.

        Returns:
            (n, dimension) float32, in the order of `images`.

        Raises:
            ModelError: One is no such image, it is not a list of them, or one does not fit in the device's memory.
        """
        if isinstance(images, PillowImage.Image) or (
            isinstance(images, np.ndarray) and images.ndim in (2, 3)
        ):
            raise ModelError("images are a list of images, not one image: put it into a list")
        # a generator has no length, and is taken a batch at a time
        threads = min(usable_cores(), len(images) if isinstance(images, Sized) else usable_cores())
        if threads < 2:
            prepared: Iterable[torch.Tensor] = map(self.prepare, images)
            return self._encode(prepared, self._image_batch, normalize)
        ahead = work_ahead(self.prepare, images, threads=threads, ahead=2 * self.batch_size)
        return self._encode(ahead, self._image_batch, normalize)

    def encode_texts(self, texts: Sequence[str], *, normalize: bool = True) -> Vectors:
        """Return the vectors of texts: (n, dimension) float32, in order.

        Texts over the model's limit of tokens are cut, and the first call with such texts logs a warning with
        their number.

        Raises:
            ModelError: A single string was passed, or what is none, or one text does not fit in the device's memory.
        """
        if isinstance(texts, str):
            raise ModelError(
                f"texts are a list of strings, not the string {texts[:40]!r}: put it into a list"
            )
        texts = list(texts)
        if wrong := [text for text in texts if not isinstance(text, str)]:
            raise ModelError(
                f"texts are strings, not {type(wrong[0]).__name__}: leave it out, or write it as text"
            )
        cut: list[int] = []

        def encode(batch: list[str]) -> torch.Tensor:
            tokens, too_long = self._tower.tokenize(batch)
            cut.append(too_long)
            return self._tower.texts(moved(tokens, self.device))

        vectors = self._encode(texts, encode, normalize)
        self._tell_of_cut_texts(sum(cut), texts)
        return vectors

    def count_cut(self, texts: Sequence[str]) -> int:
        """Return how many texts are longer than the model's limit of tokens, so that their end has no say."""
        return self._tower.tokenize(list(texts))[1] if texts else 0

    def prepare(self, image: Image) -> torch.Tensor:
        """Return what `encode_prepared` takes for an image. Safe in threads, and best run there.

        Raises:
            ModelError: It is no picture.
        """
        return self._tower.prepare(rgb_picture(image))

    def encode_prepared(self, prepared: Sequence[torch.Tensor], *, normalize: bool = True) -> Vectors:
        """Return (n, dimension) float32 for what `prepare` returned, in order."""
        return self._encode(prepared, self._image_batch, normalize)

    def _place(self) -> None:
        """Bring the model to its device, layout and precision."""
        module = self._tower.module.to(self.device)
        if runs_channels_last(module):
            module.to(memory_format=torch.channels_last)
        if self.precision != "fp32":
            blank = self.prepare(PillowImage.new("RGB", (self.image_size, self.image_size)))
            with torch.inference_mode():
                batch = self.to_device([blank])
            with torch.no_grad():
                cast_image_weights(self._tower, batch, self.precision)

    def _encode(
        self, items: Iterable[T], encode: Callable[[list[T]], torch.Tensor], normalize: bool
    ) -> Vectors:
        """Run batches of items through the model, and gather their vectors."""
        found = [np.empty((0, self.dimension), np.float32)]
        for batch in batches(items, lambda: self.batch_size):
            found += self._fit(batch, encode, normalize)
        return np.concatenate(found)

    def _fit(
        self, batch: list[T], encode: Callable[[list[T]], torch.Tensor], normalize: bool
    ) -> list[Vectors]:
        """Encode a batch, in smaller ones where the device's memory ends."""
        try:
            with self._lock, torch.inference_mode():
                vectors = encode(batch).float()
                if normalize:
                    vectors = torch.nn.functional.normalize(vectors, dim=-1)
                return [vectors.cpu().numpy()]
        except torch.OutOfMemoryError as error:
            if len(batch) == 1:
                raise ModelError(
                    f"the memory of {self.device} does not hold {self.name} with a single input: use device='cpu'"
                ) from error
        # Outside the handler: the traceback would keep the tensors of the failed batch alive.
        torch.cuda.empty_cache()
        half = len(batch) // 2
        self.batch_size = min(self.batch_size, half)
        LOG.warning("%s: out of memory with a batch of %d; going on with %d", self.name, len(batch), half)
        return [
            part for piece in batches(batch, lambda: half) for part in self._fit(piece, encode, normalize)
        ]

    def _image_batch(self, prepared: list[torch.Tensor]) -> torch.Tensor:
        batch = self.to_device(prepared)
        with self._arithmetic():
            return self._tower.images(batch)

    def to_device(self, prepared: Sequence[torch.Tensor]) -> torch.Tensor:
        """Stack images on the device, normalised, (n, 3, H, W)."""
        batch = torch.stack(list(prepared))
        if self.device.type == "cuda":
            batch = batch.pin_memory().to(self.device, non_blocking=True)
        return model_input(batch.to(self.device), self._tower.mean, self._tower.std)

    def _arithmetic(self) -> AbstractContextManager[Any]:
        if self.precision != "fp32":
            return torch.autocast(self.device.type, FORMATS[self.precision])
        return whole_float32() if self.device.type == "cuda" else nullcontext()

    def _tell_of_cut_texts(self, cut: int, texts: Sequence[str]) -> None:
        if not cut or self._told_of_cut_texts:
            return
        self._told_of_cut_texts = True
        first = next(text for text in texts if self.count_cut([text]))
        LOG.warning(
            "%s: %d of %d texts are longer than %d tokens and were cut, the first: %r",
            self.name,
            cut,
            len(texts),
            self._tower.context_length,
            first if len(first) <= _SHOWN else f"{first[: _SHOWN - 3]}...",
        )


def loaded_again(
    reload: Callable[..., Encoder], revision: str, device: str, precision: str, batch_size: int
) -> Encoder:
    """Load an encoder that was pickled.

    Raises:
        ModelError: It is not here, or has other weights.
    """
    encoder = reload(device=device, precision=precision, batch_size=batch_size)
    if encoder.revision != revision:
        raise ModelError(
            f"{encoder.name} has weights {encoder.revision} here, and {revision} where it was loaded"
        )
    return encoder


def pick_device(name: str) -> torch.device:
    """Return the device of a name; "auto" is the first CUDA device, else the processor.

    Raises:
        ModelError: Torch knows no such device, or this machine has none.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelError(f"there is no device {name!r}: take auto, cpu, cuda or cuda:1") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ModelError(
            f"device {name!r} is not there: torch sees {torch.cuda.device_count()} CUDA devices; take auto or cpu"
        )
    if device.type not in ("cpu", "cuda"):
        try:
            torch.zeros(1, device=device).tolist()
        except (RuntimeError, AssertionError) as error:  # this torch was not built for it
            there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
            raise ModelError(
                f"device {name!r} cannot be used here: take auto or {' or '.join(there)}"
            ) from error
    return device


def batches(items: Iterable[T], size: Callable[[], int]) -> Iterator[list[T]]:
    """Yield lists of `size()` items, asked before each, and a shorter one at the end."""
    source = iter(items)
    while batch := list(islice(source, size())):
        yield batch


def moved(tokens: Any, device: torch.device) -> Any:
    """Return what a tower's `tokenize` gave, on a device."""
    if isinstance(tokens, torch.Tensor):
        return tokens.to(device)
    return {name: value.to(device) for name, value in tokens.items()}
