"""Spectral views: which bands make them, what colour a pixel gets, and what has no value."""

import builtins
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasters import noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import (
    VIEWS,
    Chip,
    Grid,
    ImageryError,
    SceneReader,
    bands_for,
    describe_view,
    open_scene,
    spectral_views,
    view,
)
from rsvlm.imagery import views as views_module
from rsvlm.imagery.colormaps import RED_GREEN_BLUE, RED_YELLOW_GREEN, WHITE_WHITE_BLUE, colour
from rsvlm.imagery.commonbands import common_bands
from rsvlm.imagery.sensors import SENSORS
from rsvlm.imagery.viewspecs import SPECS, Index

needs_spyndex = pytest.mark.skipif(
    importlib.util.find_spec("spyndex") is None, reason="spyndex is not installed: pip install 'rsvlm[cpu]'"
)
SIX = ("true-colour", "false-colour", "ndvi", "ndwi", "ndmi", "ndmi-swir2")


def chip(bands: Mapping[str, Any], valid: Any = None) -> Chip:
    """A chip of one row from a row of values for each band."""
    pixels = np.array([[row] for row in bands.values()])
    mask = np.ones(pixels.shape[1:], dtype=bool) if valid is None else np.array([valid])
    return Chip(pixels, tuple(bands), Grid(pixels.shape[2], 1), mask, source="a.tif")


def test_the_six_of_the_paper_come_first_in_its_order() -> None:
    assert VIEWS[:6] == SIX
    assert (*SIX, "swir") == VIEWS


@pytest.mark.parametrize(
    ("sensor", "expected"),
    [
        ("eurosat", VIEWS),
        ("sentinel-2-l1c", VIEWS),
        ("sentinel-2-l2a", VIEWS),
        ("landsat-8-9", VIEWS),
        ("naip", SIX[:4]),
        ("rgb", ("true-colour",)),
        ("panchromatic", ()),
        ("sentinel-1", ()),
    ],
)
def test_views_of_each_sensor(tmp_path: Path, sensor: str, expected: tuple[str, ...]) -> None:
    count = len(SENSORS[sensor].bands)
    path = write_tif(tmp_path / "a.tif", noise(count, 6, 7, dtype="uint16", low=1, high=9000))
    assert spectral_views(open_scene(path, sensor=sensor)) == expected


def test_bands_that_views_need(tmp_path: Path) -> None:
    def bands(sensor: str, *names: str) -> tuple[str, ...]:
        path = write_tif(
            tmp_path / f"{sensor}.tif", noise(len(SENSORS[sensor].bands), 4, 4, dtype="uint16", low=1)
        )
        return bands_for(open_scene(path, sensor=sensor), names)

    assert bands("eurosat", "true-colour") == ("B04", "B03", "B02")
    assert bands("eurosat", "false-colour") == ("B08", "B04", "B03")
    assert bands("eurosat", "ndvi", "ndwi") == ("B08", "B04", "B03")
    assert bands("eurosat", "ndmi") == ("B8A", "B11")
    assert bands("eurosat", "ndmi-swir2") == ("B8A", "B12")
    assert bands("eurosat", "swir") == ("B12", "B8A", "B04")
    assert bands("landsat-8-9", "ndvi") == ("B5", "B4")
    assert bands("landsat-8-9", "ndmi", "swir") == ("B5", "B6", "B7", "B4")
    assert bands("naip", "ndvi") == ("nir", "red")
    with pytest.raises(
        ImageryError, match=r"view ndmi needs the bands swir16, which are not among red, green"
    ):
        bands("naip", "ndmi")
    with pytest.raises(ImageryError, match=r"unknown view 'evi': choose from true-colour, false-colour"):
        bands("naip", "evi")


def test_ids_without_a_sensor_mean_sentinel_2_or_nothing() -> None:
    """Landsat's B8 is panchromatic, and the Thematic Mapper's B4 near infrared."""
    assert common_bands(["B02", "B03", "B04", "B08"])["nir"] == "B08"
    assert common_bands(["B04", "B8A"]) == {"red": "B04", "nir08": "B8A"}
    assert common_bands(["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09"]) == {}
    assert common_bands(["B1", "B2", "B3", "B4", "B5", "B7"]) == {}
    assert spectral_views(["red", "green", "blue"]) == ("true-colour",)
    assert spectral_views(["red", "green", "nir08"]) == ("false-colour", "ndvi", "ndwi")
    assert spectral_views(["gray"]) == ()


def test_one_sentence_for_each_view() -> None:
    sentences = [describe_view(name) for name in VIEWS]
    assert len(set(sentences)) == len(VIEWS)
    for sentence in sentences:
        assert sentence.endswith(".")
        assert "\n" not in sentence
    with pytest.raises(ImageryError, match="unknown view"):
        describe_view("nothing")


def test_ends_and_middle_of_the_colours() -> None:
    values = np.array([[-1.0, -0.5, 0.0, 0.5, 1.0, np.nan]])
    assert colour(values, -1, 1, RED_YELLOW_GREEN)[0, [0, 4, 5]].tolist() == [
        [165, 0, 38],
        [0, 104, 55],
        [0, 0, 0],
    ]
    assert np.abs(colour(values, -1, 1, RED_YELLOW_GREEN)[0, 2].astype(int) - [255, 255, 191]).max() <= 3
    assert colour(values, -0.8, 0.8, WHITE_WHITE_BLUE)[0, [0, 1, 4]].tolist() == [[255] * 3] * 2 + [
        [0, 0, 255]
    ]
    assert np.abs(colour(values, -1, 1, RED_GREEN_BLUE)[0, 2].astype(int) - [0, 255, 0]).max() <= 2


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_higher_values_are_never_less_blue(one: float, two: float) -> None:
    image = colour(np.array([[one, two]]), -0.8, 0.8, WHITE_WHITE_BLUE).astype(int)
    assert (image[0, 0, 0] - image[0, 1, 0]) * (two - one) >= 0
    assert (image[..., 2] == 255).all()


@needs_spyndex
def test_indices_are_those_of_spyndex() -> None:
    import spyndex

    first, second = noise(2, 40, dtype="float64", low=1, high=5000)
    for spec in SPECS.values():
        if isinstance(spec, Index):
            values = dict(zip(spec.bands, (first, second), strict=True))
            expected = spyndex.computeIndex(spec.formula, values)
            np.testing.assert_allclose(views_module._compute(spec.formula, values), expected, rtol=1e-12)


@needs_spyndex
def test_ndvi_by_hand() -> None:
    made = chip({"red": [100.0, 300.0, 100.0], "nir": [300.0, 100.0, 100.0]})
    image = view(made, "ndvi")
    for column, value in enumerate((0.5, -0.5, 0.0)):
        assert (image[0, column] == RED_YELLOW_GREEN[int((value + 1) / 2 * 256)]).all()


@needs_spyndex
def test_pixels_without_a_value_are_black(tmp_path: Path) -> None:
    made = chip(
        {"red": [0.0, np.nan, 5.0, np.inf, 5.0], "nir": [0.0, 5.0, np.nan, np.inf, 9.0]},
        valid=[True, True, True, True, False],
    )
    assert (view(made, "ndvi") == 0).all()
    pixels = noise(4, 3, 4, low=1)
    pixels[3, 0, 0] = 0  # near infrared alone is missing there
    pixels[:, 2] = 0
    with SceneReader(open_scene(write_tif(tmp_path / "a.tif", pixels, nodata=0), sensor="naip")) as reader:
        read = reader.read(0, 0, 4, 3)
    black = (view(read, "ndvi") == 0).all(axis=-1)
    assert black[0, 0]
    assert black[2].all()
    assert black.sum() == 5
    assert (view(read, "false-colour")[2] == 0).all()


@needs_spyndex
def test_scale_and_offset_come_before_an_index(tmp_path: Path) -> None:
    """Landsat's offset of -0.2 moves NDVI; without it 9000 and 14000 would give 0.22."""
    pixels = np.full((7, 2, 2), 9000, dtype="uint16")
    pixels[4] = 14000
    with SceneReader(open_scene(write_tif(tmp_path / "a.tif", pixels), sensor="landsat-8-9")) as reader:
        image = view(reader.read(0, 0, 2, 2, ["B4", "B5"]), "ndvi")
    red, nir = 9000 * 2.75e-5 - 0.2, 14000 * 2.75e-5 - 0.2
    expected = RED_YELLOW_GREEN[int(((nir - red) / (nir + red) + 1) / 2 * 256)]
    assert (image == expected).all()


def test_true_colour_is_what_the_scene_shows(tmp_path: Path) -> None:
    for sensor, options in (("eurosat", {}), ("eurosat", {"stretch": "100..2000"}), ("naip", {})):
        count = len(SENSORS[sensor].bands)
        dtype = "uint8" if sensor == "naip" else "uint16"
        path = write_tif(tmp_path / f"{sensor}.tif", noise(count, 9, 8, dtype=dtype, low=1, high=255))
        scene = open_scene(path, sensor=sensor, **options)
        with SceneReader(scene) as reader:
            read = reader.read(-1, 0, 9, 9, bands_for(scene, VIEWS[:2]))
        np.testing.assert_array_equal(view(read, "true-colour"), read.rgb())
        assert (view(read, "false-colour")[:, 0] == 0).all()  # past the edge


def test_near_infrared_has_a_range_of_its_own(tmp_path: Path) -> None:
    pixels = np.full((13, 2, 2), 1500, dtype="uint16")
    pixels[7] = 4000
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels), sensor="eurosat")
    with SceneReader(scene) as reader:
        image = view(reader.read(0, 0, 2, 2, ["B08", "B04", "B03"]), "false-colour")
    assert image[0, 0].tolist() == [204, 128, 128]  # 0.4 of 0.5, 0.15 of 0.3


def test_bands_without_a_range_are_stretched_by_the_whole_scene(tmp_path: Path) -> None:
    """So that neighbouring chips of a scene look alike."""
    pixels = noise(4, 40, 60, dtype="uint16", low=1, high=200)
    pixels[3, :, 30:] += 5000
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels), bands=["red", "green", "blue", "nir"])
    low, high = np.percentile(pixels[3], [2, 98])
    with SceneReader(scene) as reader:
        left = view(reader.read(0, 0, 30, 40), "false-colour")[..., 0]
        right = view(reader.read(30, 0, 30, 40), "false-colour")[..., 0]
    expected = np.rint(np.clip((pixels[3].astype(float) - low) * (255 / (high - low)), 0, 255))
    np.testing.assert_array_equal(np.concatenate([left, right], axis=1), expected)


def test_a_band_that_was_not_read_is_named() -> None:
    with pytest.raises(
        ImageryError, match="view ndvi needs the bands nir, which are not among red, green, blue"
    ):
        view(chip({"red": [1], "green": [1], "blue": [1]}), "ndvi")
    with pytest.raises(ImageryError, match="uint16 pixels need a stretch"):
        view(chip({name: np.array([1], dtype="uint16") for name in ("red", "green", "blue")}), "true-colour")


def test_without_spyndex_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "spyndex":
            raise ImportError(name)
        return real(name, *rest, **named)

    views_module._difference.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    made = chip({"red": [1.0], "green": [1.0], "blue": [1.0], "nir": [2.0]})
    assert spectral_views(made.bands) == SIX[:4]
    with pytest.raises(ImageryError, match=r'spyndex, which is not installed: pip install "rsvlm\[cpu\]"'):
        view(made, "ndvi")


def test_importing_the_room_loads_neither_spyndex_nor_torch() -> None:
    code = "import sys, rsvlm.imagery; print(sorted({'spyndex', 'torch', 'matplotlib', 'requests'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@needs_spyndex
def test_real_scenes_of_eurosat(data_dir: Path) -> None:
    """Colours that anybody sees in the pictures: forests green in NDVI and red in false colour, lakes blue in NDWI."""
    folder = data_dir / "eurosat-multispectral"

    def means(kind: str, name: str) -> np.ndarray:
        found = []
        for path in sorted((folder / kind).glob("*.tif")):
            scene = open_scene(path, sensor="eurosat")
            assert spectral_views(scene) == VIEWS
            with SceneReader(scene) as reader:
                read = reader.read(0, 0, 64, 64, bands_for(scene, [name]))
            image = view(read, name)
            assert image.shape == (64, 64, 3)
            found.append(image.reshape(-1, 3).mean(axis=0))
        return np.array(found)

    forest, lake = means("Forest", "ndvi"), means("SeaLake", "ndvi")
    assert (forest[:, 1] > forest[:, 0] + 40).all()
    assert (lake[:, 0] > lake[:, 1]).all()
    assert (means("SeaLake", "ndwi")[:, 0] < 200).all()
    assert (means("Forest", "ndwi")[:, 0] > 250).all()
    red = means("Forest", "false-colour")
    assert (red[:, 0] > 1.5 * red[:, 1]).all()
    wet, built = means("Forest", "ndmi-swir2"), means("Industrial", "ndmi-swir2")
    assert wet[:, 2].min() > built[:, 2].mean()
