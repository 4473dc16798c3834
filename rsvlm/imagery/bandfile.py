"""One file of a scene, open: its bands read on the scene's grid."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from rsvlm.imagery.bands import QUALITY
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.guard import damage, open_dataset
from rsvlm.imagery.resample import Mask, Pixels, bilinear, nearest, place_band
from rsvlm.imagery.scene import Band

RGBA = ("red", "green", "blue", "alpha")

Area = tuple[int, int, int, int]
"""A window that lies within the scene: x, y, width, height."""


class BandFile:
    """An open raster file and how it lies on the grid of its scene; to be used within `raster_env`.

    Raises:
        ImageryError: The file is refused, cannot be read, or covers another area than the grid.
    """

    def __init__(self, path: str, grid: Grid) -> None:
        self.path = path
        self.dataset = open_dataset(path)
        try:
            with damage(f"{path} cannot be opened"):
                self.placement = place_band(self.dataset, grid)
                self.palette = self._palette()
        except ImageryError:
            self.dataset.close()
            raise

    def read(self, bands: Sequence[Band], area: Area) -> list[tuple[Pixels, Mask]]:
        """Values of bands in an area of the scene, interpolated where coarser, and where they are nodata."""
        source = self.placement.source(*area)
        stored = self._stored([band.index for band in bands], source)
        return [self._one(band, values, source, area) for band, values in zip(bands, stored, strict=True)]

    def read_nearest(self, band: Band, area: Area) -> Pixels:
        """Stored values of one band in an area of the scene, by the nearest pixel: for classes and masks."""
        source = self.placement.source(*area)
        return nearest(self._stored([band.index], source)[0], source, self.placement, area)

    def mask(self, area: Area) -> Mask | None:
        """Where the file's internal mask, or its colour table's alpha, leaves pixels; None without one."""
        source = self.placement.source(*area)
        if self.palette is not None and not self.palette[3].all():
            visible = self.palette[3][self._stored([1], source)[0]] > 0
        elif self.dataset.mask_flag_enums[0] == [MaskFlags.per_dataset]:  # an alpha band adds MaskFlags.alpha
            visible = self._stored(None, source)[0] > 0
        else:
            return None
        return nearest(visible, source, self.placement, area)

    def close(self) -> None:
        """Close the file."""
        self.dataset.close()

    def _one(self, band: Band, values: Pixels, source: Window, area: Area) -> tuple[Pixels, Mask]:
        missing = _missing(values, band.nodata)
        gaps = nearest(missing, source, self.placement, area)
        if band.name in QUALITY:
            return nearest(values, source, self.placement, area), gaps
        if self.palette is not None and band.name in RGBA:  # colours can be mixed, codes cannot
            values = self.palette[RGBA.index(band.name)][values]
        return bilinear(values, missing, source, self.placement, area), gaps

    def _stored(self, indexes: list[int] | None, source: Window) -> Pixels:
        """Values (bands, rows, columns) as stored; the internal mask for indexes None."""
        x, y, width, height = (int(v) for v in source.flatten())
        try:
            with damage(f"{self.path} cannot be read at window x {x}, y {y}, {width} x {height}"):
                if indexes is None:
                    return np.asarray(self.dataset.read_masks([1], window=source))
                return np.asarray(self.dataset.read(indexes, window=source))
        except ImageryError:
            # GDAL may hand out what is left of a block that failed: the next read must begin anew
            self.dataset.close()
            raise

    def _palette(self) -> npt.NDArray[np.uint8] | None:
        """The colour table as (4, values), None where the file has none."""
        if self.dataset.colorinterp[0] != ColorInterp.palette:
            return None
        table = np.zeros((4, int(np.iinfo(self.dataset.dtypes[0]).max) + 1), dtype=np.uint8)
        for value, colour in self.dataset.colormap(1).items():
            table[:, value] = colour
        return table


def _missing(values: Pixels, nodata: float | None) -> Mask:
    if values.dtype.kind == "f":  # the least float32 is what many tools fill with, and never a value
        missing: Mask = np.isnan(values) | (values <= np.finfo(np.float32).min)
    else:
        missing = np.zeros(values.shape, dtype=bool)
    if nodata is not None and not np.isnan(nodata):
        missing |= values == nodata
    return missing
