"""State dicts: from what a checkpoint holds to exactly the weights that a model asks for, or one clear line.

A model with some of its weights missing still gives vectors, and bad ones. So nothing is loaded in part: every
weight must be there in its shape, and whatever is left over must be one of the few leftovers known to be harmless.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from rsvlm.models.errors import ModelError

Tensors = dict[str, torch.Tensor]

_WRAPPERS = ("state_dict", "model_state_dict", "model", "module")
_PREFIXES = ("module.", "_orig_mod.", "model.", "clip_model.", "clip.")
_LEFTOVERS = re.compile(
    r"(.*\.)?(attn_mask|position_ids|num_batches_tracked)|input_resolution|context_length|vocab_size"
)
"""Keys without a say in the vectors: masks and counters that are made anew, and OpenAI's notes to itself."""

_TEXT_TOWER = (
    "text_projection",
    "positional_embedding",
    "token_embedding",
    "transformer",
    "ln_final",
    "cls_emb",
)


def tensors_of(content: Any, source: str) -> Tensors:
    """Unwrap a checkpoint: the state dict within it, without the prefix that wrappers put before every key.

    Args:
        content: What the file holds: a state dict, or a training checkpoint around one.
        source: The file, for messages.

    Raises:
        ModelError: There is no state dict in it, or one that is no model of open_clip's.
    """
    inner = content
    while isinstance(inner, Mapping):
        wrapped = next((inner[key] for key in _WRAPPERS if isinstance(inner.get(key), Mapping)), None)
        if wrapped is None:
            break
        inner = wrapped
    if not isinstance(inner, Mapping):
        raise ModelError(f"weights {source} hold a {type(inner).__name__} and no state dict")
    tensors = {str(key): value for key, value in inner.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise ModelError(f"weights {source} hold no tensors: its keys are {_some(inner)}")
    tensors = _without_prefix(tensors)
    _check_naming(tensors, source)
    return tensors


def _without_prefix(tensors: Tensors) -> Tensors:
    telling = [key for key in tensors if not _LEFTOVERS.fullmatch(key)]
    for prefix in _PREFIXES:
        if telling and all(key.startswith(prefix) for key in telling):
            return _without_prefix({key.removeprefix(prefix): value for key, value in tensors.items()})
    return tensors


def _check_naming(tensors: Tensors, source: str) -> None:
    if any(key.startswith(("vision_model.", "text_model.")) for key in tensors):
        raise ModelError(
            f"weights {source} are named as in Hugging Face transformers: name the folder that holds them "
            "together with config.json, in place of an architecture and weights="
        )
    if any("lora_" in key for key in tensors):
        raise ModelError(f"weights {source} are a LoRA adapter and not a whole model")


def load_into(module: torch.nn.Module, tensors: Tensors, source: str, architecture: str) -> None:
    """Copy a state dict into a model, all of it or nothing.

    Args:
        module: The model; its own dtype stays.
        tensors: What `tensors_of` returned.
        source: The file, for messages.
        architecture: What the user called the model, for messages.

    Raises:
        ModelError: A weight is missing, not known to the model or of another shape; says how many and which.
    """
    wanted = module.state_dict()
    given = _named_like(tensors, wanted)
    missing = [key for key in wanted if key not in given and not _LEFTOVERS.fullmatch(key)]
    unknown = [key for key in given if key not in wanted and not _LEFTOVERS.fullmatch(key)]
    shapes = [key for key in wanted if key in given and not _same_shape(given[key], wanted[key])]
    if missing or unknown or shapes:
        raise ModelError(_misfit(tensors, given, wanted, missing, unknown, shapes, source, architecture))
    fitting = {key: given[key].reshape(wanted[key].shape) for key in wanted if key in given}
    module.load_state_dict(fitting, strict=False)  # only leftovers can be absent: checked above


def _same_shape(given: torch.Tensor, wanted: torch.Tensor) -> bool:
    # A scale of one element is stored both with and without a dimension.
    return given.shape == wanted.shape or given.numel() == wanted.numel() == 1


def _named_like(tensors: Tensors, wanted: Mapping[str, torch.Tensor]) -> Tensors:
    """Name the text tower as the model has it: at the top (CLIP), or under `text.` (CustomTextCLIP)."""
    nested = any(key.startswith("text.") for key in wanted)
    if nested and "positional_embedding" in tensors:
        return {
            f"text.{key}" if key.split(".")[0] in _TEXT_TOWER else key: value
            for key, value in tensors.items()
        }
    if not nested and "text.positional_embedding" in tensors:
        return {key.removeprefix("text."): value for key, value in tensors.items()}
    return tensors


def _misfit(
    tensors: Tensors,
    given: Tensors,
    wanted: Mapping[str, torch.Tensor],
    missing: list[str],
    unknown: list[str],
    shapes: list[str],
    source: str,
    architecture: str,
) -> str:
    findings = []
    if missing:
        findings.append(f"{len(missing)} of {len(wanted)} weights are missing ({_some(missing)})")
    if unknown:
        findings.append(f"{len(unknown)} are not known to it ({_some(unknown)})")
    if shapes:
        shown = [f"{key} is {_size(given[key])} and not {_size(wanted[key])}" for key in shapes[:3]]
        findings.append(f"{len(shapes)} have another shape ({', '.join(shown)}{', ...' * (len(shapes) > 3)})")
    fits = [name for name in architectures_of(tensors) if name != architecture]
    remedy = f"; they fit {fits[0]}: name that architecture" if fits else ""
    return f"weights {source} do not fit {architecture}: {'; '.join(findings)}{remedy}"


def _size(tensor: torch.Tensor) -> str:
    return "x".join(str(length) for length in tensor.shape) or "one number"


def _some(keys: Iterable[Any]) -> str:
    names = [str(key) for key in keys]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def architectures_of(tensors: Tensors) -> list[str]:
    """Names of open_clip's own architectures (ViT and ResNet towers) whose shapes are those of a state dict."""
    import open_clip

    measured = _measure({key.removeprefix("text."): value for key, value in tensors.items()})
    if measured is None:
        return []
    names = [
        name for name in open_clip.list_models() if _declared(open_clip.get_model_config(name)) == measured
    ]
    return sorted(names, key=len)


def _measure(tensors: Tensors) -> dict[str, Any] | None:
    """Read the sizes of a CLIP off its weights; None where they are no ViT or ResNet of open_clip's kind."""
    try:
        layers = {key.split(".")[2] for key in tensors if key.startswith("transformer.resblocks.")}
        sizes: dict[str, Any] = {
            "embed_dim": tensors["text_projection"].shape[1],
            "text": (tensors["ln_final.weight"].shape[0], len(layers)),
            "tokens": (tensors["positional_embedding"].shape[0], tensors["token_embedding.weight"].shape[0]),
        }
        if "visual.layer1.0.conv1.weight" in tensors:
            blocks = [
                {k.split(".")[2] for k in tensors if k.startswith(f"visual.layer{n}.")} for n in (1, 2, 3, 4)
            ]
            cells = tensors["visual.attnpool.positional_embedding"].shape[0] - 1
            width = tensors["visual.layer1.0.conv1.weight"].shape[0]
            return sizes | {"visual": (width, [len(block) for block in blocks], None, round(cells**0.5) * 32)}
        deep = {key.split(".")[3] for key in tensors if key.startswith("visual.transformer.resblocks.")}
        width, _, patch, _ = tensors["visual.conv1.weight"].shape
        side = round((tensors["visual.positional_embedding"].shape[0] - 1) ** 0.5) * patch
        return sizes | {"visual": (width, len(deep), patch, side)}
    except (KeyError, IndexError, ValueError):
        return None


def _declared(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same sizes as an open_clip configuration declares them, with open_clip's defaults."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    if (
        "timm_model_name" in vision
        or "hf_model_name" in text
        or not isinstance(vision.get("image_size"), int)
    ):
        return None
    patch = None if isinstance(vision["layers"], list) else vision.get("patch_size", 16)
    return {
        "embed_dim": config["embed_dim"],
        "text": (text.get("width", 512), text.get("layers", 12)),
        "tokens": (text.get("context_length", 77), text.get("vocab_size", 49408)),
        "visual": (vision.get("width", 768), vision["layers"], patch, vision["image_size"]),
    }
