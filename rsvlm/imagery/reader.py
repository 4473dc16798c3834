"""Reading windows of a scene: the GDAL datasets of one scene, kept open."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType

import numpy as np

from rsvlm.imagery.bandfile import Area, BandFile
from rsvlm.imagery.bands import opaque
from rsvlm.imagery.chip import Chip
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.quality import cloud_mask
from rsvlm.imagery.resample import Mask, Pixels
from rsvlm.imagery.scene import Band, Scene

MAX_WINDOW_BYTES = 2**30
"""Stored values of the largest window read at once; showing them takes some four times as much memory."""


class SceneReader(AbstractContextManager["SceneReader"]):
    """Reads windows of one scene; files are opened at the first read that needs them and kept open.

    Not safe for several threads at once, and not picklable: each worker makes its own from the `Scene`.

    Example:
        with SceneReader(open_scene("tile.tif")) as reader:
            image = reader.read(0, 0, 256, 256).rgb()
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._files: dict[str, BandFile] = {}

    def read(self, x: int, y: int, width: int, height: int, bands: Sequence[str] | None = None) -> Chip:
        """Read a window.

        A pixel is invalid (`valid` is False) beyond the scene's edge, where the mask says so, where every
        band read holds its nodata value, where any holds NaN or infinity, and where the quality band (SCL,
        QA_PIXEL) knows of cloud, cloud shadow or missing data. Beyond the edge pixels are 0; elsewhere they
        stay as stored.

        Bands coarser than the scene's grid are interpolated bilinearly, quality and masks take the nearest
        pixel; neighbouring windows meet without a seam. Colour tables are shown as red, green and blue.

        Args:
            x: Column of the window's upper left pixel, in the scene's grid; may be negative.
            y: Row of it.
            width: Columns.
            height: Rows.
            bands: Names of the bands to read; None = all. `scene.shown` is enough for `Chip.rgb`.

        Raises:
            ImageryError: An unknown band, an empty window or one of more than `MAX_WINDOW_BYTES`, a file that
                cannot be read there, or an alpha band with other values than a mask has.
        """
        if width < 1 or height < 1:
            raise ImageryError(
                f"a window of {width} x {height} pixels is empty: width and height must be at least 1"
            )
        chosen = self._bands(bands)
        _check_memory(self.scene, width, height, len(chosen))
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, self.scene.grid.width), min(y + height, self.scene.grid.height)
        valid = np.zeros((height, width), dtype=bool)
        if left >= right or top >= bottom:
            pixels: Pixels = np.zeros((len(chosen), height, width), dtype=self.scene.dtype)
        else:
            area = (left, top, right - left, bottom - top)
            with raster_env():
                inner, inner_valid = self._read_inside(area, chosen)
            pixels = np.zeros((len(chosen), height, width), dtype=inner.dtype)
            pixels[:, top - y : bottom - y, left - x : right - x] = inner
            valid[top - y : bottom - y, left - x : right - x] = inner_valid
        return Chip(
            pixels=pixels,
            bands=tuple(band.name for band in chosen),
            grid=self.scene.grid.window(x, y, width, height),
            valid=valid,
            datetime=self.scene.datetime,
            source=self.scene.path,
            scene=self.scene,
        )

    def close(self) -> None:
        """Close the files; a later read opens them again."""
        with raster_env():
            while self._files:
                self._files.popitem()[1].close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _bands(self, names: Sequence[str] | None) -> list[Band]:
        if names is None:
            return list(self.scene.bands)
        known = {
            band.name: band
            for band in (*self.scene.bands, *([self.scene.quality] if self.scene.quality else []))
        }
        if not names:
            raise ImageryError(
                f"{self.scene.name}: no bands were asked for: choose from {', '.join(known)} "
                "(a scene without the bands of any view has no views)"
            )
        if missing := [name for name in names if name not in known]:
            raise ImageryError(
                f"{self.scene.name} has no band {', '.join(missing)}: choose from {', '.join(known)}"
            )
        return [known[name] for name in names]

    def _read_inside(self, area: Area, chosen: Sequence[Band]) -> tuple[Pixels, Mask]:
        """Pixels (bands, height, width) and validity of an area that lies within the scene."""
        found: dict[Band, Pixels] = {}
        empty = np.ones((area[3], area[2]), dtype=bool)
        valid = np.ones_like(empty)
        for path in dict.fromkeys(band.path for band in chosen):
            bands = [band for band in chosen if band.path == path]
            file = self._file(path)
            for band, (values, missing) in zip(bands, file.read(bands, area), strict=True):
                found[band] = values
                empty &= missing
                if values.dtype.kind == "f":
                    valid &= np.isfinite(values)
            if (mask := file.mask(area)) is not None:
                valid &= mask
        valid &= ~empty
        if (mask_band := self.scene.mask) is not None:
            values = self._file(mask_band.path).read_nearest(mask_band, area)
            valid &= opaque(values, mask_band, self.scene)
        if (quality := self.scene.quality) is not None:
            valid &= ~cloud_mask(self._file(quality.path).read_nearest(quality, area), quality.name)
        return np.stack([found[band] for band in chosen]), valid

    def _file(self, path: str) -> BandFile:
        """The open file, opened anew when a failed read has closed it."""
        if path not in self._files or self._files[path].dataset.closed:
            self._files[path] = BandFile(path, self.scene.grid)
        return self._files[path]


def _check_memory(scene: Scene, width: int, height: int, bands: int) -> None:
    needed = width * height * bands * np.dtype(scene.dtype).itemsize
    if needed > MAX_WINDOW_BYTES:
        raise ImageryError(
            f"a window of {width:,} x {height:,} pixels of {scene.name} takes {needed:,} bytes; at most "
            f"{MAX_WINDOW_BYTES:,} are read at once: cut it into smaller chips"
        )
