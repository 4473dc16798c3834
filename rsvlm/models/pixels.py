"""Preprocessing: an RGB picture of any size to the pixels that a CLIP tower sees, bit for bit as open_clip has them.

Resizing and cropping work on bytes, and stay bytes: the runtime makes numbers of a whole batch on the device, in the
order of open_clip's own steps. The usual way keeps float32 of every picture, four times as much, in each thread.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

LONGEST = 16
"""Longer pictures, by side length over side width, are first cropped to this: see `cropped_to_bounds`."""

Three = tuple[float, float, float]


class Preparation(NamedTuple):
    """How pictures become a model's input, in the terms of `Tower`: `prepare`, `mean` and `std`."""

    prepare: Callable[[Image.Image], torch.Tensor]
    mean: Three | None
    std: Three | None


def open_clip_preparation(settings: Mapping[str, Any]) -> Preparation:
    """Return the preparation for open_clip's settings: ours, or open_clip's own for what ours lacks.

    Args:
        settings: size, mean, std, interpolation, resize_mode, fill_color, as `open_clip.transform.PreprocessCfg`.
    """
    size, mode = settings["size"], settings["resize_mode"]
    width, height = (size, size) if isinstance(size, int) else size
    if width != height or mode not in ("shortest", "squash"):
        from open_clip.transform import PreprocessCfg, image_transform_v2

        return Preparation(image_transform_v2(PreprocessCfg(**settings), is_train=False), None, None)
    filters = Image.Resampling
    resampling = filters.BILINEAR if settings["interpolation"] == "bilinear" else filters.BICUBIC

    def prepare(image: Image.Image) -> torch.Tensor:
        square = (
            image.resize((width, width), resampling)
            if mode == "squash"
            else _centre(image, width, resampling)
        )
        return torch.from_numpy(np.array(square))

    return Preparation(prepare, _three(settings["mean"]), _three(settings["std"]))


def model_input(prepared: torch.Tensor, mean: Three | None, std: Three | None) -> torch.Tensor:
    """Return what a tower's `images` takes, (n, 3, H, W) float32, for a batch of what its `prepare` gave."""
    if prepared.dtype != torch.uint8:
        return prepared
    low, width = torch.tensor(mean, device=prepared.device), torch.tensor(std, device=prepared.device)
    # The order of torchvision's steps, for the same numbers to the last bit.
    return prepared.float().div_(255).sub_(low).div_(width).permute(0, 3, 1, 2)


def _three(numbers: Any) -> Three:
    red, green, blue = numbers if isinstance(numbers, list | tuple) else (numbers,) * 3
    return float(red), float(green), float(blue)


def _centre(image: Image.Image, size: int, resampling: Image.Resampling) -> Image.Image:
    """Resize the shorter side to `size` and crop the centre, with torchvision's rounding."""
    image = cropped_to_bounds(image)
    width, height = image.size
    short = min(width, height)
    if short != size:
        width, height = (size * side // short for side in (width, height))  # cut to whole pixels, not rounded
        image = image.resize((width, height), resampling)
    left, top = round((width - size) / 2.0), round((height - size) / 2.0)
    return image.crop((left, top, left + size, top + size))


def cropped_to_bounds(image: Image.Image) -> Image.Image:
    """Cut a picture more than 16 times as long as wide to its middle.

    What is cut off would be cropped anyway, but only after a resize that, for a row of 20,000 pixels, makes a
    picture of 4.5 million x 224.
    """
    width, height = image.size
    longest = min(width, height) * LONGEST
    left, top = max(width - longest, 0) // 2, max(height - longest, 0) // 2
    if not (left or top):
        return image
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))
