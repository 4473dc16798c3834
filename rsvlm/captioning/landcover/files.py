"""The label rasters that are open: a few at a time, read by windows."""

from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import open_dataset, raster_env
from rsvlm.vocabularies import Legend

from ..errors import CaptioningError
from .decode import NONE, Decoder, Indices
from .sheets import Sheet

_MOST = 16
# Windows are read as whole squares of this side, four in a row: what lies beside a chip, the next needs.
# What was read is kept, unless it is larger than this in pixels.
_SQUARE, _ROW = 256, 4
_LARGEST_KEPT = 1 << 20


class Patch(NamedTuple):
    """A window of a label raster: what its pixels hold, and their places in the legend, both (H, W)."""

    left: int
    top: int
    values: npt.NDArray[Any]
    classes: Indices

    def holds(self, x: int, y: int, width: int, height: int) -> bool:
        """Whether a window of the raster lies within this one."""
        rows, cols = self.classes.shape
        across = self.left <= x and x + width <= self.left + cols
        return across and self.top <= y and y + height <= self.top + rows


class _Open:
    """An open raster and what was read of it last."""

    def __init__(self, sheet: Sheet, legend: Legend) -> None:
        self.raster = open_dataset(str(Path(sheet.path).absolute()))
        palette = self.raster.colormap(1) if sheet.coding == "palette" else {}
        self.decoder = Decoder(sheet, legend, palette, self.raster.dtypes[0])
        self.bands = [1, 2, 3] if sheet.coding == "colours" else [1]
        self.patch: Patch | None = None


class OpenSheets:
    """Keeps the rasters open that were read last.

    Attributes:
        tells: For each place in the legend whether it is a class, and no background; for `UNKNOWN` and `NONE`, which
            count from the end, it is false.
    """

    def __init__(self, legend: Legend) -> None:
        self.tells = np.array([not item.background for item in legend.classes] + [False, False])
        self._legend = legend
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def read(self, sheet: Sheet, x: int, y: int, width: int, height: int) -> Patch:
        """Read at least a window that lies within the raster.

        Raises:
            CaptioningError: The file cannot be read, or holds no class codes.
        """
        known = self._open.get(sheet.path)
        if known is not None and known.patch is not None and known.patch.holds(x, y, width, height):
            return known.patch
        left, top = x - x % _SQUARE, y - y % _SQUARE
        right = min(left + _SQUARE * max(_ROW, -((left - x - width) // _SQUARE)), sheet.grid.width)
        bottom = min(top - (top - y - height) // _SQUARE * _SQUARE, sheet.grid.height)
        window = Window(left, top, right - left, bottom - top)
        try:
            with raster_env():
                file = self._get(sheet)
                pixels = file.raster.read(file.bands, window=window)
                mask = file.raster.read_masks(1, window=window) if sheet.masked else None
        except (RasterioError, RasterioIOError, ImageryError) as error:
            raise CaptioningError(f"land cover {sheet.title} cannot be read: {error}") from error
        values = file.decoder.values(pixels)
        classes = file.decoder.classes(values)
        if mask is not None:
            classes = np.where(mask == 0, np.int16(NONE), classes)
        patch = Patch(left, top, values, classes)
        file.patch = patch if classes.size <= _LARGEST_KEPT else None
        return patch

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self._open.popitem()[1].raster.close()

    def _get(self, sheet: Sheet) -> _Open:
        if sheet.path in self._open:
            self._open.move_to_end(sheet.path)
        else:
            self._open[sheet.path] = _Open(sheet, self._legend)
            if len(self._open) > _MOST:
                self._open.popitem(last=False)[1].raster.close()
        return self._open[sheet.path]
