"""Small rasters that tests make for themselves."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning

from rsvlm.imagery.guard import raster_env

UTM = (10.0, 0.0, 300_000.0, 0.0, -10.0, 4_000_000.0)


def noise(
    *shape: int, dtype: str = "uint8", low: int = 0, high: int = 256, seed: int = 0
) -> npt.NDArray[Any]:
    """Random values that a test can predict."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def write_tif(
    path: Path,
    pixels: npt.NDArray[Any],
    *,
    descriptions: Sequence[str | None] | None = None,
    colours: Sequence[str] | None = None,
    tags: dict[str, str] | None = None,
    mask: npt.NDArray[Any] | None = None,
    place: bool = True,
    **options: Any,
) -> Path:
    """Write (bands, height, width) as a GeoTIFF; in EPSG:32652 unless `place` is False."""
    count, height, width = pixels.shape
    where = {"crs": "EPSG:32652", "transform": rasterio.Affine(*UTM)} if place else {}
    options = {**where, **options}
    with (
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        raster_env(),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path, "w", driver="GTiff", width=width, height=height, count=count, dtype=pixels.dtype, **options
        ) as raster,
    ):
        if colours:
            raster.colorinterp = [ColorInterp[colour] for colour in colours]
        raster.write(pixels)
        if descriptions:
            raster.descriptions = descriptions
        if tags:
            raster.update_tags(**tags)
        if mask is not None:
            raster.write_mask(mask)
    return path
