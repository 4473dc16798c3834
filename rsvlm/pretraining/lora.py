"""LoRA on any encoder that can be loaded: put on so that each layer learns, switched off, and stored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn

import rsvlm
from rsvlm.files import write_json
from rsvlm.models import hub
from rsvlm.models.adapters import TRAINED, AdapterRecord, Base, Learned
from rsvlm.models.attention import separate_attention
from rsvlm.models.lora import LORA_CONFIG, LORA_WEIGHTS, LoraConfiguration, with_lora
from rsvlm.models.quiet import quiet
from rsvlm.models.tensor_files import write_tensors
from rsvlm.models.tower import Tower

from .errors import PretrainingError
from .layers import SIDES, LoraSettings, Side, Store, depends_on, is_head, target_layers, whole_weights
from .strength import lora_at, whole_at


class Adapted:
    """An encoder's model with what learns in it.

    Attributes:
        tower: The encoder's; its module carries the adapter now.
        base: Which model it was.
        lora: Names of the layers that LoRA was put on.
        learning: What learns, by name.
        reached: Names of the weights that each side's vectors depend on, as they were before LoRA was put on.
        dora: Whether it is weight-decomposed.
    """

    def __init__(self, tower: Tower, settings: LoraSettings, base: Base) -> None:
        """Put LoRA on an encoder's model, in place.

        Args:
            tower: As of `load_tower`.
            settings: How.
            base: What `load_encoder` needs to load the same model again.

        Raises:
            PretrainingError: Nothing would learn, a target is no layer of the model, or it would get no gradient.
        """
        self.tower, self.base = tower, base
        separate_attention(tower.module)
        reached = self.reached = {side: depends_on(tower, side) for side in SIDES}
        self.dora = settings.dora
        used = {name for side in settings.sides for name in reached[side]}
        weights = dict(tower.module.named_parameters())  # peft gives what it wraps other names
        self._whole = {name: weights[name] for name in whole_weights(tower.module, reached, settings)}
        self.lora = target_layers(tower.module, used - self._whole.keys(), settings) if settings.rank else ()
        if not self.lora and not self._whole:
            raise PretrainingError("nothing would learn: give a rank above 0, or parts that learn whole")
        if both := self._whole.keys() & {f"{name}.weight" for name in self.lora}:  # merged, it loses one
            raise PretrainingError(f"{min(both)} would learn whole, and by LoRA as well")
        self._model: Any = _with_lora(tower.module, self.lora, settings) if self.lora else None
        tower.module.eval()  # peft's own parts are made in training mode
        for weight in self._whole.values():
            weight.requires_grad_(True)
        learning = {*(f"{name}.weight" for name in self.lora), *self._whole}
        self._sides = frozenset(side for side in SIDES if learning & reached[side])
        named = dict(tower.module.named_parameters())
        self.learning = {name: weight for name, weight in named.items() if weight.requires_grad}
        self._before = {name: weight.detach().clone() for name, weight in self._whole.items()}

    def learns(self, side: Side) -> bool:
        """Whether the vectors of a side change by training."""
        return side in self._sides

    def set_dropout(self, *, on: bool) -> None:
        """Turn the dropout of LoRA on or off, where it has any; the model itself stays in evaluation mode."""
        for name, part in self.tower.module.named_modules():
            if ".lora_dropout." in name:
                part.train(on)

    @contextmanager
    def as_base(self) -> Iterator[None]:
        """Make the model within the block what it was before training."""
        learned = {name: weight.detach().clone() for name, weight in self._whole.items()}
        now = {name: weight.requires_grad for name, weight in self.learning.items()}
        try:
            with self._model.disable_adapter() if self._model is not None else nullcontext(), torch.no_grad():
                for name, weight in self._whole.items():
                    weight.copy_(self._before[name])
                try:
                    yield
                finally:
                    for name, weight in self._whole.items():
                        weight.copy_(learned[name])
        finally:
            for name, weight in self.learning.items():  # peft lets all of LoRA learn again
                weight.requires_grad_(now[name])

    @property
    def trained(self) -> tuple[str, ...]:
        """Names of the weights that learn whole."""
        return tuple(self._whole)

    def set_learning(self, *, heads_only: bool) -> None:
        """Let all learn that is to, or for the time being only the heads."""
        for name, weight in self.learning.items():
            weight.requires_grad_(not heads_only or is_head(name))

    def parameters(self) -> Iterator[nn.Parameter]:
        """What learns."""
        return iter(self.learning.values())

    def save(
        self, folder: Path, strength: float = 1.0, store: Store = "fp32", learned: Sequence[Learned] = ()
    ) -> None:
        """Write the adapter: `load_encoder(folder)` opens base and adapter. The record, last, says that all is there.

        Args:
            folder: Made if it is not there; an adapter that is there is replaced.
            strength: How much of what was learned it adds: the weights that are written have so much of it.
            store: The numbers of the files: "fp16" halves them, and keeps three digits.
            learned: What it was trained on.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hub.ADAPTER_RECORD).unlink(missing_ok=True)
        for name in (LORA_CONFIG, LORA_WEIGHTS, TRAINED):
            (folder / name).unlink(missing_ok=True)
        if self._model is not None:
            config = self._model.peft_config["default"]
            config.base_model_name_or_path = self.base.name  # peft takes the place as it was typed
            with quiet():
                config.save_pretrained(str(folder))
                write_tensors(_stored(lora_at(self._model, strength), store), folder / LORA_WEIGHTS)
        if self._whole:
            # the base's own weights are written as they are: nothing of them is to be rounded
            whole = whole_at(self._before, self._whole, strength)
            write_tensors(_stored(whole, store if strength else "fp32"), folder / TRAINED)
        record = AdapterRecord(
            base=self.base, strength=strength, learned=tuple(learned), rsvlm=rsvlm.__version__
        )
        write_json(folder / hub.ADAPTER_RECORD, record.model_dump(), indent=1)


def _with_lora(module: nn.Module, names: Sequence[str], settings: LoraSettings) -> Any:
    wanted = LoraConfiguration(
        r=settings.rank, lora_alpha=settings.alpha, lora_dropout=settings.dropout, use_rslora=settings.rslora,
        use_dora=settings.dora, target_modules=[],
    )  # fmt: skip
    return with_lora(module, names, wanted)


def _stored(weights: Mapping[str, torch.Tensor], store: Store) -> dict[str, torch.Tensor]:
    kind = torch.float16 if store == "fp16" else torch.float32
    return {name: weight.detach().to(kind) for name, weight in weights.items()}
