"""Class maps: every pixel where its tile is, readable by GIS software, whatever the image's place."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from rsvlm.classification import tiling as tiling_module
from rsvlm.classification.classmap import write_class_map
from rsvlm.classification.errors import ClassificationError
from rsvlm.classification.palette import palette
from rsvlm.classification.tiling import tiling
from rsvlm.imagery import Grid
from rsvlm.imagery.frames import cut
from rsvlm.imagery.guard import open_raster
from rsvlm.imagery.windows import grid_windows

UTM = (10.0, 0.0, 300_000.0, 0.0, -10.0, 4_000_000.0)
SCENE = Grid(700, 500, "EPSG:32652", UTM)
NAMES = ("Forest", "River", "Städte & Dörfer")
COLORS = palette(3)


def classes_of(windows: npt.NDArray[np.int32], count: int = 3) -> npt.NDArray[np.int64]:
    return np.arange(len(windows)) % count


def read(path: Path) -> npt.NDArray[Any]:
    with open_raster(path) as dataset:
        return np.asarray(dataset.read(1))


def by_hand(
    grid: Grid, windows: npt.NDArray[np.int32], classes: npt.NDArray[np.int64], cell: int
) -> npt.NDArray[np.int64]:
    """The nearest centre for each pixel of the map, one by one."""
    rows, columns = -(-grid.height // cell), -(-grid.width // cell)
    out = np.full((rows, columns), 255)
    left, top, width, height = windows.T
    for row in range(rows):
        for column in range(columns):
            x = (column * cell + min((column + 1) * cell, grid.width)) / 2
            y = (row * cell + min((row + 1) * cell, grid.height)) / 2
            over = (left <= x) & (x < left + width) & (top <= y) & (y < top + height)
            far = (x - left - width / 2) ** 2 + (y - top - height / 2) ** 2
            best = len(far) - 1 - np.where(over, far, np.inf)[::-1].argmin()  # the last of equal ones
            if over.any() and classes[best] >= 0:
                out[row, column] = classes[best]
    return out


def test_whole_tiles_are_a_pixel_each(tmp_path: Path) -> None:
    grid = Grid(512, 768, "EPSG:32652", UTM)
    windows = grid_windows(512, 768, 256)
    done = write_class_map(tmp_path / "map.tif", grid, windows, [0, 1, 2, -1, 0, 0], NAMES, COLORS)
    assert read(done.path).tolist() == [[0, 1], [2, 255], [0, 0]]
    assert (done.cell, done.counts, done.empty) == (256, (3, 1, 1), 1)
    with rasterio.open(done.path) as dataset:
        assert dataset.crs == rasterio.crs.CRS.from_epsg(32652)
        assert dataset.transform == rasterio.Affine(2560, 0, 300_000, 0, -2560, 4_000_000)
        assert dataset.bounds == (300_000, 3_992_320, 305_120, 4_000_000)
        assert (dataset.dtypes, dataset.nodata, dataset.count) == (("uint8",), 255, 1)
        assert dataset.compression.name == "deflate"
        assert dataset.colorinterp == (ColorInterp.palette,)
        colors = dataset.colormap(1)
        assert [colors[number] for number in range(3)] == [(*color, 255) for color in COLORS]
        assert colors[255][3] == 0
        assert json.loads(dataset.tags()["CLASSES"]) == list(NAMES)
        assert dataset.descriptions == ("class",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.qml", "map.tif", "map.tif.aux.xml"]
    names = ET.parse(tmp_path / "map.tif.aux.xml").findall("PAMRasterBand/CategoryNames/Category")
    assert [name.text for name in names] == list(NAMES)
    entries = ET.parse(tmp_path / "map.qml").findall("pipe/rasterrenderer/colorPalette/paletteEntry")
    assert [entry.attrib["label"] for entry in entries] == list(NAMES)


def test_map_of_an_odd_image_covers_it_exactly_and_places_the_moved_tiles(tmp_path: Path) -> None:
    windows = grid_windows(SCENE.width, SCENE.height, 256)  # x 0, 256, 444; y 0, 244
    done = write_class_map(tmp_path / "map.tif", SCENE, windows, np.arange(6) % 3, NAMES, COLORS)
    assert done.cell == 4
    pixels = read(done.path)
    assert pixels.shape == (125, 175)
    with rasterio.open(done.path) as dataset:
        assert dataset.bounds == (300_000, 3_995_000, 307_000, 4_000_000)
    # tiles 1 and 2 share the columns 444 to 512: the border runs in the middle of them, at 478
    assert (np.flatnonzero(np.diff(pixels[0])) + 1).tolist() == [256 // 4, 476 // 4]
    assert pixels[0, [0, 70, 174]].tolist() == [0, 1, 2]
    assert (pixels == by_hand(SCENE, windows, np.arange(6) % 3, 4)).all()


@settings(max_examples=50, deadline=None)
@given(
    width=st.integers(1, 24),
    height=st.integers(1, 24),
    size=st.integers(1, 26),
    most=st.just(tiling_module.MAX_PIXELS) | st.integers(1, 300),
)
def test_every_pixel_has_the_class_of_the_nearest_tile_over_it(
    tmp_path_factory: pytest.TempPathFactory,
    width: int,
    height: int,
    size: int,
    most: int,
) -> None:
    grid = Grid(width, height, "EPSG:32652", UTM)
    windows = grid_windows(width, height, size)
    classes = np.arange(len(windows)) % 4 - 1  # with holes
    path = tmp_path_factory.getbasetemp() / "property.tif"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiling_module, "MAX_PIXELS", most)
        done = write_class_map(path, grid, windows, classes, NAMES, COLORS)
    expected = by_hand(grid, windows, classes, done.cell)
    assert (read(path) == expected).all()
    assert done.counts == tuple((expected == number).sum() for number in range(3))
    assert done.empty == (expected == 255).sum()
    if most == tiling_module.MAX_PIXELS:
        assert width % done.cell == height % done.cell == 0


def test_tiles_left_out_are_holes(tmp_path: Path) -> None:
    grid, windows = Grid(96, 96), grid_windows(96, 96, 32)
    done = write_class_map(tmp_path / "a.tif", grid, windows[[0, 5, 7]], [0, 1, 2], NAMES, COLORS)
    assert read(done.path).tolist() == [[0, 255, 255], [255, 255, 1], [255, 2, 255]]


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32601", (8.0, 3.0, 300_000.0, 3.0, -8.0, 6_000_000.0)),  # rotated
        ("EPSG:4326", (0.01, 0.0, 178.0, 0.0, -0.01, -16.0)),  # over the antimeridian, to 182 degrees east
        ("EPSG:3413", (500.0, 0.0, -100_000.0, 0.0, -500.0, 100_000.0)),  # over the pole
        (rasterio.crs.CRS.from_epsg(32652).to_wkt(), UTM),
    ],
    ids=["rotated", "antimeridian", "pole", "wkt"],
)
def test_map_lies_where_the_image_lies(
    tmp_path: Path, crs: str, transform: tuple[float, float, float, float, float, float]
) -> None:
    grid = Grid(400, 300, crs, transform)
    windows = grid_windows(400, 300, 64)
    done = write_class_map(tmp_path / "map.tif", grid, windows, classes_of(windows), NAMES, COLORS)
    image, pixels = rasterio.Affine(*transform), read(done.path)
    with rasterio.open(done.path) as dataset:
        assert dataset.crs == rasterio.crs.CRS.from_user_input(crs)
        for corner in ((0, 0), (400, 0), (0, 300), (400, 300)):
            column, row = ~dataset.transform @ (image @ corner)
            assert (column, row) == pytest.approx((corner[0] / 4, corner[1] / 4), abs=1e-6)
        for (x, y, w, h), number in zip(windows.tolist(), classes_of(windows), strict=True):
            row, column = dataset.index(*(image @ (x + w / 2, y + h / 2)))
            assert pixels[row, column] == number
    assert done.grid.bbox() == pytest.approx(grid.bbox())


def test_map_of_an_image_without_place_overlays_it_in_pixels(tmp_path: Path) -> None:
    windows = grid_windows(512, 256, 256)
    done = write_class_map(tmp_path / "map.tif", Grid(512, 256), windows, [0, 1], NAMES, COLORS)
    with rasterio.open(done.path) as dataset:
        assert dataset.crs is None
        assert dataset.bounds == (0, -256, 512, 0)  # where QGIS puts such an image, y upwards


def test_a_single_small_tile(tmp_path: Path) -> None:
    done = write_class_map(tmp_path / "m.TIF", Grid(1, 1), grid_windows(1, 1, 256), [2], NAMES, COLORS)
    assert read(done.path).tolist() == [[2]]
    assert done.grid == Grid(1, 1)


def test_more_than_255_classes_take_16_bits(tmp_path: Path) -> None:
    names = [f"class {number}" for number in range(300)]
    grid, windows = Grid(300, 1, "EPSG:32652", UTM), grid_windows(300, 1, 1)
    for count, dtype, nodata in ((255, "uint8", 255), (256, "uint16", 65_535)):
        classes = np.arange(300) % count
        classes[7] = -1
        done = write_class_map(tmp_path / "m.tif", grid, windows, classes, names[:count], palette(count))
        with rasterio.open(done.path) as dataset:
            assert (dataset.dtypes[0], dataset.nodata) == (dtype, nodata)
            assert dataset.colormap(1)[count - 1][:3] == palette(count)[-1]
        assert read(done.path)[0, [0, 7, count - 1]].tolist() == [0, nodata, count - 1]
        assert (sum(done.counts), done.empty) == (299, 1)


def test_large_maps_are_tiled_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid(20_011, 12_007, "EPSG:32652", UTM)  # primes: no cell but 1 fits exactly
    windows = grid_windows(grid.width, grid.height, 512)
    assert tiling(grid, windows).cell() == 2
    monkeypatch.setattr(tiling_module, "MAX_PIXELS", 1_000_000)
    done = write_class_map(tmp_path / "m.tif", grid, windows, classes_of(windows), NAMES, COLORS)
    assert done.cell == 16
    assert (done.grid.width, done.grid.height) == (1251, 751)
    with rasterio.open(done.path) as dataset:
        assert dataset.block_shapes == [(256, 256)]
    assert done.path.stat().st_size < 50_000


def test_an_older_map_is_replaced_with_its_sidecars(tmp_path: Path) -> None:
    grid, windows = Grid(64, 64), grid_windows(64, 64, 32)
    write_class_map(tmp_path / "m.tif", grid, windows, [0, 1, 2, 0], NAMES, COLORS)
    write_class_map(tmp_path / "m.tif", grid, windows, [0, 0, 0, 0], ("Water",), COLORS[:1])
    assert "River" not in (tmp_path / "m.qml").read_text(encoding="utf-8")
    assert "River" not in (tmp_path / "m.tif.aux.xml").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 3


def test_the_same_tiles_give_the_same_bytes(tmp_path: Path) -> None:
    windows = grid_windows(700, 500, 256)
    for name in ("a.tif", "b.tif"):
        write_class_map(tmp_path / name, SCENE, windows, classes_of(windows), NAMES, COLORS)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


WINDOWS = grid_windows(700, 500, 256)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": [0, 1]}, r"6 tiles, but classes of shape \(2,\)"),
        ({"classes": [3] * 6}, "class numbers of 3 to 3: with 3 classes they are -1 to 2"),
        ({"classes": [-2] * 6}, "class numbers of -2"),
        ({"colors": COLORS[:2]}, "3 classes and 2 colours"),
        ({"names": [], "colors": []}, "0 classes"),
        ({"windows": WINDOWS[:0], "classes": []}, "there is none"),
        ({"windows": np.vstack([WINDOWS[:5], [[0, 0, 9, 9]]])}, "of one size"),
        ({"windows": np.vstack([WINDOWS[:5], WINDOWS[:1]])}, "at one place"),
        ({"windows": WINDOWS + np.array([1, 0, 0, 0])}, "out of the image"),
        ({"path": Path("map.png")}, r"ends in \.tif"),
    ],
)  # fmt: skip
def test_what_is_no_class_map_says_so(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "path": Path("map.tif"), "windows": WINDOWS, "classes": [0] * 6, "names": NAMES, "colors": COLORS, **change,
    }  # fmt: skip
    arguments["path"] = tmp_path / arguments["path"]
    with pytest.raises(ClassificationError, match=message) as caught:
        write_class_map(grid=SCENE, **arguments)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_scattered_chips_are_no_tiling() -> None:
    rng = np.random.default_rng(0)
    places = rng.permutation(2_000)
    windows = np.stack([places, rng.permutation(2_000), *np.full((2, 2_000), 8)], axis=1).astype(np.int32)
    with pytest.raises(ClassificationError, match="tiles on a grid, not 2,000 chips"):
        tiling(Grid(3_000, 3_000), windows)


def test_oblong_tiles_lie_where_they_are(tmp_path: Path) -> None:
    grid = Grid(200, 90, "EPSG:4326", (2e-4, 0.0, 9.0, 0.0, -2e-4, 65.0))
    windows = cut(grid, None, "640m")  # 68 x 29 pixels
    classes = classes_of(windows)
    done = write_class_map(tmp_path / "m.tif", grid, windows, classes, NAMES, COLORS)
    with rasterio.open(done.path) as made:
        assert made.bounds == pytest.approx((9.0, 64.982, 9.04, 65.0))
        for number in (0, 4, 11):
            x, y, width, height = windows[number].tolist()
            lon, lat = grid.to_lonlat(x + width / 2, y + height / 2)
            assert next(made.sample([(float(lon), float(lat))]))[0] == classes[number]
    assert (read(done.path) == by_hand(grid, windows, classes, done.cell)).all()


def test_map_of_a_real_scene(tmp_path: Path, data_dir: Path) -> None:
    from rsvlm.imagery import open_scene

    scene = open_scene(sorted((data_dir / "korea-sentinel2-landcover").rglob("*.tif"))[0])
    windows = grid_windows(scene.grid.width, scene.grid.height, 100)
    done = write_class_map(tmp_path / "m.tif", scene.grid, windows, classes_of(windows), NAMES, COLORS)
    with rasterio.open(scene.path) as image, rasterio.open(done.path) as made:
        assert made.bounds == pytest.approx(image.bounds)
        assert made.crs == image.crs
