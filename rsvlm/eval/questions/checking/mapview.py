"""The labels of a window of a class map, read and measured apart from how questions are made: as polygons."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod, Transformer
from rasterio.errors import RasterioError
from rasterio.features import shapes
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window as RasterWindow
from shapely.geometry import shape

from rsvlm.eval.errors import EvalError
from rsvlm.imagery.guard import open_dataset, raster_env
from rsvlm.vocabularies import Legend, load_legend

from ..sources import ClassMap
from .places import at, moved

_ENDINGS = (".tif", ".tiff", ".png", ".jp2")
_VOID = ""
Shapes = npt.NDArray[np.object_]


class MapView:
    """What lies in a window: one multipolygon a class, in pixels of the window.

    Args:
        source: The source of the window.
        image: The image, as the provenance names it.
        window: Left, top, width and height of the window.
        files: The rasters that may hold its labels; see `label_files`.

    Raises:
        EvalError: A file is not there, or cannot be read.
    """

    def __init__(self, source: ClassMap, image: str, window: tuple[int, ...], files: Sequence[Path]) -> None:
        self.window = window
        self.width, self.height = window[2:]
        self.legend: Legend = load_legend(source.legend)
        self.files = files
        root = source.images or source.labels
        self.image = root / image if root.is_dir() else root
        try:
            with raster_env():
                self._phrases = self._read()
        except (RasterioError, OSError) as error:
            raise EvalError(f"{self.image}: cannot be read again ({error})") from None

    @property
    def size(self) -> float:
        """Pixels of the window."""
        return float(self.width * self.height)

    @cached_property
    def all(self) -> dict[str, Any]:
        """Phrase of a class -> all that is of it; "" -> all that is unlabelled."""
        values, names = self._phrases
        parts: dict[str, list[Any]] = {}
        for outline, value in shapes(values, connectivity=4):
            parts.setdefault(names[int(value)], []).append(shape(outline))
        return {name: shapely.MultiPolygon(found) for name, found in parts.items()}

    @property
    def phrases(self) -> list[str]:
        """The classes that are there."""
        return [name for name in self.all if name != _VOID]

    def area(self, phrase: str, box: tuple[float, float, float, float] | None = None) -> float:
        """Pixels of a class, in a box or everywhere."""
        if phrase not in self.all:
            return 0.0
        parts = shapely.get_parts(self.all[phrase])
        return float(shapely.area(parts if box is None else shapely.clip_by_rect(parts, *box)).sum())

    def void(self, box: tuple[float, float, float, float] | None = None) -> float:
        """Unlabelled pixels."""
        return self.area(_VOID, box)

    def at(self, x: float, y: float) -> str:
        """The class of a point; "" where unlabelled."""
        point = shapely.Point(x, y)
        return next((name for name, area in self.all.items() if area.intersects(point)), _VOID)

    def bounds(self, phrase: str) -> tuple[float, ...]:
        """Left, top, right, bottom of a class, as shares of the window."""
        left, top, right, bottom = self.all[phrase].bounds
        return left / self.width, top / self.height, right / self.width, bottom / self.height

    def way(self, phrase: str, x: float, y: float) -> tuple[float, float, float]:
        """Distance, and x and y of the way, from a point to the nearest of a class."""
        point = shapely.Point(x, y)
        line = shapely.shortest_line(point, self.all.get(phrase, shapely.Point(1e6, 1e6)))
        (_, _), (a, b) = line.coords
        return float(line.length), a - x, b - y

    def centre(self, phrase: str) -> tuple[float, float]:
        """The centre of gravity of a class."""
        point = self.all[phrase].centroid
        return point.x, point.y

    def patches(self, phrase: str, least: float) -> int:
        """Patches of a class of at least so many pixels; those that touch at a corner are one."""
        joined = shapely.union_all(shapely.buffer(shapely.get_parts(self.all[phrase]), 0.01))
        return int((shapely.area(shapely.get_parts(joined)) >= least).sum())

    @cached_property
    def hectares(self) -> float:
        """Ground that the window covers, on the ellipsoid."""
        corners, crs = self.corners
        lon_lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*corners.T)
        area, _ = Geod(ellps="WGS84").polygon_area_perimeter(*lon_lat)
        return abs(float(area)) / 1e4

    @cached_property
    def corners(self) -> tuple[npt.NDArray[np.float64], str]:
        """(4, 2) coordinates of the window's corners, and their CRS."""
        with raster_env(), open_dataset(str(self.image.absolute())) as raster:
            x, y, width, height = self.window
            spots = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
            return np.array([at(raster.transform, *spot) for spot in spots]), str(raster.crs.to_wkt())

    def _read(self) -> tuple[npt.NDArray[np.int16], list[str]]:
        """For each pixel the place of its phrase in a list; the first phrase is "", unlabelled."""
        x, y, width, height = self.window
        names = [_VOID, *dict.fromkeys(c.phrase for c in self.legend.classes if not c.background)]
        found = np.zeros((height, width), np.int16)
        with open_dataset(str(self.image.absolute())) as image:
            crs, place = image.crs, moved(image.transform, x, y)
        for path in self.files:
            with open_dataset(str(path.absolute())) as labels:
                if labels.crs is None or crs is None or self._same(labels, crs, place):
                    codes = labels.read(window=RasterWindow(*self._offset(labels, place, crs), width, height))
                    there = np.ones((height, width), bool)
                else:
                    codes = np.zeros((labels.count, height, width), labels.dtypes[0])
                    there = np.zeros((height, width), np.uint8)
                    grid = {"dst_transform": place, "dst_crs": crs, "resampling": Resampling.nearest}
                    reproject(
                        labels.read(), codes, src_transform=labels.transform, src_crs=labels.crs, **grid
                    )
                    ones = np.ones(labels.shape, np.uint8)
                    reproject(ones, there, src_transform=labels.transform, src_crs=labels.crs, **grid)
            read = self._named(codes, names)
            found = np.where((found == 0) & (there > 0), read, found)
        return found, names

    def _same(self, labels: Any, crs: Any, place: Affine) -> bool:
        """Whether a raster has the window's lattice of pixels, and holds all of it."""
        column, row = at(~labels.transform, place.c, place.f)
        whole = abs(column - round(column)) < 0.02 and abs(row - round(row)) < 0.02
        inside = (
            0 <= round(column) <= labels.width - self.width and 0 <= round(row) <= labels.height - self.height
        )
        return bool(
            labels.crs == crs
            and whole
            and inside
            and np.allclose(place[:2] + place[3:5], labels.transform[:2] + labels.transform[3:5])
        )

    def _offset(self, labels: Any, place: Affine, crs: Any) -> tuple[int, int]:
        if labels.crs is None or crs is None:
            return int(self.window[0]), int(self.window[1])
        column, row = at(~labels.transform, place.c, place.f)
        return round(column), round(row)

    def _named(self, codes: npt.NDArray[Any], names: list[str]) -> npt.NDArray[np.int16]:
        bands = codes[:3].astype(np.int64)
        coloured = len(bands) == 3
        packed = (bands[0] << 16) + (bands[1] << 8) + bands[2] if coloured else bands[0]
        values, back = np.unique(packed, return_inverse=True)
        known = [
            self.legend.by_color((v >> 16, v >> 8 & 255, v & 255)) if coloured else self.legend.by_code(v)
            for v in values.tolist()
        ]
        places = [0 if c is None or c.background else names.index(c.phrase) for c in known]
        return np.array(places, np.int16)[back.reshape(codes.shape[1:])]


def rasters_of(folder: Path) -> tuple[Path, ...]:
    """All rasters in and below a folder; of a file it itself."""
    if not folder.is_dir():
        return (folder,)
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS))


def label_files(source: ClassMap, image: str, rasters: Callable[[Path], tuple[Path, ...]]) -> Sequence[Path]:
    """Return the raster of an image's name, else all rasters of the source, which `rasters` lists."""
    if source.images is None and source.labels.is_dir():
        return [source.labels / image]
    every = rasters(source.labels)
    return [path for path in every if path.stem == Path(image).stem] or every
