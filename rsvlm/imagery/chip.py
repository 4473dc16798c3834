"""Chips: pixels cut from a scene, with their place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.scene import Scene


@dataclass
class Chip:
    """An image with its place.

    Attributes:
        pixels: Stored values (bands, height, width), in the scene's own dtype.
        bands: Band names, one for each of the pixels' first axis.
        grid: Where the pixels lie; its width and height are those of the pixels.
        valid: (height, width) bool; False where there is no pixel, or cloud.
        datetime: Time of acquisition, ISO 8601 UTC, or None.
        source: Path of the scene.
        scene: The scene it was cut from, which knows how it is shown; None for chips made otherwise.
    """

    pixels: npt.NDArray[Any]
    bands: tuple[str, ...]
    grid: Grid
    valid: npt.NDArray[np.bool_]
    datetime: str | None = None
    source: str = ""
    scene: Scene | None = None

    def band(self, name: str) -> npt.NDArray[Any]:
        """Stored values of one band, (height, width).

        Raises:
            ImageryError: The chip does not hold it.
        """
        if name not in self.bands:
            raise ImageryError(
                f"the chip of {self.source} has no band {name}: it holds {', '.join(self.bands)}"
            )
        layer: npt.NDArray[Any] = self.pixels[self.bands.index(name)]
        return layer

    def rgb(self) -> npt.NDArray[np.uint8]:
        """The shown bands, stretched to 8 bits: (height, width, 3); a grey band thrice; invalid pixels 0.

        A chip without a scene shows its first three bands, or its first one in grey, as they are.

        Raises:
            ImageryError: A shown band was not read, or more than 8 bits have no stretch.
        """
        shown = self.scene.shown if self.scene else self.bands[: 3 if len(self.bands) >= 3 else 1]
        stretch = self.scene.stretch if self.scene else None
        limits = stretch or [None] * len(shown)
        layers = [to_8_bits(self.band(name), limit) for name, limit in zip(shown, limits, strict=True)]
        image = np.stack(layers * (3 // len(layers)), axis=-1)
        image[~self.valid] = 0
        return image


def to_8_bits(values: npt.NDArray[Any], limit: tuple[float, float] | None) -> npt.NDArray[np.uint8]:
    """Stored values as they are shown: the first of the limits is 0, the second 255; without limits as they are.

    Raises:
        ImageryError: More than 8 bits have no limits.
    """
    if limit is None:
        if values.dtype != np.uint8:
            raise ImageryError(f"{values.dtype} pixels need a stretch to be shown: open the image with one")
        return values.astype(np.uint8)
    low, high = limit
    # float64 for the wide integers, whose neighbours float32 cannot tell apart
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity, which are invalid pixels
        scaled = (values.astype(np.float64) - low) * (255.0 / (high - low))
    return np.rint(np.clip(np.nan_to_num(scaled, nan=0.0), 0.0, 255.0)).astype(np.uint8)
