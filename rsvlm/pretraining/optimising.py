"""How weights change by their gradients, and the state of that, which a run goes on from."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from .errors import PretrainingError
from .settings import TrainingSettings

BETAS, EPSILON = (0.9, 0.98), 1e-6
"""Those of CLIP with ViT (Radford et al. 2021, table 18)."""


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """Return the rate of a step, from 0, of all: it rises in a line, and falls along a cosine.

    Before that it stays at its highest while only the heads learn.
    """
    heads = settings.head_steps(steps)
    if step < heads:
        return settings.learning_rate
    step, steps = step - heads, steps - heads
    rising = math.ceil(settings.warmup * steps)
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    done = (step - rising) / max(steps - rising, 1)
    return settings.learning_rate * (1 + math.cos(math.pi * done)) / 2


class Optimising:
    """AdamW on what learns, with a rate that follows the steps, and on request the moving average of the weights.

    Args:
        weights: What learns, by name.
        steps: Steps of the whole training.
        settings: Of the training.
    """

    def __init__(self, weights: Mapping[str, nn.Parameter], steps: int, settings: TrainingSettings) -> None:
        self._weights, self._steps, self._settings = dict(weights), steps, settings
        matrices = [weight for name, weight in weights.items() if _decays(name, weight)]
        others = [weight for name, weight in weights.items() if not _decays(name, weight)]
        groups = [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self._adam = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=settings.learning_rate, betas=BETAS, eps=EPSILON,
        )  # fmt: skip
        self._average = (
            {name: weight.detach().clone() for name, weight in weights.items()} if settings.average else None
        )

    def step(self, number: int) -> tuple[float, float]:
        """Change the weights by their gradients, and drop these.

        Args:
            number: Of the step, from 0, in the whole training.

        Returns:
            The rate, and the length of the gradient before it was clipped.

        Raises:
            PretrainingError: The gradient is no number; the weights are as they were.
        """
        weights = list(self._weights.values())
        longest = self._settings.clip or math.inf
        length = float(torch.nn.utils.clip_grad_norm_(weights, longest))
        if not math.isfinite(length):
            self._adam.zero_grad()
            raise PretrainingError(f"the gradient is {length}: lower the learning rate")
        rate = learning_rate(number, self._steps, self._settings)
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()
        self._adam.zero_grad()
        if self._average is not None:
            # At first the average would hang on the weights of the beginning for long; so it starts short.
            decay = min(self._settings.average, (1 + number) / (10 + number))
            with torch.no_grad():
                for name, weight in self._weights.items():
                    self._average[name].lerp_(weight, 1 - decay)
        return rate, length

    def settle(self) -> None:
        """Give the model the weights that are to be kept, for good."""
        if self._average is not None:
            put(self._weights, self._average)

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Give the model within the block the weights that are to be kept: their average, where there is one."""
        if self._average is None:
            yield
            return
        now = {name: weight.detach().clone() for name, weight in self._weights.items()}
        put(self._weights, self._average)
        try:
            yield
        finally:
            put(self._weights, now)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs to go on as if nothing had happened."""
        return {
            "weights": {name: weight.detach() for name, weight in self._weights.items()},
            "adam": self._adam.state_dict(),
            "average": self._average,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises:
            PretrainingError: It is of other weights.
        """
        if state["weights"].keys() != self._weights.keys():
            raise PretrainingError("the checkpoint is of other weights: begin anew in another folder")
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state["weights"][name])
                if self._average is not None:
                    self._average[name].copy_(state["average"][name])
        self._adam.load_state_dict(state["adam"])


def _decays(name: str, weight: Tensor) -> bool:
    """Whether a weight is drawn to 0: not the lengths of DoRA's rows, which convolutions have in four dimensions."""
    return weight.ndim > 1 and "lora_magnitude_vector" not in name


def put(weights: Mapping[str, nn.Parameter], values: Mapping[str, Tensor]) -> None:
    """Give weights the values of their names."""
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(values[name])
