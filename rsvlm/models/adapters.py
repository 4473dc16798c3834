"""Adapters: what was trained on top of a model, kept apart from it, and put onto the same model again.

A folder holds LoRA weights in peft's own format (`adapter_config.json`, `adapter_model.safetensors`), parts that were
trained whole in `trained.safetensors`, and `rsvlm_adapter.json`, which says of which model they are. They are merged
when they are loaded, so an adapted encoder runs as fast as its base; on another base they are refused. All names are
those of the model with separate attention (`rsvlm.models.attention`).
"""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from rsvlm.errors import one_line
from rsvlm.files import sha256_of
from rsvlm.models import hub
from rsvlm.models.attention import plain_state, separate_attention
from rsvlm.models.errors import ModelError
from rsvlm.models.lora import LORA_CONFIG, LORA_WEIGHTS, merged_lora
from rsvlm.models.tensor_files import read_tensors
from rsvlm.models.tower import Tower

TRAINED = "trained.safetensors"
FORMAT, FULL_STRENGTH = 2, 1
"""Rises when older programs would misread the folder. In the first format weights are of full strength, and so much of
them is added as the strength says; since then they have that strength, so that peft alone opens the same model."""

Tensors = dict[str, torch.Tensor]


class Base(BaseModel):
    """The model that an adapter is for.

    Attributes:
        name: What `load_encoder` takes.
        weights: Its weights file, where the name does not say it.
        quick_gelu: As it was loaded, where the caller told it; None: as its name, preset or configuration says.
        revision: Identifies its weights: a commit of the hub, or what the file hashes to.
        sha256: Identifies them wherever they lie: as of `weights_of`; None in older records, and where it is not known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    weights: str | None = None
    quick_gelu: bool | None = None
    revision: str
    sha256: str | None = None


class Learned(BaseModel):
    """What an adapter learned from.

    Attributes:
        name: Of the data.
        licences: Of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    licences: tuple[str, ...] = ()


class AdapterRecord(BaseModel):
    """What `rsvlm_adapter.json` says.

    Attributes:
        format: `FORMAT`, or an earlier one.
        base: The model that it is for.
        strength: How much of what was learned it adds: 1 all, 0 nothing (WiSE-FT, Wortsman et al. 2022).
        learned: What it was trained on.
        rsvlm: The version that wrote it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    base: Base
    strength: float = 1.0
    learned: tuple[Learned, ...] = ()
    rsvlm: str = ""


def read_record(folder: Path) -> AdapterRecord:
    """Read which model an adapter is for.

    Raises:
        ModelError: It is no adapter of rsvlm's, or of a later version.
    """
    file = folder / hub.ADAPTER_RECORD
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.get("format") not in (FULL_STRENGTH, FORMAT):
            raise ModelError(
                f"{folder}: is an adapter of format {content.get('format')}, and this version reads up to {FORMAT}"
            )
        return AdapterRecord.model_validate(content)
    except FileNotFoundError:
        raise ModelError(f"{folder}: is no adapter; it has no {hub.ADAPTER_RECORD}") from None
    except (OSError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else one_line(error)
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{file}: cannot be read ({reason})") from None


def apply_adapter(tower: Tower, folder: Path) -> None:
    """Merge an adapter into the weights of its base, in place; name, revision and info then say so.

    Raises:
        ModelError: It is for another model, or a file is missing, damaged or does not fit.
    """
    record = read_record(folder)
    if not _is_base(record.base, tower):
        raise ModelError(
            f"adapter {folder} is for {record.base.name} ({record.base.revision}), and not for {tower.name} "
            f"({tower.revision}): name the base that it was trained on"
        )
    after = adapted_state(tower.module, folder)
    if record.format == FULL_STRENGTH and record.strength != 1:
        after = mixed(tower.module.state_dict(), after, record.strength)
    tower.module.load_state_dict(after, strict=True)
    digest = _digest(folder)
    tower.revision = f"{tower.revision}+{digest}"
    module: Any = tower.module
    tower.logit_scale = float(module.logit_scale.exp())
    if getattr(module, "logit_bias", None) is not None:
        tower.logit_bias = float(module.logit_bias)
    tower.info |= {
        "revision": tower.revision,
        "adapter": {"name": folder.resolve().name, "digest": digest, "strength": record.strength},
        "logit_scale": tower.logit_scale,
        "logit_bias": tower.logit_bias,
    }
    if record.learned:
        tower.info |= _with_what_it_learned(tower.info, record.learned)


def weights_of(tower: Tower) -> str | None:
    """Return what identifies the weights of a tower, on the hub and as a file alike; None where it is not known.

    It is the hash of the files and, behind a plus, of each adapter that was merged into them.
    """
    digest = tower.info.get("sha256")
    return None if digest is None else "+".join([str(digest), *tower.revision.split("+")[1:]])


def _is_base(base: Base, tower: Tower) -> bool:
    return base.revision == tower.revision or (base.sha256 is not None and base.sha256 == weights_of(tower))


def _with_what_it_learned(info: Mapping[str, Any], learned: Sequence[Learned]) -> dict[str, Any]:
    """Licence and training data of a model that learned more: those of its base, and those of what was added."""
    own = [f"{one.name} ({', '.join(one.licences) or 'licence not stated'})" for one in learned]
    before = [info["licence"]] if info.get("licence") else []
    return {
        "licence": "; ".join([*before, f"then learned from {', '.join(own)}"]),
        "trained_on": [*(info.get("trained_on") or ()), *(one.name for one in learned)],
    }


def adapted_state(module: torch.nn.Module, folder: Path) -> Tensors:
    """Return the state dict of a model with an adapter merged into it; the model stays as it is.

    Raises:
        ModelError: A file is missing, damaged or does not fit the model.
    """
    work = copy.deepcopy(module)
    separate_attention(work)
    there = [name for name in (LORA_WEIGHTS, TRAINED) if (folder / name).is_file()]
    if not there:
        raise ModelError(f"adapter {folder}: holds neither {LORA_WEIGHTS} nor {TRAINED}")
    layers: set[str] = set()
    if LORA_WEIGHTS in there:
        work, layers = merged_lora(work, folder)
    if TRAINED in there:
        weights = dict(work.named_parameters())
        for name, value in read_tensors(folder / TRAINED).items():
            if name not in weights or weights[name].shape != value.shape:
                raise ModelError(
                    f"{folder / TRAINED}: {name} is no weight of this model, or of another shape"
                )
            if name.removesuffix(".weight") in layers:
                raise ModelError(f"adapter {folder}: {name} learned whole, and has LoRA as well")
            weights[name].data.copy_(value)
    return plain_state(work)


def mixed(before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], strength: float) -> Tensors:
    """Return weights between two models': before + strength * (after - before); what is no float is that of after."""
    return {
        name: torch.lerp(before[name].to(value), value, strength) if value.is_floating_point() else value
        for name, value in after.items()
    }


def _digest(folder: Path) -> str:
    """What identifies an adapter: the hash of all that it adds."""
    digest = hashlib.sha256()
    for name in (hub.ADAPTER_RECORD, LORA_CONFIG, LORA_WEIGHTS, TRAINED):
        file = folder / name
        digest.update(f"{name}\0".encode())
        if file.is_file():
            digest.update(bytes.fromhex(sha256_of(file)))
    return f"sha256:{digest.hexdigest()[:16]}"
