"""CLIP, SigLIP and SigLIP 2 in the format of Hugging Face transformers: a local folder to a tower.

Code that a folder brings along is never run (`trust_remote_code` stays off), nothing is fetched, and a folder whose
weights lack a part of the model is refused: transformers would fill it with random numbers and warn.
"""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as PillowImage

from rsvlm.errors import one_line
from rsvlm.files import sha256_of
from rsvlm.models import hub
from rsvlm.models.blueprints import tokenizer_digest
from rsvlm.models.errors import ModelError
from rsvlm.models.pixels import Three, cropped_to_bounds
from rsvlm.models.quiet import loading_transformers
from rsvlm.models.versions import versions

KINDS = {"clip": "CLIP", "siglip": "SigLIP", "siglip2": "SigLIP 2 (NaFlex)"}
"""Model types of transformers that are read. SigLIP 2 of fixed resolution has the type of SigLIP."""

_CLOSED: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Nothing fetched, and no code of the folder run; left unsaid, the latter makes transformers ask at the terminal."""

_SETTINGS = (
    "size",
    "crop_size",
    "do_resize",
    "do_center_crop",
    "do_convert_rgb",
    "resample",
    "image_mean",
    "image_std",
    "rescale_factor",
    "patch_size",
    "max_num_patches",
)


def read_config(folder: Path) -> dict[str, Any]:
    """Read a transformers folder's `config.json` and check that it is a model that can be an encoder.

    Raises:
        ModelError: It cannot be read, or is another kind of model.
    """
    file = folder / "config.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {one_line(error)}") from error
    kind = content.get("model_type") if isinstance(content, dict) else None
    if kind not in KINDS:
        raise ModelError(
            f"{folder} holds a model of type {kind!r}: encoders are {', '.join(KINDS.values())} of transformers, "
            f"and open_clip models with their {hub.OPEN_CLIP_CONFIG}"
        )
    return dict(content)


class HuggingFaceTower:
    """A transformers CLIP, SigLIP or SigLIP 2 with its own image processor and tokenizer; see `Tower`."""

    def __init__(self, name: str, folder: Path, *, quick_gelu: bool | None = None) -> None:
        """Load the model, the image processor and the tokenizer that lie in a folder.

        Args:
            name: What the user called the model.
            folder: The folder.
            quick_gelu: For CLIP, whether its activation is QuickGELU; None leaves it to `config.json`.

        Raises:
            ModelError: A file is missing, damaged or does not fit the others.
        """
        self.kind = str(read_config(folder)["model_type"])
        files = _weight_files(folder)
        with loading_transformers(folder):
            model, reason = _load_model(folder, quick_gelu)
            self._processor, self._tokenizer = _load_processing(folder)
        self.name = name
        self.module: Any = model.float().eval().requires_grad_(requires_grad=False)
        digest = _digest(files)
        self.revision = hub.commit_of(folder) or f"sha256:{digest[:16]}"
        vision, text = model.config.vision_config, model.config.text_config
        self.context_length = int(text.max_position_embeddings)
        self.logit_scale = float(model.logit_scale.exp())
        self.logit_bias = float(model.logit_bias) if hasattr(model, "logit_bias") else 0.0
        settings = self._processor.to_dict()
        self.image_size = self._side(vision, settings)
        self._crops = bool(settings.get("do_center_crop"))
        # The SigLIP 2 models of fixed resolution come with Gemma's tokenizer, which keeps capitals that the model
        # never saw in training; the tokenizer of NaFlex models makes them small itself.
        self._lower = self.kind == "siglip" and "gemma" in type(self._tokenizer).__name__.lower()
        self._lock = threading.Lock()
        self.mean: Three | None = None  # `prepare` normalises
        self.std: Three | None = None
        self.dimension = int(self.texts(self.tokenize(["a"])[0]).shape[1])
        self.info: dict[str, Any] = {
            "name": name,
            "revision": self.revision,
            "library": "transformers",
            "architecture": f"{KINDS[self.kind]}, {type(model).__name__}",
            "weights": ", ".join(file.name for file in files),
            "sha256": digest,
            "quick_gelu": vision.hidden_act == "quick_gelu",
            "quick_gelu_reason": reason,
            "preprocessing": {
                "processor": type(self._processor).__name__,
                **{key: settings[key] for key in _SETTINGS if settings.get(key) is not None},
            },
            "tokenizer": f"{type(self._tokenizer).__name__}{', lower case' * self._lower}, {tokenizer_digest(folder)}",
            "context_length": self.context_length,
            "logit_scale": self.logit_scale,
            "logit_bias": self.logit_bias,
            "versions": versions("transformers", "tokenizers", "torchvision"),
        }

    def _side(self, vision: Any, settings: Mapping[str, Any]) -> int:
        if self.kind == "siglip2":  # any shape, of so many patches at most: the square that has them
            return int(settings["max_num_patches"] ** 0.5) * int(settings["patch_size"])
        return int(vision.image_size)

    def write(self, folder: Path) -> None:
        """Write the model as stock transformers opens it: `AutoModel.from_pretrained(FOLDER)`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.module.save_pretrained(folder)
        self._processor.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)

    def prepare(self, image: PillowImage.Image) -> torch.Tensor:
        """Return what the model's own image processor returns for an RGB image.

        Returns:
            float32 (3, H, W); for NaFlex (1, patches, 3 * patch * patch + 3), where the last three numbers of each
            row are whether the patch is there, and the rows and columns of patches: `images` takes them apart.
        """
        picture = cropped_to_bounds(image) if self._crops else image
        # As an array, of which it can be said where the channels are: three rows of pixels look like three channels.
        given = self._processor(
            images=np.array(picture), input_data_format="channels_last", return_tensors="pt"
        )
        pixels: torch.Tensor = given["pixel_values"][0].float()
        if self.kind != "siglip2":
            return pixels
        there = given["pixel_attention_mask"][0].float()[:, None]
        shape = given["spatial_shapes"][0].float().expand(len(pixels), 2)
        return torch.cat([pixels, there, shape], dim=1)[None]

    def images(self, batch: torch.Tensor) -> torch.Tensor:
        """Return image vectors (n, dimension), not normalised."""
        if self.kind != "siglip2":
            return _vectors(self.module.get_image_features(pixel_values=batch))
        rows = batch[:, 0]
        return _vectors(
            self.module.get_image_features(
                pixel_values=rows[:, :, :-3].contiguous(),
                pixel_attention_mask=rows[:, :, -3].long(),
                spatial_shapes=rows[:, 0, -2:].long(),
            )
        )

    def tokenize(self, texts: Sequence[str]) -> tuple[dict[str, torch.Tensor], int]:
        """Return what the tokenizer gives the model, and how many texts were longer than `context_length`.

        SigLIP is trained on texts filled up to the full length and reads its vector off the last place, so its
        texts are always filled up; CLIP finds the end of the text itself.
        """
        words = [text.lower() for text in texts] if self._lower else list(texts)
        filling = True if self.kind == "clip" else "max_length"
        with self._lock:  # fast tokenizers keep the settings of a call in themselves
            lengths = [len(tokens) for tokens in self._tokenizer(words, verbose=False)["input_ids"]]
            tokens = self._tokenizer(
                words, padding=filling, truncation=True, max_length=self.context_length, return_tensors="pt"
            )
        wanted = {key: tokens[key] for key in ("input_ids", "attention_mask") if key in tokens}
        return wanted, sum(length > self.context_length for length in lengths)

    def texts(self, tokens: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return text vectors (n, dimension), not normalised."""
        return _vectors(self.module.get_text_features(**tokens))


def _vectors(output: Any) -> torch.Tensor:
    """Take the vectors out of what transformers returns: a tensor before version 5, an object from then on."""
    vectors: torch.Tensor = output if isinstance(output, torch.Tensor) else output.pooler_output
    return vectors


def _load_model(folder: Path, quick_gelu: bool | None) -> tuple[Any, str]:
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(folder, **_CLOSED)
    reason = "hidden_act of config.json"
    if quick_gelu is not None:
        if config.model_type != "clip":
            raise ModelError(
                f"{folder} is a {KINDS[config.model_type]}, which has no QuickGELU: leave quick_gelu out"
            )
        reason = "the caller"
        for tower in (config.vision_config, config.text_config):
            tower.hidden_act = "quick_gelu" if quick_gelu else "gelu"
    model, loaded = AutoModel.from_pretrained(folder, config=config, output_loading_info=True, **_CLOSED)
    _check_loaded(folder, loaded)
    return model, reason


def _check_loaded(folder: Path, loaded: Mapping[str, Any]) -> None:
    for what, key in (("are missing", "missing_keys"), ("are not known to the model", "unexpected_keys")):
        names = sorted(str(name) for name in loaded.get(key) or () if not str(name).endswith("position_ids"))
        if names:
            shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            raise ModelError(
                f"the weights in {folder} do not fit its config.json: {len(names)} {what} ({shown})"
            )


def _load_processing(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoImageProcessor, AutoTokenizer

    images: Any = AutoImageProcessor  # its methods are not typed
    processor = images.from_pretrained(folder, **_CLOSED)
    return processor, AutoTokenizer.from_pretrained(folder, **_CLOSED)


def _weight_files(folder: Path) -> list[Path]:
    """The files that transformers will read: safetensors before pickled ones, an index's parts in its order."""
    for name in hub.TRANSFORMERS_WEIGHTS:
        file = folder / name
        if not file.is_file():
            continue
        if not name.endswith(".index.json"):
            return [file]
        try:
            parts = sorted(set(json.loads(file.read_text(encoding="utf-8"))["weight_map"].values()))
            return [folder / part for part in parts]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{file} cannot be read: {one_line(error)}") from error
    raise ModelError(f"{folder} holds no weights: {' or '.join(hub.TRANSFORMERS_WEIGHTS[::2])} is missing")


def _digest(files: Sequence[Path]) -> str:
    """SHA-256 of the weights file; of several, of their own digests one after another."""
    digests = [sha256_of(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode("ascii")).hexdigest()
