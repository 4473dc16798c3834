"""`load_encoder`: from what the user calls a model to an encoder.

Nothing is fetched unless the user named a hub id ("hf:owner/model") or one of open_clip's pretrained tags
("ViT-B-32/openai"), and nothing at all with `offline` or the environment variable HF_HUB_OFFLINE.
"""

import logging
import os
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rsvlm.models import hub
from rsvlm.models.errors import ModelError
from rsvlm.models.names import (
    WEIGHT_SUFFIXES,
    architecture_and_tag,
    how_to_name,
    is_model_folder,
    what_was_meant,
)
from rsvlm.models.presets import Preset, encoder_presets, find_preset, preset_of_file
from rsvlm.models.protocol import Encoder
from rsvlm.models.shipped import load_shipped, shipped_name

if TYPE_CHECKING:
    from rsvlm.models.blueprints import Blueprint
    from rsvlm.models.tower import Tower

LOG = logging.getLogger(__name__)

CALLER = "the caller"
"""Who decided on QuickGELU, where `load_encoder` was told."""


def load_encoder(
    name: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    adapter: str | os.PathLike[str] | None = None,
    quick_gelu: bool | None = None,
    device: str = "auto",
    precision: str = "auto",
    batch_size: int | None = None,
    offline: bool = False,
) -> Encoder:
    """Load an image and text encoder.

    Args:
        name: One of

            - "built-in" or "built-in-permissive": the models that come with rsvlm (docs/built-in.md);
              "built-in-base": what they were trained from
            - a preset, "remoteclip-vit-b-32": published weights that lie on this machine (`encoder_presets()`)
            - an open_clip architecture and pretrained tag, "ViT-B-32/openai": fetched when not in the hub's cache
            - an open_clip architecture, "ViT-B-32", whose weights are `weights`
            - an open_clip configuration: its folder, or its .json with `weights`
            - a folder with a CLIP, SigLIP or SigLIP 2 of Hugging Face transformers
            - "hf:owner/model": either of the last two from the hub, fetched when not in its cache
            - the folder of an adapter: its base is loaded, and the adapter merged into it
        weights: A state dict or training checkpoint of the architecture: .pt (read without running anything in
            it) or .safetensors. Every weight of the model must be in it. "hf:owner/model/file" is one on the hub.
        adapter: The folder of an adapter for this model, which is merged into its weights; where the model is an
            adapter itself, of one that was trained on it.
        quick_gelu: Whether the model was trained with QuickGELU, as OpenAI's CLIP was. The default is what the
            preset says, else the pretrained tag, else the configuration; `info` records which.
        device: "auto", "cpu", "cuda" or "cuda:1".
        precision: "auto", "fp32", "bf16" or, on a GPU, "fp16". Vectors come back as float32 in any case.
        batch_size: Images in one pass through the model; by default what suits the device.
        offline: Fetch nothing.

    Returns:
        An encoder (`TorchEncoder`) whose `info` says what decided its vectors. Pickled, it is these arguments, and is
        loaded again.

    Raises:
        ModelError: There is no such model, or it cannot be loaded whole.
    """
    try:
        import torch

        with torch.random.fork_rng(
            devices=[]
        ):  # layers begin with random weights: the user's numbers stay theirs
            tower = load_tower(name, weights=weights, adapter=adapter, quick_gelu=quick_gelu, offline=offline)
        from rsvlm.models.runtime import TorchEncoder
    except ImportError as error:
        raise ModelError(
            f"encoders need PyTorch, open_clip and transformers ({error}): "
            "pip install 'rsvlm[cpu]' or 'rsvlm[gpu]'"
        ) from error
    reload = partial(
        load_encoder, name, weights=weights, adapter=adapter, quick_gelu=quick_gelu, offline=offline
    )
    return TorchEncoder(tower, device=device, precision=precision, batch_size=batch_size, reload=reload)


def load_tower(
    name: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | None = None,
    adapter: str | os.PathLike[str] | None = None,
    quick_gelu: bool | None = None,
    offline: bool = False,
) -> "Tower":
    """Load what `load_encoder` encodes with: the model in float32 on the CPU. The arguments are the same."""
    if (Path(name) / hub.ADAPTER_RECORD).is_file():
        tower = _from_adapter(Path(name), weights, quick_gelu, offline)
    else:
        tower = _load_base(name, weights, quick_gelu, offline)
    if adapter is not None:
        from rsvlm.models.adapters import apply_adapter

        apply_adapter(tower, Path(adapter))
    return tower


def _from_adapter(
    folder: Path,
    weights: str | os.PathLike[str] | None,
    quick_gelu: bool | None,
    offline: bool,
) -> "Tower":
    """Load the base of an adapter, and the adapter onto it."""
    from rsvlm.models.adapters import apply_adapter, read_record

    base = read_record(folder).base
    own = base.weights if weights is None else weights
    try:
        told = base.quick_gelu if quick_gelu is None else quick_gelu
        tower = load_tower(base.name, weights=own, quick_gelu=told, offline=offline)
    except ModelError as error:
        raise ModelError(
            f"adapter {folder}: its base cannot be loaded: {error}; where it lies elsewhere now, load it by its place: "
            f"load_encoder(BASE, adapter={folder.name!r}), rsvlm merge {folder.name} --base BASE"
        ) from None
    apply_adapter(tower, folder)
    tower.name = tower.info["name"] = folder.resolve().name
    return tower


def _load_base(
    name: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None,
    quick_gelu: bool | None,
    offline: bool,
) -> "Tower":
    text = os.fspath(name)
    shipped = shipped_name(text)
    if shipped is not None:
        if weights is not None:
            raise ModelError(f"{shipped} comes with its weights: leave out weights={weights}")
        return load_shipped(shipped)
    for prefix in ("hf:", "hf-hub:"):
        if text.startswith(prefix):
            return _from_hub(text, text.removeprefix(prefix), weights, quick_gelu, offline)
    path = Path(text)
    if not isinstance(name, str) or is_model_folder(path):
        return _from_path(path, _weights_file(weights, offline), quick_gelu)
    preset = find_preset(text)
    if preset is not None:
        return _from_preset(preset, _weights_file(weights, offline), quick_gelu)
    split = architecture_and_tag(text)
    if split is not None:
        return _from_architecture(text, *split, weights, quick_gelu, offline)
    return _from_path(path, _weights_file(weights, offline), quick_gelu)


def _weights_file(weights: str | os.PathLike[str] | None, offline: bool) -> Path | None:
    if isinstance(weights, str) and weights.startswith("hf:"):
        return hub.named_file(weights, offline=offline)
    return None if weights is None else Path(weights)


def _from_preset(preset: Preset, weights: Path | None, quick_gelu: bool | None) -> "Tower":
    file = weights or preset.weights()  # before the imports, which take seconds
    from rsvlm.models.blueprints import from_architecture
    from rsvlm.models.openclip import OpenClipTower

    told = replace(
        from_architecture(preset.architecture), quick_gelu=preset.quick_gelu, reason=preset.quick_gelu_reason
    )
    return OpenClipTower(preset.name, _decided(told, quick_gelu), file)


def _from_architecture(
    name: str,
    architecture: str,
    tag: str | None,
    weights: str | os.PathLike[str] | None,
    quick_gelu: bool | None,
    offline: bool,
) -> "Tower":
    import open_clip

    from rsvlm.models.blueprints import from_architecture, tag_weights
    from rsvlm.models.openclip import OpenClipTower

    tags = open_clip.list_pretrained_tags_by_model(architecture)
    some = ", ".join(f"{architecture}/{known}" for known in tags[:3])
    if tag is not None and weights is not None:
        raise ModelError(
            f"{name} names weights, and weights={weights} names others: leave out /{tag} or weights"
        )
    if tag is not None and not open_clip.is_pretrained_cfg(architecture, tag):
        near = get_close_matches(tag, tags, n=3) or tags
        raise ModelError(
            f"open_clip has no weights {tag!r} for {architecture}; it has {', '.join(near) or 'none'}"
        )
    if tag is None and weights is None:
        remedy = "give weights=FILE (--weights FILE)" + (f", or name published ones: {some}" if tags else "")
        raise ModelError(f"{name} is an architecture without weights: {remedy}")
    found = _weights_file(weights, offline) or tag_weights(architecture, str(tag), offline=offline)
    blueprint = _decided(from_architecture(architecture, tag), quick_gelu)
    _compare_with_preset(found, blueprint)
    return OpenClipTower(name, blueprint, found, offline=offline or tag is None)


def _compare_with_preset(weights: Path, blueprint: "Blueprint") -> None:
    """Warn where a published file is loaded with the other activation than its preset has: nothing else tells."""
    preset = preset_of_file(weights)
    if preset and blueprint.reason != CALLER and preset.quick_gelu != blueprint.activation:
        LOG.warning(
            "%s is named as the weights of %s, which has %s, and is loaded with %s: name that preset, "
            "or set quick_gelu",
            weights.name,
            preset.name,
            *(("QuickGELU", "GELU") if preset.quick_gelu else ("GELU", "QuickGELU")),
        )


def _from_hub(
    name: str,
    repository: str,
    weights: str | os.PathLike[str] | None,
    quick_gelu: bool | None,
    offline: bool,
) -> "Tower":
    if weights is not None:
        raise ModelError(f"{name} comes with its weights: leave out weights={weights}")
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise ModelError(f"{name} names no model of the hub: write hf:owner/model")
    presets = [preset.name for preset in encoder_presets() if preset.hub == repository]
    if presets:
        raise ModelError(
            f"{name} holds weights without a configuration: name a preset, {' or '.join(presets)}"
        )
    folder = hub.hub_folder(repository, offline=offline)
    return _from_folder(name, folder, None, quick_gelu, offline)


def _from_path(path: Path, weights: Path | None, quick_gelu: bool | None) -> "Tower":
    if path.is_dir():
        return _from_folder(path.resolve().name, path, weights, quick_gelu, offline=True)
    if not path.is_file():
        raise ModelError(what_was_meant(path.as_posix()))
    if path.suffix.lower() in WEIGHT_SUFFIXES:
        raise ModelError(
            f"{path} is a weights file: name its architecture, and give it by weights: {how_to_name(path)}"
        )
    if weights is None:
        raise ModelError(f"{path} is a configuration without weights: give them by weights=FILE")
    from rsvlm.models.blueprints import from_config
    from rsvlm.models.openclip import OpenClipTower

    return OpenClipTower(path.stem, _decided(from_config(path), quick_gelu), weights)


def _from_folder(
    name: str, folder: Path, weights: Path | None, quick_gelu: bool | None, offline: bool
) -> "Tower":
    if (folder / hub.OPEN_CLIP_CONFIG).is_file():
        from rsvlm.models.blueprints import from_config, weights_beside
        from rsvlm.models.openclip import OpenClipTower

        found = weights or weights_beside(folder)
        return OpenClipTower(name, _decided(from_config(folder), quick_gelu), found, offline=offline)
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"folder {folder} is no model: it has neither {hub.OPEN_CLIP_CONFIG} nor config.json"
        )
    if weights is not None:
        raise ModelError(f"{folder} comes with its weights: leave out weights={weights}")
    from rsvlm.models.huggingface import HuggingFaceTower

    return HuggingFaceTower(name, folder, quick_gelu=quick_gelu)


def _decided(blueprint: "Blueprint", quick_gelu: bool | None) -> "Blueprint":
    """Let the caller's word on QuickGELU, where there is one, stand over all others."""
    return blueprint if quick_gelu is None else replace(blueprint, quick_gelu=quick_gelu, reason=CALLER)
