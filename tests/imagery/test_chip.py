"""Chips: shown in 8 bits, over the edge of a scene, from bands of differing resolution, from a huge scene."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasters import UTM, noise, write_tif

from rsvlm.imagery import Band, Chip, Grid, ImageryError, Scene, SceneReader, open_scene
from rsvlm.imagery.guard import raster_env
from rsvlm.imagery.windows import grid_windows


def coarse(factor: int) -> rasterio.Affine:
    a, _, c, _, e, f = UTM
    return rasterio.Affine(a * factor, 0, c, 0, e * factor, f)


def test_windows_over_the_edge(tmp_path: Path) -> None:
    pixels = noise(3, 50, 60, low=1)
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels))
    padded = np.pad(pixels, ((0, 0), (100, 100), (100, 100)))
    with SceneReader(scene) as reader:
        for x, y, width, height in ((-5, -7, 20, 20), (50, 40, 20, 20), (-10, -10, 90, 80), (0, 49, 1, 5), (70, 0, 9, 9)):
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


def product(tmp_path: Path, width: int, height: int, quality: bool = False) -> tuple[Scene, dict[str, np.ndarray]]:
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
        path = write_tif(tmp_path / f"{name}.tif", pixels, transform=coarse(factor), tiled=True, blockxsize=16, blockysize=16)
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
    """Bilinear interpolation written as a sum over pixels, slowly: weights of tents centred on the coarse pixels."""
    weights = []
    for length in values.shape:
        fine = (np.arange(length * factor) + 0.5) / factor - 0.5
        distance = np.abs(np.clip(fine, 0, length - 1)[:, None] - np.arange(length))
        weights.append(np.clip(1 - distance, 0, None))
    return np.rint(weights[0] @ values.astype(float) @ weights[1].T)


def test_coarser_bands_are_interpolated_onto_the_grid(tmp_path: Path) -> None:
    scene, files = product(tmp_path, 11, 9)
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 66, 54)
    np.testing.assert_array_equal(chip.band("B04"), files["B04"][0])
    np.testing.assert_array_equal(chip.band("B05"), by_hand(files["B05"][0], 2))
    np.testing.assert_array_equal(chip.band("B01"), by_hand(files["B01"][0], 6))
    assert chip.pixels.dtype == np.uint16


def test_a_ramp_stays_a_ramp(tmp_path: Path) -> None:
    """Half a pixel of misalignment would show: a plane is kept by bilinear interpolation, away from the border."""
    scene, _ = product(tmp_path, 20, 20)
    x = 30 + 60 * np.arange(20)  # metres from the scene's edge to the centres of the pixels
    plane = (2 * x[None, :] + 3 * x[:, None]).astype("uint16")[None]
    write_tif(tmp_path / "B01.tif", plane, transform=coarse(6))
    with SceneReader(scene) as reader:
        found = reader.read(3, 3, 114, 114, ["B01"]).pixels[0]
    fine = 5 + 10 * np.arange(3, 117)
    np.testing.assert_array_equal(found, 2 * fine[None, :] + 3 * fine[:, None])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_windows_meet_without_a_seam(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp() / "seams"
    if not folder.exists():
        folder.mkdir()
        product(folder, 13, 11, quality=True)
    scene = pytest.MonkeyPatch and _seam_scene(folder)
    x, y = data.draw(st.integers(-20, 77)), data.draw(st.integers(-20, 65))
    width, height = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 80))
    with SceneReader(scene) as reader:
        whole = reader.read(-110, -100, 320, 300)
        chip = reader.read(x, y, width, height)
    rows, columns = slice(100 + y, 100 + y + height), slice(110 + x, 110 + x + width)
    np.testing.assert_array_equal(chip.pixels, whole.pixels[:, rows, columns])
    np.testing.assert_array_equal(chip.valid, whole.valid[rows, columns])
