"""From a product of several files to one scene: what the readers of products share."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
from pyproj import CRS
from rasterio.io import DatasetReader

from rsvlm.imagery.bands import canonical, choose_shown
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.guard import open_dataset, raster_env
from rsvlm.imagery.resample import place_band
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.sensors import SENSORS
from rsvlm.imagery.stac_place import crs_text
from rsvlm.imagery.stretch import fitted_stretch


@dataclass(frozen=True)
class Product:
    """What a product's names and metadata say of it, before any of its rasters is opened.

    Attributes:
        path: What the user named.
        name: Stem, for keys and people.
        bands: Bands, each in a file of its own.
        quality: SCL or QA_PIXEL band, or None.
        sensor: Name of the preset, or None.
        datetime: Time of acquisition, ISO 8601 UTC, or None.
        licence: Licence, or None.
        attribution: Who must be named, or None.
        url: Where it is described, or None.
    """

    path: str
    name: str
    bands: tuple[Band, ...]
    quality: Band | None = None
    sensor: str | None = None
    datetime: str | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None


def product_scene(product: Product, bands: Sequence[str] | None, stretch: str) -> Scene:
    """Open the rasters of a product once, see that they belong together, and describe them as one scene.

    Args:
        product: What is known of it.
        bands: Names of the bands to use, None = all; one or three of them are shown in this order.
        stretch: As `stretch.fit_stretch` takes it.

    Raises:
        ImageryError: A raster is unreadable, has several bands or lies elsewhere than the others; the product
            lacks a band that is asked for; no bands are known to be red, green and blue.
    """
    chosen = _choose(product, bands)
    sensor = SENSORS.get(product.sensor or "")
    names = tuple(band.name for band in chosen)
    shown = names if bands is not None and len(names) in (1, 3) else choose_shown(names, sensor)
    grid, dtype, chosen = _measure(chosen)
    scene = Scene(
        path=product.path,
        name=product.name,
        grid=grid,
        bands=chosen,
        dtype=dtype,
        shown=shown,
        quality=product.quality,
        sensor=product.sensor,
        datetime=product.datetime,
        licence=product.licence,
        attribution=product.attribution,
        url=product.url,
    )
    limits, fill = fitted_stretch(stretch, scene)
    return replace(scene, stretch=limits, notes=(fill,) if fill else ())


def _choose(product: Product, names: Sequence[str] | None) -> tuple[Band, ...]:
    if names is None:
        return product.bands
    sensor = SENSORS.get(product.sensor or "")
    known = {canonical(band.name, sensor): band for band in product.bands}
    wanted = [canonical(name, sensor) for name in names]
    missing = [name for name, key in zip(names, wanted, strict=True) if key not in known]
    listed = ", ".join(band.name for band in product.bands)
    if missing:
        raise ImageryError(f"{product.path} has no band {', '.join(missing)}: choose from {listed}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ImageryError(f"band names must be different, and one at least: choose from {listed}")
    return tuple(known[key] for key in wanted)


def _measure(bands: tuple[Band, ...]) -> tuple[Grid, str, tuple[Band, ...]]:
    """Grid of the finest band, the type that holds all, and the bands with the nodata of their files."""
    with raster_env(), ExitStack() as stack:
        files = [stack.enter_context(_open_single(band)) for band in bands]
        finest = max(files, key=lambda file: file.width * file.height)
        grid = _grid(finest)
        for file in files:
            if file.crs != finest.crs:
                raise ImageryError(f"{file.name} has another CRS than {finest.name}: bring them to one")
            place_band(file, grid)
        dtype = str(np.result_type(*(file.dtypes[0] for file in files)))
        own = (
            b if b.nodata is not None else replace(b, nodata=f.nodata)
            for b, f in zip(bands, files, strict=True)
        )
        return grid, dtype, tuple(own)


def _open_single(band: Band) -> DatasetReader:
    dataset = open_dataset(band.path)
    if (count := dataset.count) != 1:
        dataset.close()
        raise ImageryError(
            f"{band.path} has {count} bands, where a product has one in each file: name the file itself"
        )
    return dataset


def _grid(file: DatasetReader) -> Grid:
    if not file.crs or file.transform.is_identity:
        return Grid(file.width, file.height)
    a, b, c, d, e, f = (float(value) for value in file.transform[:6])
    return Grid(file.width, file.height, crs_text(CRS.from_wkt(file.crs.to_wkt())), (a, b, c, d, e, f))
