"""Small rasters for tests: GeoTIFFs with and without a place, pictures, land cover."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine


def raster(
    path: Path,
    values: np.ndarray[Any, Any],
    crs: str | None = "EPSG:32632",
    pixel: float = 10.0,
    **extra: Any,
) -> Path:
    """Write bands (bands, H, W) as a GeoTIFF whose upper left corner is at 500 km east, 5000 km north."""
    place = {"crs": crs, "transform": Affine(pixel, 0, 500_000, 0, -pixel, 5_000_000)} if crs else {}
    count, height, width = values.shape
    profile = {
        "driver": "GTiff",
        "count": count,
        "height": height,
        "width": width,
        "dtype": values.dtype,
        **place,
        **extra,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # some are meant to have no place
        with rasterio.open(path, "w", **profile) as file:
            file.write(values)
    return path


def picture(seed: int = 0, size: int = 64) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(1, 255, (3, size, size), dtype=np.uint8)


def halves(size: int = 64, left: int = 10, right: int = 80) -> np.ndarray[Any, Any]:
    """WorldCover codes: trees on the left, water on the right."""
    codes = np.full((1, size, size), left, dtype=np.uint8)
    codes[:, :, size // 2 :] = right
    return codes
