"""Land cover of real products: the Korean masks, and WorldCover of two years over Sao Tome."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.landcover import LandCoverSource
from rsvlm.imagery.grid import Grid
from rsvlm.imagery.windows import grid_windows
from rsvlm.vocabularies import load_legend


def grid_of(path: Path) -> Grid:
    with rasterio.open(path) as raster:
        a, b, c, d, e, f = tuple(raster.transform)[:6]
        return Grid(raster.width, raster.height, f"EPSG:{raster.crs.to_epsg()}", (a, b, c, d, e, f))


def test_korean_masks_chip_by_chip(data_dir: Path) -> None:
    """28 scenes in chips of 64 and 256 pixels: every class count is that of the file's own pixels."""
    root = data_dir / "korea-sentinel2-landcover"
    legend = load_legend("korea")
    source = LandCoverSource.open(root / "masks", legend)
    chips = empty = 0
    for image in sorted((root / "images").glob("*.tif")):
        grid = grid_of(image)
        with rasterio.open(root / "masks" / image.name) as raster:
            mask = raster.read(1)
        for size in (64, 256):
            for x, y, w, h in grid_windows(512, 512, size).tolist():
                reading = source.labels(image.name, grid.window(x, y, w, h))
                part = mask[y : y + h, x : x + w]
                chips += 1
                if reading.landcover is None:
                    empty += 1
                    assert (part == 100).all()
                    continue
                assert reading.landcover["date"] == f"{image.name[:4]}-{image.name[4:6]}"
                for share in reading.landcover["regions"]["overall"]:
                    item = legend.by_name(share["name"])
                    assert item is not None
                    assert share["pixels"] == (part == item.code).sum()
                assert reading.landcover["coverage"] == (part != 100).mean()
    assert chips == 1904
    assert empty == 273


def test_two_dates_of_worldcover(data_dir: Path) -> None:
    folder = data_dir / "worldcover-sao-tome"
    legend = load_legend("worldcover")
    both = LandCoverSource.open(folder, legend)
    with pytest.raises(CaptioningError, match=r"2020_N00E006.*2021_N00E006.*landcover-date"):
        both.rasters()
    for date in ("2020", "2021"):
        source = LandCoverSource.open(folder, legend, date=date)
        (raster,) = source.rasters()
        with rasterio.open(folder / f"WorldCover_{date}_N00E006.tif") as file:
            pixels = file.read(1)
        classes = source.codes(raster.grid)
        codes = np.array([item.code for item in legend.classes])
        assert (codes[classes] == pixels).all()


def test_worldcover_cut_into_four_is_the_whole(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "worldcover-sao-tome" / "WorldCover_2020_N00E006.tif"
    with rasterio.open(path) as raster:
        a, _, c, _, e, f = tuple(raster.transform)[:6]
        for j, (top, height) in enumerate(((0, 1400), (1400, 1600))):
            for i, (left, width) in enumerate(((0, 1700), (1700, 1300))):
                window = Window(left, top, width, height)
                profile = raster.profile | {
                    "width": width,
                    "height": height,
                    "transform": rasterio.Affine(a, 0, c + a * left, 0, e, f + e * top),
                    "blockysize": 64,
                }
                with rasterio.open(tmp_path / f"WorldCover_2020_N00E006_{j}{i}.tif", "w", **profile) as part:
                    part.write(raster.read(window=window))
    legend = load_legend("worldcover")
    whole, cut = LandCoverSource.open(path, legend), LandCoverSource.open(tmp_path, legend)
    (one,), (joined,) = whole.rasters(), cut.rasters()
    assert (joined.name, joined.grid.width, joined.grid.height) == (one.name, 3000, 3000)
    for x, y, w, h in grid_windows(3000, 3000, 256).tolist():
        first = whole.labels(one.name, one.grid.window(x, y, w, h))
        assert cut.labels(joined.name, joined.grid.window(x, y, w, h)) == first
    utm = Grid(1500, 1500, "EPSG:32632", (9.0, 0.0, 230_000.0, 0.0, -9.0, 30_000.0))
    assert (whole.codes(utm) == cut.codes(utm)).all()
    assert (whole.codes(utm) >= 0).mean() > 0.5
