"""Cast the weights of an image tower to a 16-bit format, once.

`torch.autocast` alone casts every weight at every call, which on a processor takes as long as the multiplications
(ViT-B-32 on 2 cores with AMX: 15 images a second with it, 128 with weights that were cast before). Autocast still
runs over the cast weights: it keeps the operations that need float32 in it, and bridges what stayed float32.
"""

from torch import Tensor, nn

from rsvlm.models.precision import FORMATS
from rsvlm.models.tower import Tower

_MULTIPLIERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def cast_image_weights(tower: Tower, blank: Tensor, precision: str) -> None:
    """Cast what multiplies matrices on the way of an image: linear layers, convolutions, attention projections.

    Norms, embeddings and the text tower stay in float32: the former need it, and texts are few. Which layers see an
    image is found by sending one through, because no naming of towers holds for all models.

    Args:
        tower: The model, on its device, in float32.
        blank: A batch of one image for it, (1, 3, H, W).
        precision: "bf16" or "fp16".
    """
    for module in image_modules(tower, blank):
        for name, weight in module.named_parameters(recurse=False):
            if isinstance(module, _MULTIPLIERS) or name.startswith(
                ("in_proj_", "q_proj_", "k_proj_", "v_proj_")
            ):
                weight.data = weight.data.to(FORMATS[precision])


def image_modules(tower: Tower, blank: Tensor) -> set[nn.Module]:
    """Return the modules that a batch of images passes, and the direct children of these.

    The children, because attention layers use the weights of their projections without calling them.
    """
    passed: set[nn.Module] = set()

    def note(module: nn.Module, _: object) -> None:
        passed.add(module)

    # Not the whole model: its other half, the text tower, is a child of it.
    hooks = [module.register_forward_pre_hook(note) for module in tower.module.modules()]
    try:
        tower.images(blank)
    finally:
        for hook in hooks:
            hook.remove()
    passed.discard(tower.module)
    return passed | {child for module in passed for child in module.children()}


def runs_channels_last(module: nn.Module) -> bool:
    """Whether a model has two-dimensional convolutions, which run fastest with channels last.

    Not while it learns by DoRA: peft takes weights for contiguous there.
    """
    parts = list(module.named_modules())
    return any(isinstance(part, nn.Conv2d) for _, part in parts) and not any(
        ".lora_magnitude_vector." in name for name, _ in parts
    )
