"""A part of what was learned, as LoRA again: so that peft alone opens the model that was chosen."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

_B, _MAGNITUDE = "lora_B.weight", "lora_magnitude_vector"


def lora_at(model: Any, strength: float) -> dict[str, Tensor]:
    """Return peft's state dict of LoRA whose merged weights lie between those of the base and those of the model.

    LoRA adds B A, and so much of it is added by so much of B. DoRA's weights are m (W + B A) / |W + B A|, row by row;
    W + strength * (that - W) is DoRA again, of other rows of B and another m.

    Args:
        model: As of peft.
        strength: 0: the base, 1: all that was learned.
    """
    from peft import get_peft_model_state_dict
    from peft.tuners.lora import LoraLayer

    state: dict[str, Tensor] = get_peft_model_state_dict(model)
    if strength == 1:
        return state
    for name, layer in model.named_modules():
        if not isinstance(layer, LoraLayer):
            continue
        b, magnitude = state[f"{name}.{_B}"], state.get(f"{name}.{_MAGNITUDE}")
        if magnitude is None:
            state[f"{name}.{_B}"] = strength * b
            continue
        rows, lengths = _dora_at(layer, magnitude, strength)
        state[f"{name}.{_B}"] = rows.view(-1, *(1,) * (b.ndim - 1)) * b
        state[f"{name}.{_MAGNITUDE}"] = lengths.view_as(magnitude)
    return state


def whole_at(before: Mapping[str, Tensor], after: Mapping[str, Tensor], strength: float) -> dict[str, Tensor]:
    """Return weights between those of the base, which may lie on another device, and those that learned whole."""
    return {
        name: torch.lerp(before[name].to(value), value.detach(), strength) for name, value in after.items()
    }


def _dora_at(layer: Any, magnitude: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """What the rows of B are multiplied with, and the lengths of the rows of the merged weight."""
    weight = layer.get_base_layer().weight.detach().flatten(1)
    added = layer.get_delta_weight("default").detach().flatten(1)
    ratio = magnitude.flatten() / (weight + added).norm(dim=1)
    own = 1 - strength + strength * ratio  # so many times W, and `strength * ratio` times what is added
    rows = strength * ratio / own
    return rows, own * (weight + rows[:, None] * added).norm(dim=1)
