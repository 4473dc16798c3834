"""Chips: shown in 8 bits, over the edge of a scene, from bands of differing resolution, from a huge scene."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import UTM, noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import Band, Chip, Grid, ImageryError, Scene, SceneReader, open_scene
from rsvlm.imagery.guard import raster_env


def coarse(factor: int) -> rasterio.Affine:
    a, _, c, _, e, f = UTM
    return rasterio.Affine(a * factor, 0, c, 0, e * factor, f)


def test_windows_over_the_edge(tmp_path: Path) -> None:
    pixels = noise(3, 50, 60, low=1)
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels))
    padded = np.pad(pixels, ((0, 0), (100, 100), (100, 100)))
    with SceneReader(scene) as reader:
        for x, y, width, height in (
            (-5, -7, 20, 20),
            (50, 40, 20, 20),
            (-10, -10, 90, 80),
            (0, 49, 1, 5),
            (70, 0, 9, 9),
        ):
            chip = reader.read(x, y, width, height)
            expected = padded[:, 100 + y : 100 + y + height, 100 + x : 100 + x + width]
            np.testing.assert_array_equal(chip.pixels, expected)
            np.testing.assert_array_equal(chip.valid, expected[0] > 0)
            assert chip.grid == scene.grid.window(x, y, width, height)
            assert chip.pixels.dtype == np.uint8
    assert chip.source == scene.path
    assert chip.scene == scene


def test_a_closed_reader_reads_again(tmp_path: Path) -> None:
    reader = SceneReader(open_scene(write_tif(tmp_path / "a.tif", noise(3, 9, 9))))
    first = reader.read(0, 0, 9, 9)
    reader.close()
    np.testing.assert_array_equal(reader.read(0, 0, 9, 9).pixels, first.pixels)
    reader.close()


def test_bands_in_the_order_asked_for(tmp_path: Path) -> None:
    pixels = noise(4, 9, 9)
    with SceneReader(open_scene(write_tif(tmp_path / "a.tif", pixels), sensor="naip")) as reader:
        chip = reader.read(0, 0, 9, 9, ["nir", "red"])
        assert chip.bands == ("nir", "red")
        np.testing.assert_array_equal(chip.pixels, pixels[[3, 0]])
        np.testing.assert_array_equal(chip.band("red"), pixels[0])
        with pytest.raises(ImageryError, match="has no band green: it holds nir, red"):
            chip.rgb()


def test_chips_without_a_scene() -> None:
    valid = np.ones((4, 5), dtype=bool)
    pixels = noise(4, 4, 5)
    chip = Chip(pixels, ("red", "green", "blue", "nir"), Grid(5, 4), valid)
    np.testing.assert_array_equal(chip.rgb(), np.moveaxis(pixels[:3], 0, -1))
    grey = Chip(pixels[:2], ("a", "b"), Grid(5, 4), valid)
    np.testing.assert_array_equal(grey.rgb(), np.repeat(pixels[0][..., None], 3, axis=-1))
    with pytest.raises(ImageryError, match="uint16 pixels need a stretch"):
        Chip(pixels.astype("uint16"), ("a", "b", "c", "d"), Grid(5, 4), valid).rgb()


def product(
    tmp_path: Path, width: int, height: int, quality: bool = False
) -> tuple[Scene, dict[str, np.ndarray]]:
    """A scene whose bands lie in files of 10, 20 and 60 m over the same ground; width and height at 60 m."""
    files = {
        "B04": noise(1, height * 6, width * 6, dtype="uint16", low=1, high=4000),
        "B05": noise(1, height * 3, width * 3, dtype="uint16", low=1, high=4000, seed=1),
        "B01": noise(1, height, width, dtype="uint16", low=1, high=4000, seed=2),
        "SCL": noise(1, height * 3, width * 3, high=12, seed=3),
    }
    bands = {}
    for name, pixels in files.items():
        factor = width * 6 // pixels.shape[2]
        path = write_tif(
            tmp_path / f"{name}.tif",
            pixels,
            transform=coarse(factor),
            tiled=True,
            blockxsize=16,
            blockysize=16,
        )
        bands[name] = Band(name, str(path), nodata=0.0)
    scene = Scene(
        path=str(tmp_path),
        name="product",
        grid=Grid(width * 6, height * 6, "EPSG:32652", UTM),
        bands=(bands["B04"], bands["B05"], bands["B01"]),
        dtype="uint16",
        shown=("B04",),
        quality=Band("SCL", bands["SCL"].path) if quality else None,
    )
    return scene, files


def by_hand(values: np.ndarray, factor: int) -> np.ndarray:
    """Bilinear interpolation as a sum over all pixels, weighted by tents centred on the coarse ones."""
    weights = []
    for length in values.shape:
        fine = (np.arange(length * factor) + 0.5) / factor - 0.5
        distance = np.abs(np.clip(fine, 0, length - 1)[:, None] - np.arange(length))
        weights.append(np.clip(1 - distance, 0, None))
    result: np.ndarray = weights[0] @ values.astype(float) @ weights[1].T
    return result


def test_coarser_bands_are_interpolated_onto_the_grid(tmp_path: Path) -> None:
    scene, files = product(tmp_path, 11, 9)
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 66, 54)
    np.testing.assert_array_equal(chip.band("B04"), files["B04"][0])
    np.testing.assert_allclose(chip.band("B05"), by_hand(files["B05"][0], 2), atol=0.5 + 1e-6, rtol=0)
    np.testing.assert_allclose(chip.band("B01"), by_hand(files["B01"][0], 6), atol=0.5 + 1e-6, rtol=0)
    assert chip.pixels.dtype == np.uint16


def test_a_ramp_stays_a_ramp(tmp_path: Path) -> None:
    """Misalignment by half a pixel would show: away from the border, interpolation keeps a plane."""
    scene, _ = product(tmp_path, 20, 20)
    x = 30 + 60 * np.arange(20)  # metres from the scene's edge to the centres of the pixels
    plane = (2 * x[None, :] + 3 * x[:, None]).astype("uint16")[None]
    write_tif(tmp_path / "B01.tif", plane, transform=coarse(6))
    with SceneReader(scene) as reader:
        found = reader.read(3, 3, 114, 114, ["B01"]).pixels[0]
    fine = 5 + 10 * np.arange(3, 117)
    np.testing.assert_array_equal(found, 2 * fine[None, :] + 3 * fine[:, None])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Chip:
    """The whole of a product of three resolutions with quality band, with a margin all around."""
    scene, _ = product(tmp_path_factory.mktemp("seams"), 13, 11, quality=True)
    with SceneReader(scene) as reader:
        return reader.read(-100, -100, 300, 280)


@settings(max_examples=60, deadline=None)
@given(x=st.integers(-20, 77), y=st.integers(-20, 65), width=st.integers(1, 90), height=st.integers(1, 80))
def test_windows_meet_without_a_seam(whole: Chip, x: int, y: int, width: int, height: int) -> None:
    assert whole.scene is not None
    with SceneReader(whole.scene) as reader:
        chip = reader.read(x, y, width, height)
    rows, columns = slice(100 + y, 100 + y + height), slice(100 + x, 100 + x + width)
    np.testing.assert_array_equal(chip.pixels, whole.pixels[:, rows, columns])
    np.testing.assert_array_equal(chip.valid, whole.valid[rows, columns])


def test_quality_takes_the_nearest_pixel(tmp_path: Path) -> None:
    scene, files = product(tmp_path, 7, 5, quality=True)
    classes = np.repeat(np.repeat(files["SCL"][0], 2, axis=0), 2, axis=1)
    with SceneReader(scene) as reader:
        np.testing.assert_array_equal(reader.read(0, 0, 42, 30, ["SCL"]).pixels[0], classes)
        np.testing.assert_array_equal(reader.read(0, 0, 42, 30).valid, ~np.isin(classes, [0, 1, 3, 8, 9, 10]))


def test_missing_pixels_have_no_weight(tmp_path: Path) -> None:
    """At the border of nodata, neighbours are not darkened by its zeros."""
    scene, _ = product(tmp_path, 8, 8)
    pixels = np.full((1, 8, 8), 1000, dtype="uint16")
    pixels[0, :, :4] = 0
    write_tif(tmp_path / "B01.tif", pixels, transform=coarse(6))
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 48, 48, ["B01"])
    assert (chip.pixels[0, :, :24] == 0).all()
    assert (chip.pixels[0, :, 24:] == 1000).all()
    np.testing.assert_array_equal(chip.valid[0], np.arange(48) >= 24)


def test_bands_shifted_by_half_a_pixel(tmp_path: Path) -> None:
    """Landsat's 15 m grid starts half a coarse pixel inside the 30 m one."""
    fine = noise(1, 40, 40, dtype="uint16")
    ramp = np.broadcast_to((100 * np.arange(21)).astype("uint16"), (1, 21, 21))
    a = UTM[0]
    shifted = rasterio.Affine(2 * a, 0, UTM[2] - a, 0, -2 * a, UTM[5] + a)
    scene = open_scene(write_tif(tmp_path / "fine.tif", fine))
    path = write_tif(tmp_path / "coarse.tif", ramp, transform=shifted)
    scene = Scene(**{**vars(scene), "bands": (*scene.bands, Band("red", str(path)))})
    with SceneReader(scene) as reader:
        row = reader.read(0, 0, 40, 40, ["red"]).pixels[0, 7]
    np.testing.assert_array_equal(row, 50 * np.arange(40) + 25)


def test_bands_without_a_place_cover_the_same_area(tmp_path: Path) -> None:
    fine = open_scene(write_tif(tmp_path / "fine.tif", noise(1, 12, 12), place=False))
    path = write_tif(tmp_path / "coarse.tif", noise(1, 6, 6), place=False)
    scene = Scene(**{**vars(fine), "bands": (*fine.bands, Band("red", str(path)))})
    with SceneReader(scene) as reader:
        found = reader.read(0, 0, 12, 12, ["red"]).pixels[0]
    np.testing.assert_allclose(found, by_hand(noise(1, 6, 6)[0], 2), atol=0.5 + 1e-6, rtol=0)


@pytest.mark.parametrize(
    "transform", [(10, 0, 301_000, 0, -10, 4e6), (10, 0, 3e5, 0, 10, 4e6), (7, 7, 3e5, 7, -7, 4e6)]
)
def test_bands_that_lie_elsewhere(tmp_path: Path, transform: tuple[float, ...]) -> None:
    first = open_scene(write_tif(tmp_path / "a.tif", noise(1, 20, 20)))
    path = write_tif(tmp_path / "b.tif", noise(1, 20, 20), transform=rasterio.Affine(*transform))
    scene = Scene(**{**vars(first), "bands": (*first.bands, Band("red", str(path)))})
    with (
        SceneReader(scene) as reader,
        pytest.raises(ImageryError, match=r"b\.tif does not cover the same area"),
    ):
        reader.read(0, 0, 5, 5)


MEASURE = """
import pathlib, re, resource, sys
from rsvlm.imagery import SceneReader, open_scene
from rsvlm.imagery.windows import grid_windows

def peak():
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # Linux: ru_maxrss would count the process that started this one, too
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text("utf-8")).group(1)) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

scene = open_scene(sys.argv[1], stretch="percentile")
windows = grid_windows(scene.grid.width, scene.grid.height, 256)
with SceneReader(scene) as reader:
    for window in windows[:200].tolist():
        reader.read(*window).rgb()
    before = peak()
    total = sum(int(reader.read(*window).rgb()[0, 0, 0]) for window in windows[200::9].tolist())
print(len(windows), peak() - before, before)
"""


def test_a_huge_raster_is_tiled_without_being_loaded(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system does not tell a process's peak memory")
    path = tmp_path / "huge.tif"
    side, tile = 36_000, 256
    options = {
        "tiled": True,
        "blockxsize": tile,
        "blockysize": tile,
        "compress": "deflate",
        "SPARSE_OK": True,
    }
    place = {"crs": "EPSG:32652", "transform": rasterio.Affine(*UTM)}
    with (
        raster_env(),
        rasterio.open(
            path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", **options, **place
        ) as raster,
    ):
        for at in range(0, side - tile, 8 * tile):
            raster.write(noise(3, tile, tile, seed=at), window=rasterio.windows.Window(at, at, tile, tile))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    windows, grown, before = map(int, done.stdout.split())
    assert windows == 141 * 141
    assert grown < 100 * 2**20  # 64 MB of it is GDAL's block cache; the raster has 3.9 GB
    assert before < 500 * 2**20
    assert done.stderr == ""
