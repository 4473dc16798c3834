"""Which layers of an encoder learn: by what its vectors depend on, not by guessing from names.

An image and a text are passed through, and what their vectors depend on is that side of the model.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Literal

from PIL import Image
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import nn

from rsvlm.models.pixels import model_input
from rsvlm.models.tower import Tower

from .errors import PretrainingError

Side = Literal["image", "text"]
Store = Literal["fp32", "fp16"]
SIDES: tuple[Side, ...] = ("image", "text")
KINDS = ("norms", "biases", "heads", "depthwise", "all")


def _known(part: str) -> str:
    side, _, kind = part.rpartition(":")
    if kind not in KINDS or side not in ("", *SIDES):
        raise ValueError(f"{part!r} is none of {', '.join(KINDS)}, or one of them behind image: or text:")
    return part


Whole = Annotated[str, AfterValidator(_known)]

HEADS = ("proj", "head", "projection", "text_projection", "visual_projection")
"""Last parts of the names of what maps a tower's width to that of the vectors."""


_PEFT = re.compile(r"\.(base_layer|lora_[A-Za-z_]+\.default)(?=\.|$)")


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
        whole: What learns whole, and without LoRA: "norms", "biases", "heads" (the last projections), "depthwise"
            (convolutions), "all"; of one side, "image:all".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rank: int = Field(default=16, ge=0, le=1024)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    rslora: bool = False
    dora: bool = False
    sides: tuple[Side, ...] = ("image", "text")
    targets: tuple[str, ...] | None = None
    whole: tuple[Whole, ...] = ()


def depends_on(tower: Tower, side: Side) -> set[str]:
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


def target_layers(module: nn.Module, used: set[str], settings: LoraSettings) -> tuple[str, ...]:
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


def is_head(weight: str) -> bool:
    """Whether a weight, by its name, belongs to the last projection of a side; LoRA on it does, too."""
    *before, part, own = ("", *_PEFT.sub("", weight).split("."))
    inner = any(name.isdigit() or name in ("patch_embed", "attn") for name in before)
    return not inner and (own in HEADS or part in HEADS)


def whole_weights(
    module: nn.Module, reached: Mapping[Side, AbstractSet[str]], settings: LoraSettings
) -> tuple[str, ...]:
    """The weights that learn whole.

    Args:
        module: The model.
        reached: What the vectors of each side depend on.
        settings: What is wanted.

    Raises:
        PretrainingError: There are none of a kind, or they would get no gradient.
    """
    kinds = _kinds(module) if settings.whole else {}
    chosen: set[str] = set()
    for wanted in settings.whole:
        side, _, kind = wanted.rpartition(":")
        sides = [one for one in settings.sides if side in ("", one)]
        found = kinds[kind] & {name for one in sides for name in reached[one]}
        if not found:
            raise PretrainingError(
                f"whole {wanted!r}: the model has no such weights that would get a gradient"
            )
        chosen |= found
    return tuple(name for name, _ in module.named_parameters() if name in chosen)


def _kinds(module: nn.Module) -> dict[str, set[str]]:
    """The weights of each of `KINDS`."""
    kinds: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for name, part in module.named_modules():
        for own, _ in part.named_parameters(recurse=False):
            weight = f"{name}.{own}" if name else own
            kinds["all"].add(weight)
            if "norm" in type(part).__name__.lower():
                kinds["norms"].add(weight)
            if own == "bias":
                kinds["biases"].add(weight)
            if is_head(weight):
                kinds["heads"].add(weight)
            if isinstance(part, nn.Conv2d) and part.groups > 1:
                kinds["depthwise"].add(weight)
    return kinds
