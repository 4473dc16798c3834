"""Colours for the values of spectral indices."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Colormap = npt.NDArray[np.uint8]
"""(256, 3): the colours of values from the lowest to the highest."""

_STEPS = 256


def linear(colours: Sequence[tuple[int, int, int]]) -> Colormap:
    """A colormap that runs evenly through colours of 8 bits."""
    stops = np.linspace(0, 1, len(colours))
    steps = np.linspace(0, 1, _STEPS)
    layers = [np.interp(steps, stops, layer) for layer in np.transpose(colours)]
    colormap: Colormap = np.rint(np.stack(layers, axis=-1)).astype(np.uint8)
    return colormap


# ColorBrewer's diverging scheme of 11 colours. Copyright (c) 2002 Cynthia Brewer, Mark Harrower, and The Pennsylvania
# State University; Apache License 2.0, https://colorbrewer2.org.
RED_YELLOW_GREEN = linear(
    [
        (165, 0, 38),
        (215, 48, 39),
        (244, 109, 67),
        (253, 174, 97),
        (254, 224, 139),
        (255, 255, 191),
        (217, 239, 139),
        (166, 217, 106),
        (102, 189, 99),
        (26, 152, 80),
        (0, 104, 55),
    ]
)
WHITE_WHITE_BLUE = linear([(255, 255, 255), (255, 255, 255), (0, 0, 255)])
RED_GREEN_BLUE = linear([(255, 0, 0), (0, 255, 0), (0, 0, 255)])


def colour(
    values: npt.NDArray[np.floating], low: float, high: float, colormap: Colormap
) -> npt.NDArray[np.uint8]:
    """Colours of values (height, width), those beyond the limits as the limits: (height, width, 3); NaN is black."""
    known = ~np.isnan(values)
    steps = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1) * _STEPS
    image: npt.NDArray[np.uint8] = colormap[np.minimum(steps, _STEPS - 1).astype(np.intp)]
    image[~known] = 0
    return image
