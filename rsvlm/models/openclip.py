"""open_clip models: from a configuration and a weights file to a tower, without a network and without a guess."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transform import PreprocessCfg
from PIL import Image as PillowImage
from torch.overrides import TorchFunctionMode

from rsvlm.errors import one_line
from rsvlm.files import write_json
from rsvlm.models import hub
from rsvlm.models.blueprints import Blueprint, local_config, tokenizer_record
from rsvlm.models.checkpoints import Checkpoint, read_checkpoint
from rsvlm.models.errors import ModelError
from rsvlm.models.pixels import open_clip_preparation
from rsvlm.models.quiet import quiet
from rsvlm.models.shortening import can_shorten, longest, positions
from rsvlm.models.state_dicts import Tensors, load_into, tensors_of
from rsvlm.models.tensor_files import write_tensors
from rsvlm.models.versions import versions


class OpenClipTower:
    """An open_clip model with its preprocessing and tokenizer; see `Tower`."""

    def __init__(
        self, name: str, blueprint: Blueprint, weights: Path | Checkpoint, *, offline: bool = True
    ) -> None:
        """Build the model and load the weights into it.

        Args:
            name: What the user called the model.
            blueprint: Its configuration.
            weights: The weights file, or what was read of it.
            offline: Whether the tokenizer or text configuration that it names by a hub id must be in the cache.

        Raises:
            ModelError: The file cannot be read, does not fit, or the configuration is none that open_clip builds.
        """
        checkpoint = weights if isinstance(weights, Checkpoint) else read_checkpoint(weights)
        tensors = tensors_of(checkpoint.content, str(checkpoint.path))
        config = local_config(blueprint, offline=offline)
        module = _build(config, blueprint, tensors)
        load_into(module, tensors, str(checkpoint.path), blueprint.architecture)
        self.name = name
        self.module: Any = module.eval().requires_grad_(requires_grad=False)
        self.revision = hub.commit_of(checkpoint.path) or checkpoint.revision
        self.dimension = int(config["embed_dim"])
        self.logit_scale = float(module.logit_scale.exp())
        self.logit_bias = 0.0 if module.logit_bias is None else float(module.logit_bias)
        settings = _preprocessing(blueprint, module)
        size = settings["size"]
        self.image_size = int(size if isinstance(size, int) else max(size))
        _check_size(name, module, self.image_size)
        self._blueprint, self._settings = blueprint, settings
        self._prepare, self.mean, self.std = open_clip_preparation(settings)
        self._shorten = can_shorten(module)
        self._tokenizer, self._lock = _tokenizer(config), threading.Lock()
        self.context_length = int(self._tokenizer.context_length)
        self.info: dict[str, Any] = {
            "name": name,
            "revision": self.revision,
            "library": "open_clip",
            "architecture": blueprint.architecture,
            "weights": checkpoint.path.name,
            "sha256": checkpoint.sha256,
            "quick_gelu": blueprint.activation,
            "quick_gelu_reason": blueprint.reason,
            "preprocessing": _as_record(settings),
            "tokenizer": tokenizer_record(blueprint, config),
            "context_length": self.context_length,
            "logit_scale": self.logit_scale,
            "logit_bias": self.logit_bias,
            "versions": versions("open_clip_torch", "torchvision", "timm"),
        }

    def write(self, folder: Path) -> None:
        """Write the model as stock open_clip opens it: `open_clip.create_model_and_transforms("local-dir:FOLDER")`.

        Tokenizer and text configuration of transformers come with it. open_clip wants the place of the latter in full,
        so whoever moves the folder changes `hf_model_name` in its configuration; rsvlm finds it all the same.
        """
        folder.mkdir(parents=True, exist_ok=True)
        text = dict(self._blueprint.model["text_cfg"])
        with quiet():
            if "hf_model_name" in text:
                text |= {"hf_model_name": str(folder.resolve()), "hf_model_pretrained": False}
                self.module.text.config.save_pretrained(folder)
            if text.get("hf_tokenizer_name"):
                text["hf_tokenizer_name"] = str(folder.resolve())
                self._tokenizer.tokenizer.save_pretrained(folder)
        model = {**self._blueprint.model, "text_cfg": text, "quick_gelu": self._blueprint.activation}
        if self.module.logit_bias is not None and model.get("init_logit_bias") is None:
            model["init_logit_bias"] = (
                self.logit_bias
            )  # without one, stock open_clip has no place for the bias
        content = {"model_cfg": model, "preprocess_cfg": {**self._settings, "mode": "RGB"}}
        write_json(folder / hub.OPEN_CLIP_CONFIG, content, indent=1)
        write_tensors(self.module.state_dict(), folder / hub.OPEN_CLIP_WEIGHTS[0])

    def prepare(self, image: PillowImage.Image) -> torch.Tensor:
        """Return what open_clip's `preprocess_val` makes of an RGB image: uint8 (H, W, 3), before normalisation."""
        return self._prepare(image)

    def tokenize(self, texts: Sequence[str]) -> tuple[torch.Tensor, int]:
        """Return token numbers (n, context_length), and how many texts were longer than that."""
        with self._lock:  # fast tokenizers keep the settings of a call in themselves
            tokens: torch.Tensor = self._tokenizer(list(texts))
            full = (tokens[:, -1] != 0).tolist()  # 0 is what CLIP pads with; others only lose the short cut
            n_cut = sum(self._is_cut(text) for text, is_full in zip(texts, full, strict=True) if is_full)
        return tokens, n_cut

    def _is_cut(self, text: str) -> bool:
        tokenizer = self._tokenizer
        if isinstance(tokenizer, open_clip.SimpleTokenizer):
            return len(tokenizer.encode(text)) + 2 > self.context_length
        return (
            len(tokenizer.tokenizer(tokenizer.clean_fn(text), verbose=False).input_ids) > self.context_length
        )

    def images(self, batch: torch.Tensor) -> torch.Tensor:
        """Return image vectors (n, dimension), not normalised."""
        vectors: torch.Tensor = self.module.encode_image(batch, normalize=False)
        return vectors

    def texts(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return text vectors (n, dimension), not normalised."""
        length = longest(tokens) if self._shorten else tokens.shape[1]
        with positions(self.module, length) if self._shorten else nullcontext():
            vectors: torch.Tensor = self.module.encode_text(tokens[:, :length], normalize=False)
            return vectors


class WithoutInitialisation(TorchFunctionMode):
    """Leaves new weights as the memory was: every one of them is then loaded, or loading is refused.

    It takes ViT-B-32 from 4.6 s to 0.7 s on one core.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def _build(config: dict[str, Any], blueprint: Blueprint, tensors: Tensors) -> Any:
    """Make the model as `open_clip.create_model` does, but from a configuration in hand and without weights."""
    arguments = {key: value for key, value in config.items() if key != "custom_text"}
    arguments["quick_gelu"] = blueprint.activation
    if "logit_bias" in tensors and arguments.get("init_logit_bias") is None:
        arguments["init_logit_bias"] = 0.0  # a model trained with SigLIP's loss: its bias is wanted
    custom = config.get("custom_text", False) or "hf_model_name" in config["text_cfg"]
    kind = (
        (open_clip.CoCa if "multimodal_cfg" in config else open_clip.CustomTextCLIP)
        if custom
        else open_clip.CLIP
    )
    try:
        with quiet(), WithoutInitialisation():
            return kind(**arguments)
    except Exception as error:  # whatever open_clip, timm or transformers make of an unsuitable configuration
        raise ModelError(
            f"open_clip {metadata.version('open_clip_torch')} cannot build {blueprint.architecture}: {one_line(error)}"
        ) from error


def _tokenizer(config: Mapping[str, Any]) -> Any:
    """Make the tokenizer as `open_clip.get_tokenizer` does, but from a configuration in hand."""
    text = config["text_cfg"]
    options = {"context_length": text.get("context_length", 77), **text.get("tokenizer_kwargs", {})}
    if not text.get("hf_tokenizer_name"):
        return open_clip.SimpleTokenizer(**options)
    if text.get("tokenizer_mode"):
        options["tokenizer_mode"] = text["tokenizer_mode"]
    try:
        with quiet():
            return open_clip.tokenizer.HFTokenizer(text["hf_tokenizer_name"], **options)
    except Exception as error:  # whatever transformers makes of the files
        raise ModelError(
            f"the tokenizer in {text['hf_tokenizer_name']} cannot be read: {one_line(error)}"
        ) from error


def _preprocessing(blueprint: Blueprint, module: Any) -> dict[str, Any]:
    """Merge open_clip's defaults (CLIP's mean and std), the model's or tag's own, and the tower's image size."""
    defaults: dict[str, Any] = vars(PreprocessCfg())
    given = {
        key: value for key, value in blueprint.preprocess.items() if key in defaults and value is not None
    }
    size = getattr(module.visual, "image_size", None) or given.get("size", defaults["size"])
    return defaults | given | {"size": size}


def _check_size(name: str, module: Any, size: int) -> None:
    """Refuse a size that a model of timm's does not take, which says so of the first image only."""
    embed = getattr(getattr(module.visual, "trunk", None), "patch_embed", None)
    taken = getattr(embed, "img_size", None)
    if not taken or max(taken) == size:
        return
    try:
        with torch.no_grad():
            module.visual(torch.zeros(1, 3, size, size))
    except (AssertionError, RuntimeError) as error:
        raise ModelError(
            f"{name}: its image tower does not take images of {size} pixels, which its configuration says "
            f"({one_line(error)}): write image_size {max(taken)} there"
        ) from error


def _as_record(settings: Mapping[str, Any]) -> dict[str, Any]:
    size, mode = settings["size"], settings["resize_mode"]
    return {
        "size": size if isinstance(size, int) else list(size),
        "resize_mode": mode,
        "crop": "centre" if mode == "shortest" else "none",
        "interpolation": settings["interpolation"],
        "mean": list(settings["mean"]),
        "std": list(settings["std"]),
    }
