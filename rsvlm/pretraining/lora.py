"""LoRA on any encoder that can be loaded: which layers, put on so that each of them learns, and stored.

Which layers a side of the model has is not guessed from their names: an image and a text are passed through, and what
their vectors depend on is that side.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import save_file
from torch import nn

import rsvlm
from rsvlm.models import hub
from rsvlm.models.adapters import LORA_CONFIG, LORA_WEIGHTS, TRAINED, AdapterRecord, Base
from rsvlm.models.attention import separate_attention
from rsvlm.models.pixels import model_input
from rsvlm.models.quiet import quiet
from rsvlm.models.tower import Tower
from rsvlm.shards import atomic_write, write_json

from .errors import PretrainingError

Side = Literal["image", "text"]
SIDES: tuple[Side, ...] = ("image", "text")
Whole = Literal["norms", "biases", "heads", "depthwise", "all"]

HEADS = ("proj", "head", "projection", "text_projection", "visual_projection")
"""Last parts of the names of what maps a tower's width to that of the vectors."""


class LoraSettings(BaseModel):
    """How much of an encoder learns, and how.

    Attributes:
        rank: Of the two matrices that are added to each weight; 0 adds none.
        alpha: What they are multiplied with, divided by the rank (by its root with `rslora`).
        dropout: Of what goes into them.
        rslora: Rank-stabilised scaling (Kalajdzievski 2023), for ranks of 64 and more.
        dora: Weight-decomposed LoRA (Liu et al. 2024); slower, often better at small ranks.
        sides: Which sides of the model learn.
        targets: Ends of the names of layers that LoRA is put on; None: all linear layers, and all convolutions but
            depthwise ones, which peft cannot adapt.
        whole: What else learns, whole: "norms", "biases", "heads" (the last projections), "depthwise" (convolutions),
            "all".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(default=16, ge=0, le=1024)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    rslora: bool = False
    dora: bool = False
    sides: tuple[Side, ...] = ("image", "text")
    targets: tuple[str, ...] | None = None
    whole: tuple[Whole, ...] = ()


class Adapted:
    """An encoder's model with what learns in it.

    Attributes:
        tower: The encoder's; its module carries the adapter now.
        base: Which model it was.
        lora: Names of the layers that LoRA was put on.
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
        reached = {side: _depends_on(tower, side) for side in SIDES}
        used = {name for side in settings.sides for name in reached[side]}
        self.lora = _targets(tower.module, used, settings) if settings.rank else ()
        weights = dict(tower.module.named_parameters())  # peft gives what it wraps other names
        self._whole = {name: weights[name] for name in _whole(tower.module, used, settings)}
        if not self.lora and not self._whole:
            raise PretrainingError("nothing would learn: give a rank above 0, or parts that learn whole")
        self._model: Any = _with_lora(tower.module, self.lora, settings) if self.lora else None
        tower.module.eval()  # peft's own parts are made in training mode
        for weight in self._whole.values():
            weight.requires_grad_(True)
        learning = {*(f"{name}.weight" for name in self.lora), *self._whole}
        self._sides = frozenset(side for side in SIDES if learning & reached[side])
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
        with self._model.disable_adapter() if self._model is not None else nullcontext(), torch.no_grad():
            for name, weight in self._whole.items():
                weight.copy_(self._before[name])
            try:
                yield
            finally:
                for name, weight in self._whole.items():
                    weight.copy_(learned[name])

    @property
    def trained(self) -> tuple[str, ...]:
        """Names of the weights that learn whole."""
        return tuple(self._whole)

    @property
    def learning(self) -> dict[str, nn.Parameter]:
        """What learns, by name."""
        named = self.tower.module.named_parameters()
        return {name: weight for name, weight in named if weight.requires_grad}

    def parameters(self) -> Iterator[nn.Parameter]:
        """What learns."""
        return iter(self.learning.values())

    def save(self, folder: Path, strength: float = 1.0) -> None:
        """Write the adapter: `load_encoder(folder)` opens base and adapter. The record, last, says that all is there.

        Args:
            folder: Made if it is not there; an adapter that is there is replaced.
            strength: How much of what was learned is to be added when it is loaded.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hub.ADAPTER_RECORD).unlink(missing_ok=True)
        for name in (LORA_CONFIG, LORA_WEIGHTS, TRAINED):
            (folder / name).unlink(missing_ok=True)
        if self._model is not None:
            from peft import get_peft_model_state_dict

            with quiet():
                self._model.peft_config["default"].save_pretrained(str(folder))
                _store(get_peft_model_state_dict(self._model), folder / LORA_WEIGHTS)
        if self._whole:
            _store(dict(self._whole), folder / TRAINED)
        record = AdapterRecord(base=self.base, strength=strength, rsvlm=rsvlm.__version__)
        write_json(folder / hub.ADAPTER_RECORD, record.model_dump(), indent=1)


def _with_lora(module: nn.Module, names: Sequence[str], settings: LoraSettings) -> Any:
    from peft import LoraConfig, get_peft_model

    options: dict[str, Any] = {
        "r": settings.rank, "lora_alpha": settings.alpha, "lora_dropout": settings.dropout,
        "use_rslora": settings.rslora, "use_dora": settings.dora, "target_modules": list(names), "bias": "none",
    }  # fmt: skip
    model: Any = module  # peft takes any module, and says that it takes those of transformers
    with quiet():
        return get_peft_model(model, LoraConfig(**options))


def _depends_on(tower: Tower, side: Side) -> set[str]:
    """Names of the weights that a side's vectors depend on."""
    module = tower.module
    before = {name: weight.requires_grad for name, weight in module.named_parameters()}
    module.requires_grad_(requires_grad=True)
    try:
        if side == "image":
            picture = tower.prepare(Image.new("RGB", (tower.image_size, tower.image_size), (90, 120, 60)))
            vectors = tower.images(model_input(picture[None], tower.mean, tower.std))
        else:
            vectors = tower.texts(tower.tokenize(["a satellite photo of a farm"])[0])
        vectors.float().square().sum().backward()  # type: ignore[no-untyped-call]
        return {name for name, weight in module.named_parameters() if weight.grad is not None}
    finally:
        module.zero_grad(set_to_none=True)
        for name, weight in module.named_parameters():
            weight.requires_grad_(before[name])


def _targets(module: nn.Module, used: set[str], settings: LoraSettings) -> tuple[str, ...]:
    """The layers that LoRA is put on."""
    layers = {
        name: part for name, part in module.named_modules()
        if isinstance(part, nn.Linear) or (isinstance(part, nn.Conv2d) and part.groups == 1)
    }  # fmt: skip
    if settings.targets is None:
        return tuple(name for name in layers if f"{name}.weight" in used)
    found: list[str] = []
    for target in settings.targets:
        own = [target] if target in layers else [name for name in layers if name.endswith(f".{target}")]
        if not own:
            raise PretrainingError(
                f"target {target!r}: is no linear layer and no convolution of the model that can be adapted; it has "
                f"{', '.join(sorted({name.rpartition('.')[2] for name in layers}))}"
            )
        dead = [name for name in own if f"{name}.weight" not in used]
        if len(dead) == len(own):
            raise PretrainingError(
                f"target {target!r}: {dead[0]} would get no gradient from {' and '.join(settings.sides)}"
            )
        found += [name for name in own if name not in dead]
    return tuple(dict.fromkeys(found))


def _whole(module: nn.Module, used: set[str], settings: LoraSettings) -> tuple[str, ...]:
    """The weights that learn whole."""
    if not settings.whole:
        return ()
    kinds: dict[str, set[str]] = {kind: set() for kind in ("norms", "biases", "heads", "depthwise", "all")}
    for name, part in module.named_modules():
        for own, _ in part.named_parameters(recurse=False):
            weight = f"{name}.{own}" if name else own
            kinds["all"].add(weight)
            if "norm" in type(part).__name__.lower():
                kinds["norms"].add(weight)
            if own == "bias":
                kinds["biases"].add(weight)
            if (own if own in HEADS else name.rpartition(".")[2]) in HEADS:
                kinds["heads"].add(weight)
            if isinstance(part, nn.Conv2d) and part.groups > 1:
                kinds["depthwise"].add(weight)
    wanted = set().union(*(kinds[kind] for kind in settings.whole))
    found = tuple(name for name, _ in module.named_parameters() if name in wanted & used)
    for kind in settings.whole:
        if not kinds[kind] & used:
            raise PretrainingError(f"whole {kind!r}: the model has no such weights that would get a gradient")
    return found


def _store(state: dict[str, torch.Tensor], path: Path) -> None:
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with atomic_write(path) as temporary:
        save_file(tensors, temporary)
