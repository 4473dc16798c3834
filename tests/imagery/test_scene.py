"""Opening files: what a scene says of GeoTIFF, JPEG 2000, PNG and JPEG, and reading it back."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from PIL import Image
from rasters import UTM, noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import Band, ImageryError, Scene, SceneReader, open_scene


def read_all(scene: Scene, *bands: str) -> np.ndarray:
    with SceneReader(scene) as reader:
        return reader.read(0, 0, scene.grid.width, scene.grid.height, bands or None).pixels


def shown(scene: Scene) -> np.ndarray:
    with SceneReader(scene) as reader:
        return reader.read(0, 0, scene.grid.width, scene.grid.height, scene.shown).rgb()


def test_a_geotiff(tmp_path: Path) -> None:
    pixels = noise(3, 40, 60)
    scene = open_scene(write_tif(tmp_path / "a tile.tif", pixels))
    assert scene.name == "a tile"
    assert scene.path == str(tmp_path / "a tile.tif")
    assert (scene.grid.width, scene.grid.height, scene.grid.crs) == (60, 40, "EPSG:32652")
    assert scene.grid.transform == UTM
    assert [band.name for band in scene.bands] == ["red", "green", "blue"]
    assert scene.shown == ("red", "green", "blue")
    assert (scene.dtype, scene.stretch, scene.mask, scene.quality, scene.sensor) == (
        "uint8",
        None,
        None,
        None,
        None,
    )
    assert pickle.loads(pickle.dumps(scene)) == scene
    np.testing.assert_array_equal(read_all(scene), pixels)
    np.testing.assert_array_equal(shown(scene), np.moveaxis(pixels, 0, -1))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_dtypes_come_back_exactly(tmp_path: Path, dtype: str) -> None:
    pixels = noise(3, 20, 30, dtype=dtype, low=-100 if dtype in {"int16", "float32"} else 0)
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels))
    assert scene.dtype == dtype
    found = read_all(scene)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)
    assert (scene.stretch is None) == (dtype == "uint8")


@pytest.mark.parametrize(
    ("suffix", "driver", "exact"),
    [("jp2", "JP2OpenJPEG", True), ("png", "PNG", True), ("jpg", "JPEG", False)],
)
def test_other_formats(tmp_path: Path, suffix: str, driver: str, exact: bool) -> None:
    ramp = np.stack([np.add.outer(np.arange(64), np.arange(80)) + 20 * band for band in range(3)]).astype(
        "uint8"
    )
    source = write_tif(tmp_path / "source.tif", ramp)
    path = tmp_path / f"a.{suffix}"
    options = {"REVERSIBLE": "YES", "QUALITY": "100"} if suffix == "jp2" else {}
    rasterio.shutil.copy(source, path, driver=driver, **options)
    for beside in tmp_path.glob("*.aux.xml"):
        beside.unlink()
    scene = open_scene(path)
    assert [band.name for band in scene.bands] == ["red", "green", "blue"]
    assert np.abs(read_all(scene).astype(int) - ramp).max() <= (0 if exact else 12)
    # only a JPEG 2000 carries its place inside
    assert scene.grid.crs == ("EPSG:32652" if suffix == "jp2" else None)


def test_pictures_without_a_place(tmp_path: Path) -> None:
    image = np.moveaxis(noise(3, 30, 20), 0, -1)
    Image.fromarray(image).save(tmp_path / "rgb.png")
    Image.fromarray(image[:1, :1]).save(tmp_path / "pixel.png")
    Image.fromarray(image[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(image[..., 0].astype("uint16") * 200).save(tmp_path / "grey16.png")
    np.testing.assert_array_equal(shown(open_scene(tmp_path / "rgb.png")), image)
    np.testing.assert_array_equal(shown(open_scene(tmp_path / "pixel.png")), image[:1, :1])
    grey = open_scene(tmp_path / "grey.png")
    assert grey.shown == ("gray",)
    np.testing.assert_array_equal(shown(grey), np.repeat(image[..., :1], 3, axis=-1))
    deep = open_scene(tmp_path / "grey16.png")
    assert deep.dtype == "uint16"
    assert read_all(deep).max() > 255
    assert deep.grid.crs is None


def test_colour_tables_are_shown_as_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.moveaxis(noise(3, 30, 20), 0, -1)).quantize(32)
    image.save(tmp_path / "palette.png")
    scene = open_scene(tmp_path / "palette.png")
    assert scene.shown == ("red", "green", "blue")
    np.testing.assert_array_equal(shown(scene), np.asarray(image.convert("RGB")))
    codes = open_scene(tmp_path / "palette.png", bands=["class"])
    np.testing.assert_array_equal(read_all(codes)[0], np.asarray(image))


def test_transparent_entries_of_a_colour_table_are_no_pixels(tmp_path: Path) -> None:
    codes = noise(30, 20, high=4)
    image = Image.fromarray(codes).convert("P")
    image.putpalette([0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
    for transparency in (2, bytes([255, 255, 0, 255])):
        image.save(tmp_path / "palette.png", transparency=transparency)
        with SceneReader(open_scene(tmp_path / "palette.png")) as reader:
            chip = reader.read(0, 0, 20, 30)
        np.testing.assert_array_equal(chip.valid, codes != 2)
        assert chip.rgb()[codes == 3].tolist() == [[70, 80, 90]] * int((codes == 3).sum())


def test_cmyk_jpeg_is_shown_in_its_colours(tmp_path: Path) -> None:
    image = Image.new("RGB", (32, 32), (200, 60, 30))
    image.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    scene = open_scene(tmp_path / "cmyk.jpg")
    assert scene.shown == ("red", "green", "blue")
    assert np.abs(shown(scene).astype(int) - [200, 60, 30]).max() <= 8


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_alpha_that_is_a_mask(tmp_path: Path, suffix: str) -> None:
    rgba = noise(4, 30, 20)
    rgba[3] = noise(30, 20, high=2, seed=1) * 255
    path = tmp_path / f"drone.{suffix}"
    if suffix == "tif":
        write_tif(path, rgba)
    else:
        Image.fromarray(np.moveaxis(rgba, 0, -1)).save(path)
    scene = open_scene(path)
    assert [band.name for band in scene.bands] == ["red", "green", "blue"]
    assert scene.mask == Band("alpha", str(path), 4, nodata=0.0 if suffix == "png" else None)
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 20, 30)
    np.testing.assert_array_equal(chip.valid, rgba[3] == 255)
    assert (chip.rgb()[rgba[3] == 0] == 0).all()


def test_near_infrared_that_gdal_calls_alpha(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "naip.tif", noise(4, 30, 20))
    with rasterio.open(path) as raster:
        assert raster.colorinterp[3].name == "alpha"
    with pytest.raises(ImageryError, match=r"near infrared, say --bands red,green,blue,nir .*transparency"):
        open_scene(path)
    for options in ({"sensor": "naip"}, {"bands": ["red", "green", "blue", "nir"]}):
        scene = open_scene(path, **options)
        assert [band.name for band in scene.bands] == ["red", "green", "blue", "nir"]
        assert scene.mask is None
        with SceneReader(scene) as reader:
            chip = reader.read(0, 0, 20, 30)
        assert chip.valid.all()
        assert chip.bands == ("red", "green", "blue", "nir")
    soft = open_scene(path, bands=["red", "green", "blue", "alpha"])
    with SceneReader(soft) as reader:
        np.testing.assert_array_equal(reader.read(0, 0, 20, 30).valid, noise(4, 30, 20)[3] > 0)


def test_near_infrared_outside_of_the_sample_is_found_when_it_is_read(tmp_path: Path) -> None:
    rgba = np.full((4, 900, 900), 255, dtype="uint8")
    scene = open_scene(write_tif(tmp_path / "a.tif", rgba, tiled=True, blockxsize=64, blockysize=64))
    assert scene.mask is not None
    rgba[3, 36, 36] = 99  # between the windows of the sample
    path = write_tif(tmp_path / "b.tif", rgba, tiled=True, blockxsize=64, blockysize=64)
    with SceneReader(open_scene(path)) as reader:
        reader.read(200, 200, 64, 64)
        with pytest.raises(ImageryError, match="tagged alpha, but holds 99"):
            reader.read(0, 0, 64, 64)


def test_grey_with_alpha(tmp_path: Path) -> None:
    la = noise(30, 20, 2)
    la[..., 1] = 255
    Image.fromarray(la).save(tmp_path / "la.png")
    scene = open_scene(tmp_path / "la.png")
    assert scene.shown == ("gray",)
    assert scene.mask is not None
    with pytest.raises(ImageryError, match="does not say what its 2 bands are"):
        open_scene(write_tif(tmp_path / "two.tif", noise(2, 9, 9)))


def test_nodata(tmp_path: Path) -> None:
    pixels = noise(3, 20, 20, low=1)
    pixels[:, :5] = 0
    pixels[0, 10:] = 0  # a dark pixel in one band is a pixel
    with SceneReader(open_scene(write_tif(tmp_path / "a.tif", pixels, nodata=0))) as reader:
        valid = reader.read(0, 0, 20, 20).valid
    assert not valid[:5].any()
    assert valid[5:].all()
    floats = noise(2, 20, 20, dtype="float32")
    floats[1, 3, 4] = np.nan
    floats[0, 7, 7] = np.inf
    path = write_tif(tmp_path / "b.tif", floats, nodata=float("nan"), descriptions=["VV", "VH"])
    scene = open_scene(path)
    assert np.isnan(scene.bands[0].nodata or 0.0)
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 20, 20)
        assert sorted(map(tuple, np.argwhere(~chip.valid).tolist())) == [(3, 4), (7, 7)]
        assert np.isnan(chip.band("VH")[3, 4])
        assert reader.read(0, 0, 20, 20, ["VV"]).valid.sum() == 399
        assert chip.rgb()[3, 4].tolist() == [0, 0, 0]


def test_mask_inside_the_file(tmp_path: Path) -> None:
    mask = noise(30, 20, high=2) * 255
    path = write_tif(tmp_path / "a.tif", noise(3, 30, 20), mask=mask)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
    with SceneReader(open_scene(path)) as reader:
        np.testing.assert_array_equal(reader.read(0, 0, 20, 30).valid, mask == 255)
        np.testing.assert_array_equal(reader.read(5, 5, 4, 4, ["green"]).valid, mask[5:9, 5:9] == 255)


def test_quality_band(tmp_path: Path) -> None:
    pixels = noise(5, 12, 12, dtype="uint16", high=3000)
    pixels[4] = np.arange(144).reshape(12, 12) % 12
    scene = open_scene(write_tif(tmp_path / "a.tif", pixels, descriptions=["B2", "B3", "B4", "B8", "SCL"]))
    assert [band.name for band in scene.bands] == ["B02", "B03", "B04", "B08"]
    assert scene.quality is not None
    assert scene.quality.name == "SCL"
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 12, 12)
        np.testing.assert_array_equal(chip.valid, ~np.isin(pixels[4], [0, 1, 3, 8, 9, 10]))
        np.testing.assert_array_equal(reader.read(0, 0, 12, 12, ["SCL"]).pixels[0], pixels[4])


def test_scale_and_offset(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", noise(12, 9, 9, dtype="uint16", high=9999))
    assert {(band.scale, band.offset) for band in open_scene(path, sensor="sentinel-2-l2a").bands} == {
        (1e-4, 0.0)
    }
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = [2e-4] * 12, [-0.1] * 12
    scene = open_scene(path, sensor="sentinel-2-l2a")
    assert {(band.scale, band.offset) for band in scene.bands} == {(2e-4, -0.1)}
    assert scene.stretch == ((500.0, 2000.0),) * 3


def test_what_tags_say(tmp_path: Path) -> None:
    tags = {"TIFFTAG_DATETIME": "2023:09:12 02:14:33", "TIFFTAG_COPYRIGHT": " Aerial Survey Ltd "}
    scene = open_scene(write_tif(tmp_path / "a.tif", noise(3, 9, 9), tags=tags))
    assert scene.datetime == "2023-09-12T02:14:33Z"
    assert scene.attribution == "Aerial Survey Ltd"
    scene = open_scene(
        write_tif(tmp_path / "b.tif", noise(3, 9, 9), tags=tags | {"ACQUISITION_DATE": "2023-09-10"})
    )
    assert scene.datetime == "2023-09-10"
    scene = open_scene(
        write_tif(tmp_path / "c.tif", noise(3, 9, 9), tags={"TIFFTAG_DATETIME": "0000:00:00 00:00:00"})
    )
    assert scene.datetime is None
    path = write_tif(
        tmp_path / "d.tif", noise(12, 9, 9, dtype="uint16"), tags={"DATE_ACQUIRED": "2022-10-05"}
    )
    scene = open_scene(path, sensor="sentinel-2-l2a")
    assert scene.attribution == "contains modified Copernicus Sentinel data 2022"
    assert scene.licence
    assert scene.url


def test_tags_in_a_code_page_that_nobody_names(tmp_path: Path) -> None:
    path = write_tif(
        tmp_path / "a.tif",
        noise(3, 9, 9),
        tags={"TIFFTAG_COPYRIGHT": "(c) Mxller", "ACQUISITION_DATE": "2020-02-02"},
    )
    path.write_bytes(path.read_bytes().replace(b"Mxller", b"M\xfcller"))
    scene = open_scene(path)
    assert scene.attribution is None
    assert scene.datetime == "2020-02-02"


@pytest.mark.parametrize(
    "name", ["tile#1.tif", "what?.tif", "100 %20.tif", "zip!a.tif", "Zürich 東京 🛰.tif", "a;b,c'd.tif"]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    if os.name == "nt" and "?" in name:
        pytest.skip("Windows has no such names")
    write_tif(tmp_path / "plain.tif", noise(3, 9, 9)).rename(tmp_path / name)
    np.testing.assert_array_equal(read_all(open_scene(tmp_path / name)), noise(3, 9, 9))


def test_places_that_are_none(tmp_path: Path) -> None:
    assert open_scene(write_tif(tmp_path / "a.tif", noise(3, 9, 9), place=False)).grid.crs is None
    site = 'LOCAL_CS["site",UNIT["metre",1]]'
    assert open_scene(write_tif(tmp_path / "b.tif", noise(3, 9, 9), crs=site)).grid.crs is None
    with pytest.raises(ImageryError, match=r"lies nowhere on Earth: EPSG:4326"):
        open_scene(write_tif(tmp_path / "c.tif", noise(3, 9, 9), crs="EPSG:4326"))


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", noise(3, 9, 9))
    with pytest.raises(ImageryError, match="unknown sensor 'spot'"):
        open_scene(path, sensor="spot")
    with pytest.raises(ImageryError, match="2 band names for 3 bands"):
        open_scene(path, bands=["red", "green"])
    with pytest.raises(ImageryError, match="holds no imagery"):
        open_scene(write_tif(tmp_path / "b.tif", noise(1, 9, 9)), bands=["SCL"])
    with SceneReader(open_scene(path)) as reader:
        with pytest.raises(ImageryError, match="no bands were asked for: choose from red, green, blue"):
            reader.read(0, 0, 5, 5, [])
        with pytest.raises(ImageryError, match="has no band nir: choose from red, green, blue"):
            reader.read(0, 0, 5, 5, ["nir"])
        with pytest.raises(ImageryError, match="0 x 5 pixels is empty"):
            reader.read(0, 0, 0, 5)


def test_real_eurosat(data_dir: Path) -> None:
    path = next(iter(sorted((data_dir / "eurosat-multispectral").glob("*/*.tif"))))
    with pytest.raises(ImageryError, match="eurosat"):
        open_scene(path)
    scene = open_scene(path, sensor="eurosat")
    assert scene.bands[-1].name == "B8A"
    assert scene.grid.gsd == pytest.approx(10, rel=0.01)
    with rasterio.open(path) as raster:
        expected = raster.read([4, 3, 2])
    np.testing.assert_array_equal(read_all(scene, "B04", "B03", "B02"), expected)


def test_real_sen1floods11(data_dir: Path) -> None:
    folder = data_dir / "sen1floods11"
    optical = open_scene(next(folder.glob("S2/*.tif")))
    assert optical.shown == ("B04", "B03", "B02")
    assert optical.dtype == "int16"
    radar = open_scene(next(folder.glob("S1/*.tif")))
    assert radar.shown == ("VV",)
    assert radar.dtype == "float32"
    assert radar.stretch is not None
