"""Sheets: the rasters that land cover is read from, described without their pixels."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pyproj import CRS

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.guard import open_raster
from rsvlm.imagery.sidecars import sidecar_place
from rsvlm.imagery.stac_place import SidecarPlace, crs_text
from rsvlm.vocabularies import Legend

from ..errors import CaptioningError
from .dates import date_of

Coding = Literal["codes", "colours", "palette"]

_ENDINGS = (".tif", ".tiff", ".png", ".jp2")
_LOSSY = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Sheet:
    """One raster of classes; plain, hashable and picklable.

    Attributes:
        path: The file.
        parts: Its path below the folder that was given, without the ending ("2020", "N00E006").
        grid: Its pixels and where they lie.
        coding: What a pixel holds: a class code, a colour (3 bands), or the number of a colour in a palette.
        nodata: Value that means no class, or None.
        masked: Whether the file brings a mask of its own (alpha band or mask band).
        date: "2021", "2021-09" or "2021-09-30", or None.
    """

    path: str
    parts: tuple[str, ...]
    grid: Grid
    coding: Coding
    nodata: float | None = None
    masked: bool = False
    date: str | None = None

    @property
    def stem(self) -> str:
        """File name without its ending."""
        return self.parts[-1]

    @property
    def title(self) -> str:
        """Path below the folder that was given, as people know it."""
        return "/".join((*self.parts[:-1], Path(self.path).name))

    @property
    def placed(self) -> bool:
        """Whether the raster says where it lies."""
        return self.grid.crs is not None

    @cached_property
    def resolution(self) -> str:
        """Pixel size in three digits, in metres or degrees; "" without a place.

        Rasters of one product agree in it, whatever noise their headers have behind the third digit.
        """
        if self.grid.crs is None or self.grid.transform is None:
            return ""
        a, b, _, d, e, _ = self.grid.transform
        unit = "degrees" if _is_geographic(self.grid.crs) else "m"
        return f"{abs(a * e - b * d) ** 0.5:.3g} {unit}"

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the raster's CRS."""
        a, b, _, d, e, _ = self.grid.transform or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        return abs(a) + abs(b), abs(d) + abs(e)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x, greatest y in the raster's own CRS; only of one that has a place."""
        if self.grid.transform is None:
            raise CaptioningError(f"{self.title} has no georeference")
        a, b, c, d, e, f = self.grid.transform
        w, h = self.grid.width, self.grid.height
        xs = (c, c + a * w, c + b * h, c + a * w + b * h)
        ys = (f, f + d * w, f + e * h, f + d * w + e * h)
        return min(xs), min(ys), max(xs), max(ys)


def find_sheets(path: Path, legend: Legend) -> list[Sheet]:
    """Describe a class raster, or all of a folder (recursively), in the order of their paths.

    Raises:
        CaptioningError: There is no raster, or one cannot be read or holds no classes.
    """
    if path.is_dir():
        files = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in _ENDINGS and not file.name.startswith(".") and file.is_file()
        )
        if not files:
            raise CaptioningError(
                f"land cover {path}: no class raster in this folder ({', '.join(_ENDINGS)})"
            )
        return [_describe(file, file.relative_to(path).with_suffix("").parts, legend) for file in files]
    if not path.exists():
        raise CaptioningError(f"land cover {path}: no such file or folder")
    return [_describe(path, (path.stem,), legend)]


def _describe(path: Path, parts: tuple[str, ...], legend: Legend) -> Sheet:
    if path.suffix.lower() in _LOSSY:
        raise CaptioningError(
            f"{path.name}: JPEG blurs class codes and colours; give the mask as PNG or GeoTIFF"
        )
    try:
        with open_raster(path) as raster:
            grid = _grid(raster, path)
            flags = {flag.name for flag in raster.mask_flag_enums[0]}
            return Sheet(
                path=str(path),
                parts=parts,
                grid=grid,
                coding=_coding(raster, legend, path.name),
                nodata=raster.nodata,
                masked=bool(flags & {"alpha", "per_dataset"}),
                date=date_of(parts[-1], raster.tags(), parts[:-1], grid.crs is not None),
            )
    except ImageryError as error:
        raise CaptioningError(f"land cover {path.name}: {error}") from error


def _grid(raster: Any, path: Path) -> Grid:
    """Where a raster lies: as it says itself, else as a world file or a STAC item beside it says."""
    crs = CRS.from_wkt(raster.crs.to_wkt()) if raster.crs else None
    if crs is not None and not crs.is_engineering and not raster.transform.is_identity:
        a, b, c, d, e, f = (float(value) for value in raster.transform[:6])
        if a * e == b * d:
            raise CaptioningError(f"land cover {path.name}: its transform {(a, b, c, d, e, f)} is none")
        return Grid(raster.width, raster.height, crs_text(crs), (a, b, c, d, e, f))
    beside = sidecar_place(path, raster.width, raster.height) or SidecarPlace()
    return Grid(raster.width, raster.height, beside.crs, beside.transform)


def _coding(raster: Any, legend: Legend, name: str) -> Coding:
    roles = [role.name for role in raster.colorinterp]
    bands = raster.count - roles.count("alpha")
    colours = any(item.color for item in legend.classes)
    codes = any(item.code is not None for item in legend.classes)
    if bands == 3 and raster.dtypes[0] == "uint8":
        if not colours:
            raise CaptioningError(
                f"{name} is coded by colour, but legend {legend.name} has no colours: add them to it"
            )
        return "colours"
    if bands != 1:
        raise CaptioningError(
            f"{name} has {bands} bands of {raster.dtypes[0]}: "
            "land cover is one band of class codes or an 8-bit RGB mask"
        )
    if roles[0] == "palette" and colours and (not codes or _repainted(raster.colormap(1), legend)):
        return "palette"
    if not codes:
        raise CaptioningError(
            f"{name} holds class codes, but legend {legend.name} has only colours: add codes to it"
        )
    return "codes"


def _repainted(palette: dict[int, tuple[int, ...]], legend: Legend) -> bool:
    """Whether a palette holds the legend's colours in another order than that of its codes.

    Drawing programs number colours as they come, so that such an index is no code. Background is left out,
    since black also fills unused places.
    """
    known = [item for item in legend.classes if item.color and not item.background]
    places: dict[tuple[int, ...], set[int]] = {}
    for index, colour in palette.items():
        places.setdefault(tuple(colour[:3]), set()).add(index)
    return any(item.color in places and item.code not in places[item.color] for item in known if item.color)


@lru_cache(maxsize=256)
def _is_geographic(crs: str) -> bool:
    return bool(CRS.from_user_input(crs).is_geographic)
