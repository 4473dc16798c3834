"""The stretch to 8 bits: what each word means, and that every chip of a scene is stretched alike."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasters import noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import Band, Grid, ImageryError, Scene, SceneReader, open_scene
from rsvlm.imagery.stretch import fit_stretch, sample_valid


def test_auto_leaves_8_bits_alone(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", noise(3, 20, 20))
    assert open_scene(path).stretch is None
    assert open_scene(path, sensor="rgb", stretch="none").stretch is None


def test_auto_takes_the_range_of_the_sensor(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", noise(12, 20, 20, dtype="uint16", high=9000))
    assert open_scene(path, sensor="sentinel-2-l2a").stretch == ((0.0, 3000.0),) * 3
    landsat = write_tif(tmp_path / "b.tif", noise(7, 20, 20, dtype="uint16", high=60000))
    low, high = (open_scene(landsat, sensor="landsat-8-9").stretch or ())[0]
    assert low * 2.75e-5 - 0.2 == pytest.approx(0.0, abs=1e-6)
    assert high * 2.75e-5 - 0.2 == pytest.approx(0.3, abs=1e-6)


def test_auto_does_not_guess_the_scale_of_floats(tmp_path: Path) -> None:
    pixels = noise(12, 40, 40, dtype="float32", high=9000) / np.float32(10_000)
    path = write_tif(tmp_path / "a.tif", pixels)
    scene = open_scene(path, sensor="sentinel-2-l2a")
    assert scene.stretch == open_scene(path, sensor="sentinel-2-l2a", stretch="2-98").stretch
    assert scene.stretch is not None
    assert scene.stretch[0] == pytest.approx(tuple(np.percentile(pixels[3], [2, 98])), rel=1e-6)


def test_percentiles(tmp_path: Path) -> None:
    pixels = noise(3, 100, 100, dtype="uint16", high=5000)
    path = write_tif(tmp_path / "a.tif", pixels)
    for text, pair in (
        ("auto", [2, 98]),
        ("percentile", [2, 98]),
        ("2-98", [2, 98]),
        ("0.5-99.5", [0.5, 99.5]),
    ):
        expected = tuple(tuple(np.percentile(band, pair).tolist()) for band in pixels)
        assert open_scene(path, stretch=text).stretch == expected


def test_percentiles_leave_out_what_is_no_pixel(tmp_path: Path) -> None:
    pixels = noise(1, 100, 100, dtype="uint16", low=1000, high=2000)
    pixels[0, :80] = 0
    low, high = (open_scene(write_tif(tmp_path / "a.tif", pixels, nodata=0)).stretch or ())[0]
    assert 1000 <= low < high < 2000


def test_a_scene_of_one_value_or_none_at_all(tmp_path: Path) -> None:
    flat = np.full((1, 50, 50), 700, dtype="uint16")
    scene = open_scene(write_tif(tmp_path / "a.tif", flat))
    assert scene.stretch == ((700.0, 701.0),)
    assert open_scene(write_tif(tmp_path / "b.tif", flat, nodata=700)).stretch == ((0.0, 1.0),)


def test_a_small_part_with_pixels_is_found(tmp_path: Path) -> None:
    """Most of the scene is nodata, the rest lies between the windows of the first sample."""
    pixels = np.zeros((1, 2000, 2000), dtype="uint16")
    pixels[0, 60:102, 60:102] = noise(42, 42, dtype="uint16", low=1000, high=2000)
    low, high = (open_scene(write_tif(tmp_path / "a.tif", pixels, nodata=0)).stretch or ())[0]
    assert 1000 <= low < high < 2000


def test_the_sample_is_spread_bounded_and_repeats(tmp_path: Path) -> None:
    pixels = np.broadcast_to(np.arange(4000, dtype="uint16"), (1, 1500, 4000))
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels, tiled=True))
    first, second = sample_valid(scene), sample_valid(scene)
    np.testing.assert_array_equal(first, second)
    assert len(first[0]) == (24 * 32) ** 2
    assert scene.stretch is not None
    assert scene.stretch[0] == pytest.approx((80, 3919), abs=5)


def test_every_chip_is_stretched_alike(tmp_path: Path) -> None:
    pixels = noise(3, 128, 128, dtype="uint16", high=4000)
    pixels[:, :64] //= 4
    path = write_tif(tmp_path / "a.tif", pixels)
    with SceneReader(open_scene(path)) as reader:
        whole = reader.read(0, 0, 128, 128).rgb()
        for x, y in ((0, 0), (64, 0), (0, 64), (64, 64)):
            np.testing.assert_array_equal(reader.read(x, y, 64, 64).rgb(), whole[y : y + 64, x : x + 64])
    assert whole[64:].mean() > 3 * whole[:64].mean()


def test_fixed_values(tmp_path: Path) -> None:
    pixels = np.array([[[-100, 0, 10, 1500, 3000, 9000]]], dtype="int16")
    path = write_tif(tmp_path / "a.tif", pixels)
    scene = open_scene(path, stretch="0..3000")
    with SceneReader(scene) as reader:
        assert reader.read(0, 0, 6, 1).rgb()[0, :, 0].tolist() == [0, 0, 1, 128, 255, 255]
    assert open_scene(path, stretch="-1.5e3..+.5").stretch == ((-1500.0, 0.5),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bright", r"unknown stretch 'bright': choose auto, none, percentile, .*2-98.*0\.\.3000"),
        ("", "unknown stretch"),
        ("0..", "unknown stretch"),
        ("1..2..3", "unknown stretch"),
        ("3000..0", "the first value must be below the second"),
        ("98-2", "0 <= first < second <= 100"),
        ("2-101", "0 <= first < second <= 100"),
        ("none", "is uint16"),
    ],
)
def test_words_that_mean_nothing(tmp_path: Path, text: str, message: str) -> None:
    path = write_tif(tmp_path / "a.tif", noise(3, 9, 9, dtype="uint16"))
    with pytest.raises(ImageryError, match=message):
        open_scene(path, stretch=text)


@given(st.text(alphabet="0123456789.-+e auton%", max_size=14))
def test_any_text_is_a_stretch_or_an_error(text: str) -> None:
    scene = Scene("a", "a", Grid(1, 1), (Band("gray", "missing.tif"),), "uint16", ("gray",))
    try:
        limits = fit_stretch(text, scene)
    except ImageryError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - most texts are errors, and some are none
        return
    assert limits is not None
    assert all(low < high for low, high in limits)


def with_fill(path: Path, fill: float, dtype: str, share: float = 0.1) -> Scene:
    """A scene of values from 100 to 1100, of which a share is the fill that nobody declared."""
    pixels = noise(3, 50, 100, low=100, high=1100, dtype="int16").astype(dtype)
    pixels[:, :, : round(100 * share)] = fill
    return open_scene(write_tif(path, pixels))


def test_the_least_float_is_no_value(tmp_path: Path) -> None:
    for dtype in ("float32", "float64"):
        scene = with_fill(tmp_path / f"{dtype}.tif", float(np.finfo(np.float32).min), dtype)
        assert scene.stretch is not None
        assert all(low > 100 for low, _ in scene.stretch)
        assert scene.notes == ()
        with SceneReader(scene) as reader:
            assert reader.read(0, 0, 100, 50).valid.mean() == pytest.approx(0.9)


@pytest.mark.parametrize(("fill", "dtype"), [(-9999, "float32"), (-9999, "int16"), (65535, "uint16")])
def test_a_fill_that_nobody_declared_is_told_and_left(tmp_path: Path, fill: float, dtype: str) -> None:
    scene = with_fill(tmp_path / "a.tif", fill, dtype)
    assert scene.stretch is not None
    assert fill in scene.stretch[0]
    (note,) = scene.notes
    assert note.startswith(f"10% of its values are {fill:g}, far from all others")
    assert note.endswith(f"-a_nodata {fill:g}")


@pytest.mark.parametrize(("fill", "share"), [(0, 0.1), (-9999, 0.01), (-9999, 1.0)])
def test_values_that_are_no_fill_are_not_told(tmp_path: Path, fill: float, share: float) -> None:
    assert with_fill(tmp_path / "a.tif", fill, "int16", share).notes == ()
