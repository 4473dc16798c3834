"""LoRA in peft's own format, on exactly the layers that it is for.

peft takes a list of names as ends of names: "transformer.resblocks.0.mlp.c_fc" is also the end of a layer of CLIP's
image tower. So the layers are written as one expression that is each whole name, and the list in adapters of before is
held against the weights. peft's own reader does whatever a file says (an expression that never ends, matrices of any
size, modules to import); here a file says no more than is checked.
"""

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from rsvlm.errors import one_line
from rsvlm.models.errors import ModelError
from rsvlm.models.quiet import quiet
from rsvlm.models.tensor_files import read_tensors

LORA_CONFIG, LORA_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
HIGHEST_RANK = 1024

_PREFIX = "base_model.model."
_WEIGHT = re.compile(r"base_model\.model\.(.+)\.(?:lora_[AB]\.weight|lora_magnitude_vector(?:\.weight)?)")
_CHANGING = (
    "alpha_pattern", "exclude_modules", "fan_in_fan_out", "layer_replication", "layers_pattern", "layers_to_transform",
    "lora_bias", "modules_to_save", "rank_pattern", "target_parameters", "trainable_token_indices", "use_bdlora",
    "use_qalora",
)  # fmt: skip
"""Settings of peft's that change what is merged, or into what."""


class LoraConfiguration(BaseModel):
    """What `adapter_config.json` says of LoRA, so far as it is used.

    Attributes:
        peft_type: Of peft's kinds of adapters.
        r: The rank.
        lora_alpha: What the matrices are multiplied with, divided by the rank or its root.
        lora_dropout: Of what goes into them in training.
        use_rslora: Whether it is the root.
        use_dora: Whether it is weight-decomposed.
        bias: Which biases learn.
        target_modules: As of `layers_pattern`, or ends of names.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    peft_type: Literal["LORA"] = "LORA"
    r: int = Field(ge=1, le=HIGHEST_RANK)
    lora_alpha: float = Field(gt=0)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    use_rslora: bool = False
    use_dora: bool = False
    bias: Literal["none"] = "none"
    target_modules: list[str] | str


def layers_pattern(names: Iterable[str]) -> str:
    """Return the expression that is the full name of each of these layers, and of no other."""
    return "|".join(map(re.escape, sorted(names)))


def with_lora(module: nn.Module, names: Collection[str], configuration: LoraConfiguration) -> Any:
    """Put LoRA on these layers of a model, in place, and return it as peft's.

    Raises:
        ModelError: peft wraps other layers than these.
    """
    from peft import LoraConfig, get_peft_model
    from peft.tuners.lora import LoraLayer

    options = configuration.model_dump() | {"target_modules": layers_pattern(names)}
    del options["peft_type"]
    model: Any = module  # peft takes any module, and says that it takes those of transformers
    with quiet():
        wrapped = get_peft_model(model, LoraConfig(**options))
    found = {
        name.removeprefix(_PREFIX) for name, part in wrapped.named_modules() if isinstance(part, LoraLayer)
    }
    if odd := sorted(found ^ set(names)):
        raise ModelError(
            f"peft put LoRA on {len(found)} layers in place of {len(names)}; the first is {odd[0]}"
        )
    return wrapped


def merged_lora(module: nn.Module, folder: Path) -> tuple[nn.Module, set[str]]:
    """Return a module with the LoRA weights of a folder added to its own, and the names of the layers that have some.

    The second is empty where the file has a list: layers of those adapters may have learned whole, too.

    Raises:
        ModelError: The files are missing or damaged, ask for more than LoRA as it is written here, or do not fit.
    """
    from peft import set_peft_model_state_dict

    configuration = read_configuration(folder)
    weights = read_tensors(folder / LORA_WEIGHTS)
    layers = _layers(module, weights, configuration, folder)
    try:
        adapted = with_lora(module, layers, configuration)
        with quiet():
            loaded: Any = set_peft_model_state_dict(adapted, weights)
    except Exception as error:  # whatever peft makes of weights that do not fit
        raise ModelError(f"adapter {folder}: does not fit its base ({one_line(error)})") from None
    missing = [name for name in loaded.missing_keys if "lora_" in name]
    if missing or loaded.unexpected_keys:
        raise _unfit(folder, [*missing, *loaded.unexpected_keys])
    merged: nn.Module = adapted.merge_and_unload()
    return merged, layers if isinstance(configuration.target_modules, str) else set()


def read_configuration(folder: Path) -> LoraConfiguration:
    """Read an `adapter_config.json`.

    Raises:
        ModelError: It is missing, damaged, or says something else than is written here.
    """
    file = folder / LORA_CONFIG
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = LoraConfiguration.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"][:1])
        raise ModelError(f"{file}: is no LoRA of rsvlm's ({where}: {fault['msg']})") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: cannot be read ({one_line(error)})") from None
    if told := [name for name in _CHANGING if content.get(name)]:
        raise ModelError(f"{file}: is no LoRA of rsvlm's ({told[0]} is set): merge it with peft instead")
    return found


def _layers(
    module: nn.Module, weights: dict[str, torch.Tensor], configuration: LoraConfiguration, folder: Path
) -> set[str]:
    """The layers that the weights are for, if they are those that the configuration names."""
    layers = set()
    for name, weight in weights.items():
        found = _WEIGHT.fullmatch(name)
        if found is None:
            raise _unfit(folder, [name])
        layers.add(found[1])
        if name.endswith(".lora_A.weight") and weight.shape[:1] != (
            configuration.r,
        ):  # before peft makes its own
            raise ModelError(
                f"adapter {folder}: does not fit its base: {name} is of shape {tuple(weight.shape)}, and the rank "
                f"is {configuration.r}"
            )
    known = {name for name, _ in module.named_modules()}
    if unknown := sorted(layers - known):
        raise ModelError(f"adapter {folder}: does not fit its base, which has no layer {unknown[0]}")
    told = configuration.target_modules
    if isinstance(told, str):
        named = layers if set(told.split("|")) == set(map(re.escape, layers)) else set()
    elif len(told) > len(layers):
        named = set()
    else:
        named = {name for name in known if name in told or any(name.endswith(f".{end}") for end in told)}
    if named != layers:
        raise ModelError(
            f"adapter {folder}: {LORA_CONFIG} names other layers than {LORA_WEIGHTS} has weights for"
        )
    return layers


def _unfit(folder: Path, odd: list[str]) -> ModelError:
    return ModelError(f"adapter {folder}: {len(odd)} weights do not fit its base, the first is {odd[0]}")
