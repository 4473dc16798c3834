"""What is known of an open_clip model before its weights are read: configuration, preprocessing, activation."""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import open_clip

from rsvlm.errors import one_line
from rsvlm.models import hub
from rsvlm.models.errors import ModelError


@dataclass(frozen=True)
class Blueprint:
    """What is known of an open_clip model before its weights are read.

    Attributes:
        architecture: open_clip's name for it, or the configuration's file or folder.
        model: The model's configuration (`embed_dim`, `vision_cfg`, `text_cfg`, ...).
        preprocess: What is not open_clip's default: mean, std, interpolation, resize_mode, ...
        folder: Where the configuration lies; tokenizers and text models named in it are looked for there first.
        quick_gelu: Whether the weights were trained with QuickGELU; None leaves it to the configuration.
        reason: Who says so.
    """

    architecture: str
    model: Mapping[str, Any]
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    quick_gelu: bool | None = None
    reason: str = "the architecture's configuration; neither preset nor pretrained tag says otherwise"

    @property
    def activation(self) -> bool:
        """Whether the model is built with QuickGELU."""
        return bool(self.model.get("quick_gelu", False) if self.quick_gelu is None else self.quick_gelu)


def from_architecture(architecture: str, tag: str | None = None) -> Blueprint:
    """Take an architecture that ships with open_clip, for the weights of a pretrained tag or for others."""
    config = open_clip.get_model_config(architecture)
    known = open_clip.get_pretrained_cfg(architecture, tag) if tag else {}
    told = known.get(
        "quick_gelu", True if tag == "openai" else None
    )  # releases of before 2025 do not record it
    if told is not None:
        reason = f"open_clip's record of the pretrained tag {tag}"
        return Blueprint(architecture, config, known, None, bool(told), reason)
    return Blueprint(architecture, config, known)


def from_config(path: Path) -> Blueprint:
    """Read `open_clip_config.json`, or a bare model configuration, given as the file or the folder that holds it.

    Raises:
        ModelError: It is no such file.
    """
    file = path / hub.OPEN_CLIP_CONFIG if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"open_clip configuration {file} cannot be read: {one_line(error)}") from error
    model = content.get("model_cfg", content) if isinstance(content, dict) else {}
    if not isinstance(model, dict) or not {"embed_dim", "vision_cfg", "text_cfg"} <= model.keys():
        raise ModelError(f"{file} is no open_clip configuration: it lacks embed_dim, vision_cfg or text_cfg")
    name = path.name if path.is_dir() else path.stem
    return Blueprint(name, model, content.get("preprocess_cfg") or {}, file.parent)


def weights_beside(folder: Path) -> Path:
    """Return the weights file in an open_clip folder, safetensors first.

    Raises:
        ModelError: There is none.
    """
    names = (*hub.OPEN_CLIP_WEIGHTS, "open_clip_pytorch_model.pth", "model.safetensors", "pytorch_model.bin")
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ModelError(
            f"{folder} holds no {' or '.join(names[:3])}: give the weights file by weights=FILE (--weights FILE)"
        )
    return found


def tag_weights(architecture: str, tag: str, *, offline: bool) -> Path:
    """Return the weights of an open_clip pretrained tag: from the hub's cache, else fetched.

    Raises:
        ModelError: They are not on the machine and fetching is off or fails.
    """
    where = str(open_clip.get_pretrained_cfg(architecture, tag).get("hf_hub", ""))
    repository, _, name = where.rpartition("/")
    if not repository:
        raise ModelError(
            f"open_clip knows no place on the hub for {architecture}/{tag}: "
            "give the file by weights=FILE (--weights FILE)"
        )
    safe = f"{name.rpartition('.')[0]}.safetensors"
    names = (safe, name) if name else (hub.OPEN_CLIP_WEIGHTS[0], hub.OPEN_CLIP_WEIGHTS[2])
    return hub.hub_file(repository, names, offline=offline)


def local_config(blueprint: Blueprint, *, offline: bool) -> dict[str, Any]:
    """Copy the configuration, with every hub id in it replaced by a folder on this machine, and no base weights."""
    config = deepcopy(dict(blueprint.model))
    vision, text = config["vision_cfg"], config["text_cfg"]
    if "timm_model_name" in vision:
        if ":" in vision["timm_model_name"]:
            raise ModelError(
                f"{blueprint.architecture} names the image tower {vision['timm_model_name']}, which timm would fetch: "
                "name an architecture of timm's own"
            )
        vision["timm_model_pretrained"] = False
    if "hf_model_name" in text:
        text["hf_model_name"] = str(
            _text_folder(text["hf_model_name"], blueprint, "config.json", offline=offline)
        )
        text["hf_model_pretrained"] = False
    if text.get("hf_tokenizer_name"):
        text["hf_tokenizer_name"] = str(
            _text_folder(text["hf_tokenizer_name"], blueprint, "tokenizer_config.json", offline=offline)
        )
    return config


def tokenizer_record(blueprint: Blueprint, config: Mapping[str, Any]) -> str:
    """Return what says which tokenizer a model has, on any machine: its name, or a hash of the files in its folder.

    Args:
        blueprint: Which names it.
        config: The same, as `local_config` gave it.
    """
    named = blueprint.model["text_cfg"].get("hf_tokenizer_name")
    if not named:
        return "CLIP byte pairs"
    if not Path(named).is_absolute():
        return str(named)
    return tokenizer_digest(Path(config["text_cfg"]["hf_tokenizer_name"]))


def tokenizer_digest(folder: Path) -> str:
    """Return a hash of the files of a tokenizer in a folder."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("tokenizer.json")) or sorted(
        path for path in folder.glob("*") if _is_vocabulary(path)
    ):
        digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()[:16]}"


def _is_vocabulary(path: Path) -> bool:
    """Whether a file is of those that a tokenizer had before all was in tokenizer.json."""
    return path.name in ("vocab.txt", "vocab.json", "merges.txt") or path.suffix == ".model"


def _text_folder(named: str, blueprint: Blueprint, wanted: str, *, offline: bool) -> Path:
    """Find what a configuration names: a folder, one beside the configuration, that one itself, or a hub id."""
    beside = [blueprint.folder / named, blueprint.folder] if blueprint.folder else []
    for folder in (Path(named), *beside):
        if (folder / wanted).is_file():
            return folder
    return hub.tokenizer_folder(named, offline=offline)
