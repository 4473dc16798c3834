"""Writing the sample town to a folder: its map, its land cover and its picture."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import rasterio

from rsvlm.files import atomic_write
from rsvlm.imagery.grid import Grid

from .cover import coarse_cover, cover_grid
from .render import render_town
from .town import MAP_NAME, PLACE, map_bytes

LICENCE = "CC0-1.0"
_CREDIT = "rsvlm, sample town (CC0-1.0)"
_DESCRIPTION = "rendered from invented map data by rsvlm; not a photograph"


@dataclass(frozen=True)
class SamplePaths:
    """Files of the sample town.

    Attributes:
        image: GeoTIFF, 8-bit RGB, 2,048 x 2,048 pixels of 0.5 m, rendered.
        osm: The OpenStreetMap file that it was rendered from.
        landcover: GeoTIFF of ESA WorldCover codes over the same place.
    """

    image: Path
    osm: Path
    landcover: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Those that `write_sample` writes into a folder."""
        return cls(folder / "town.tif", folder / MAP_NAME, folder / "landcover.tif")


def write_sample(folder: str | Path) -> SamplePaths:
    """Draw the town and write its three files, the same bytes of pixels each time; it takes some seconds.

    Args:
        folder: Where they go; it is made if need be, and files of these names are overwritten.

    Raises:
        OSError: The folder cannot be written to.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    paths = SamplePaths.in_folder(place)
    picture, codes = _rendered()
    tags = {"TIFFTAG_IMAGEDESCRIPTION": _DESCRIPTION, "TIFFTAG_COPYRIGHT": _CREDIT, "LICENCE": LICENCE}
    _write(paths.image, np.moveaxis(picture, 2, 0), PLACE, tags, photometric="RGB", predictor=2)
    cover_tags = tags | {
        "TIFFTAG_IMAGEDESCRIPTION": "land cover of an invented town, in ESA WorldCover codes"
    }
    _write(paths.landcover, coarse_cover(codes)[None], cover_grid(), cover_tags, nodata=0)
    paths.osm.write_bytes(map_bytes())
    return paths


@cache
def _rendered() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The town, kept: some seconds of drawing are worth more than 16 MB to whoever writes it twice."""
    return render_town()


def _write(
    path: Path, pixels: npt.NDArray[np.uint8], grid: Grid, tags: dict[str, str], **profile: Any
) -> None:
    bands, height, width = pixels.shape
    with (
        atomic_write(path) as temporary,
        rasterio.open(
            temporary,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=bands,
            dtype="uint8",
            crs=grid.crs,
            transform=rasterio.Affine(*(grid.transform or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))),
            compress="deflate",
            tiled=True,
            blockxsize=256,
            blockysize=256,
            interleave="pixel",
            **profile,
        ) as file,
    ):
        file.write(pixels)
        file.update_tags(**tags)
