"""Where a raster lies: by what it says itself, what the files beside it say, and why it has none."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.transform import from_gcps

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid, Transform
from rsvlm.imagery.sidecars import coordinates_file, sidecar_place
from rsvlm.imagery.stac import Item
from rsvlm.imagery.stac_place import SidecarPlace, crs_text

_LEAST_POINTS, _EXACT = 4, 0.5
"""Ground control points are a place where so many lie on one straight grid, to less than so much of a pixel."""


def place_of(dataset: DatasetReader, file: Path, item: Item | None) -> tuple[Grid, SidecarPlace]:
    """The pixel grid of an open file, and what the files beside it say.

    What the file says itself counts before what lies beside it, and what it lacks is taken from there.

    Raises:
        ImageryError: It lies nowhere on Earth, its CRS cannot be read, or a file beside it is broken.
    """
    width, height = dataset.width, dataset.height
    crs = _crs(dataset, file)
    transform = None if dataset.transform.is_identity else _six(dataset.transform)
    points = _straight(dataset) if crs is None and transform is None else None
    crs, transform = points or (crs, transform)
    beside = sidecar_place(file, width, height, item=item, crs=crs, transform=transform) or SidecarPlace()
    grid = Grid(width, height, beside.crs, beside.transform)
    if crs is not None and transform is not None:
        grid = Grid(width, height, crs, transform)
    if grid.crs is not None:
        check_place(grid, file)
    return grid, beside


def why_no_place(file: Path, dataset: DatasetReader | None = None) -> str | None:
    """What speaks of a place that could not be used, and what to do; None where nothing does.

    Args:
        file: An image without a place.
        dataset: It, open; None: it is known to say nothing itself.
    """
    if dataset is not None:
        if dataset.gcps[0]:
            return "its ground control points give no straight grid: bring it to one with gdalwarp -t_srs EPSG:4326"
        if dataset.tags(ns="RPC"):
            return "its RPCs give no place: bring it to a grid with gdalwarp -rpc -t_srs EPSG:4326"
        if not dataset.transform.is_identity and dataset.crs is None:
            return "it has coordinates but no CRS: name it with gdal_edit.py -a_srs, or put a .prj file beside it"
    world = coordinates_file(file)
    if world is None:
        return None
    return f"{world} gives it coordinates but nothing their CRS: put {file.stem}.prj beside it"


def check_place(grid: Grid, file: Path) -> None:
    """Refuse a place that is none (`ImageryError`)."""
    lon, lat = grid.to_lonlat(grid.width / 2, grid.height / 2)
    a, b, _, d, e, _ = grid.transform or (0.0,) * 6
    projection = CRS.from_user_input(grid.crs).coordinate_operation if not np.isfinite(lon) else None
    if projection is not None and a * e != b * d:
        raise ImageryError(
            f"{file}: its middle lies past what its CRS can describe ({projection.method_name}), as the corners of a "
            "full disk do: bring the part that you need to a map with gdalwarp -t_srs and -te, or correct its CRS"
        )
    if not (np.isfinite(lon) and abs(lat) <= 90.0) or a * e == b * d:
        raise ImageryError(
            f"{file} lies nowhere on Earth: {grid.crs} and the transform {grid.transform} do not fit; "
            "correct them with gdal_edit -a_srs or -a_ullr"
        )


def _straight(dataset: DatasetReader) -> tuple[str, Transform] | None:
    """The grid on which ground control points lie; None where there are none, few, or they lie on none."""
    points, crs = dataset.gcps
    if crs is None or len(points) < _LEAST_POINTS:
        return None
    a, b, c, d, e, f = found = _six(from_gcps(points))
    if a * e == b * d:
        return None
    ends = np.linalg.solve(
        [[a, b], [d, e]], [[point.x - c for point in points], [point.y - f for point in points]]
    )
    off = np.abs(ends - [[point.col for point in points], [point.row for point in points]]).max()
    text = _crs_of(crs.to_wkt())
    return (text, found) if text is not None and off < _EXACT else None


def _six(affine: Sequence[float]) -> Transform:
    a, b, c, d, e, f = (float(value) for value in affine[:6])
    return (a, b, c, d, e, f)


def _crs(dataset: DatasetReader, file: Path) -> str | None:
    try:
        return _crs_of(dataset.crs.to_wkt()) if dataset.crs else None
    except (CRSError, RasterioError, RasterioIOError, ValueError) as error:
        raise ImageryError(
            f"{file} has a CRS that cannot be read ({error}): set it with gdal_edit -a_srs"
        ) from error


@lru_cache(maxsize=64)
def _crs_of(wkt: str) -> str | None:
    """As text, once for all images of one CRS: reading WKT takes as long as opening a small file."""
    crs = CRS.from_wkt(wkt)
    return None if crs.is_engineering else crs_text(crs)
