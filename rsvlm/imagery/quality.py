"""Clouds and their shadows from the quality bands that Sentinel-2 and Landsat products carry."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.imagery.errors import ImageryError

# Sentinel-2 scene classification: no data, saturated or defective, cloud shadow, cloud of medium and of high
# probability, thin cirrus (Sentinel-2 Level-2A Algorithm Theoretical Basis Document, table of SCL classes).
_SCL = (0, 1, 3, 8, 9, 10)
# Landsat Collection 2 QA_PIXEL, bits 0 fill, 1 dilated cloud, 3 cloud, 4 cloud shadow (Landsat 8-9 Collection
# 2 Level 2 Science Product Guide, table 6-2).
_QA_PIXEL = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4


def cloud_mask(values: npt.NDArray[Any], kind: str) -> npt.NDArray[np.bool_]:
    """Where a quality band says that the ground cannot be seen: cloud, cloud shadow, or no pixel.

    Args:
        values: Stored values of the quality band, any shape.
        kind: Name of the band: "SCL" (Sentinel-2) or "QA_PIXEL" (Landsat Collection 2).

    Raises:
        ImageryError: Another kind.
    """
    if kind == "SCL":
        return np.isin(values, _SCL)
    if kind == "QA_PIXEL":
        flagged: npt.NDArray[np.bool_] = (values.astype(np.int64) & _QA_PIXEL) != 0
        return flagged
    raise ImageryError(f"unknown quality band {kind!r}: SCL and QA_PIXEL are known")
