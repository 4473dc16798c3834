"""Augmentation as SkyScript's: turned, mirrored, cropped, in other colours; the same for a seed, epoch and key."""

import math
import re

import numpy as np
from PIL import Image, ImageEnhance
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from .examples import mixed

_SIDES = re.compile(
    r"\b((north|south|east|west|left|right|top|bottom|upper|lower|(?<!from )above|below)([- ]?(east|west))?"
    r"(ern|erly|ward|wards|hand|most|ernmost|bound)?"
    r"|(up|down)wards?|(vertical|horizontal)(ly)?|((anti|counter)-?)?clockwise)\b",
    re.IGNORECASE,
)
_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
_ENHANCERS = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
_TRIES = 10

COARSEST = 24
"""Pixels along the shorter side that coarsening leaves at least."""


class Augmentation(BaseModel):
    """How images are changed before each look. The defaults are SkyScript's (Wang et al. 2024, and their README).

    Attributes:
        turns: Rotate by a random multiple of 90 degrees, and mirror half of the images; not where the caption names a
            side ("in the north-east", "on the left"), which would no longer be true. English captions only: where
            those in other languages name sides, turn it off.
        jitter: Brightness, contrast and saturation are multiplied by 1 - jitter to 1 + jitter.
        scale: Least and largest part of the image's area that a crop keeps.
        ratio: Least and largest width of a crop divided by its height.
        coarsen: Share of the images that are shown as from further away: with fewer pixels on the same ground, down to
            `COARSEST` along the shorter side. For a model that is to know images of coarser resolution than its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    turns: bool = True
    jitter: float = Field(default=0.4, ge=0, le=1)
    scale: tuple[float, float] = (0.67, 1.0)
    ratio: tuple[float, float] = (0.5, 2.0)
    coarsen: float = Field(default=0.0, ge=0, le=1)

    @field_validator("scale", "ratio")
    @classmethod
    def _ordered(cls, given: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
        low, high = given
        most = 1 if info.field_name == "scale" else math.inf
        if not 0 < low <= high <= most:
            above = "" if most == math.inf else " and at most 1"
            raise ValueError(f"({low:g}, {high:g}) should be the least and the largest, above 0{above}")
        return given

    def apply(
        self, image: Image.Image, caption: str, size: int, *, seed: int, visit: int, key: str
    ) -> Image.Image:
        """Return a changed image of size x size pixels.

        The random numbers are drawn here, and Pillow does the work: torchvision's transforms draw theirs from torch's
        one generator, which threads and the model's dropout share, so that no two runs would be the same.

        Args:
            image: RGB.
            caption: What it is shown with.
            size: Of the result.
            seed: Of the run.
            visit: Which time the image is seen.
            key: What it is called.
        """
        draw = np.random.default_rng(mixed(seed, "augmentation", visit, key))
        turns, mirrored = int(draw.integers(4)), bool(draw.integers(2))
        image = self._coarse(image, seed, visit, key)
        box = self._crop(image.width, image.height, draw)
        factors = draw.uniform(1 - self.jitter, 1 + self.jitter, len(_ENHANCERS))
        order = draw.permutation(len(_ENHANCERS))
        changed = image.resize((size, size), Image.Resampling.BICUBIC, box=box)
        if self.turns and not names_a_side(caption):
            changed = changed.transpose(_TURNS[turns - 1]) if turns else changed
            changed = changed.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else changed
        if self.jitter:
            for number in order.tolist():
                changed = _ENHANCERS[number](changed).enhance(float(factors[number]))
        return changed

    def _coarse(self, image: Image.Image, seed: int, visit: int, key: str) -> Image.Image:
        """The image with fewer pixels, as often as it is wanted; each number of pixels by its logarithm alike."""
        draw = np.random.default_rng(mixed(seed, "coarsening", visit, key))
        shorter = min(image.size)
        if draw.random() >= self.coarsen or shorter <= COARSEST:
            return image
        factor = math.exp(draw.uniform(math.log(COARSEST), math.log(shorter))) / shorter
        resampling = (Image.Resampling.BOX, Image.Resampling.BICUBIC)[int(draw.integers(2))]
        return image.resize((round(image.width * factor), round(image.height * factor)), resampling)

    def _crop(self, width: int, height: int, draw: np.random.Generator) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, drawn as torchvision's RandomResizedCrop does; the whole image if none fits."""
        for _ in range(_TRIES):
            area = width * height * draw.uniform(*self.scale)
            ratio = math.exp(draw.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < wide <= width and 0 < high <= height:
                left, top = int(draw.integers(width - wide + 1)), int(draw.integers(height - high + 1))
                return left, top, left + wide, top + high
        return 0, 0, width, height


def names_a_side(caption: str) -> bool:
    """Whether a caption, in English, says where in the image something is: turning the image would make it wrong."""
    return _SIDES.search(caption) is not None
