"""Products of one file a band: BigEarthNet, Landsat, Sentinel-1 and 2, and what merely looks like one."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.imagery.bandfiles import band_products, bandfiles_labels, is_bandfiles, open_bandfiles, stem_of
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.landsat import acquired, read_mtl
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.reader import SceneReader

PATCH = "S2A_MSIL2A_20170617T113321_36_85"
SIZES = {
    **dict.fromkeys(("B02", "B03", "B04", "B08"), 120),
    **dict.fromkeys(("B05", "B06", "B07", "B8A", "B11", "B12"), 60),
    **dict.fromkeys(("B01", "B09"), 20),
}
S2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
LABELS = ["Non-irrigated arable land", "Pastures"]
OLI = "LC09_L2SP_010065_20220129_20220131_02_T1"
TM = "LT05_L2SP_010020_19860219_20200918_02_T1"


def band(
    path: Path, side: int = 120, value: float = 1000, *, count: int = 1, dtype: str = "uint16", **more: Any
) -> Path:
    """A raster over the same 1.2 x 1.2 km, whatever its number of pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = rasterio.Affine(1200 / side, 0, 600_000, 0, -1200 / side, 5_300_040)
    profile = {"driver": "GTiff", "crs": "EPSG:32632", "count": count, "dtype": dtype, **more}
    with rasterio.open(path, "w", width=side, height=side, transform=transform, **profile) as dataset:
        dataset.write(np.full((count, side, side), value, dtype))
    return path


def patch(folder: Path, name: str = PATCH, labels: object = LABELS) -> Path:
    """A BigEarthNet patch: 12 bands of 3 sizes, and its JSON."""
    for number, (band_id, side) in enumerate(SIZES.items()):
        band(folder / name / f"{name}_{band_id}.tif", side, 500 + number)
    metadata = {"labels": labels, "acquisition_date": "2017-06-17 11:33:21"}
    text = json.dumps(metadata)
    (folder / name / f"{name}_labels_metadata.json").write_text(text, encoding="utf-8")
    return folder / name


def test_a_bigearthnet_patch_is_one_scene_of_12_bands(tmp_path: Path) -> None:
    folder = patch(tmp_path)
    scene = open_scene(folder)
    assert scene == open_bandfiles(folder)
    assert tuple(b.name for b in scene.bands) == S2
    assert (scene.grid.width, scene.grid.transform) == (120, (10, 0, 600_000, 0, -10, 5_300_040))
    assert (scene.sensor, scene.shown) == ("sentinel-2-l2a", ("B04", "B03", "B02"))
    assert (scene.name, scene.path, scene.datetime) == (PATCH, str(folder), "2017-06-17T11:33:21Z")
    assert scene.licence == "CDLA-Permissive-1.0"
    assert scene.attribution == (
        "BigEarthNet (Sumbul et al. 2019), contains modified Copernicus Sentinel data 2017"
    )
    assert scene.stretch == ((0.0, 3000.0),) * 3
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 120, 120)
    assert chip.pixels[:, 7, 100].tolist() == [500 + list(SIZES).index(name) for name in S2]
    assert chip.valid.all()
    assert chip.rgb()[0, 0].tolist() == [round(v / 3000 * 255) for v in (502, 501, 500)]
    assert bandfiles_labels(folder) == LABELS


def test_bigearthnet_times_with_a_lost_zero_are_read(tmp_path: Path) -> None:
    folder = patch(tmp_path, "S2B_MSIL2A_20170924T93021_41_29")
    next(folder.glob("*.json")).unlink()
    assert open_scene(folder).datetime == "2017-09-24T09:30:21Z"
    assert bandfiles_labels(folder) is None


@pytest.mark.parametrize("labels", [None, [], "Pastures", [1, None], {"a": 1}])
def test_labels_of_any_other_form_are_none(tmp_path: Path, labels: object) -> None:
    assert bandfiles_labels(patch(tmp_path, labels=labels)) is None


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000, '{"labels": "' + "x" * 5_000_000 + '"}'])
def test_a_broken_labels_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    folder = patch(tmp_path)
    (folder / f"{PATCH}_labels_metadata.json").write_text(text, encoding="utf-8")
    for use in (open_scene, bandfiles_labels):
        with pytest.raises(ImageryError, match=r"labels_metadata\.json"):
            use(folder)


def test_real_bigearthnet_patches(data_dir: Path) -> None:
    folders = sorted((data_dir / "bigearthnet-s2").iterdir())
    assert len(folders) == 11
    for folder in folders:
        scene = open_scene(folder)
        facts = json.loads(next(folder.glob("*.json")).read_text(encoding="utf-8"))
        assert scene.datetime == facts["acquisition_date"].replace(" ", "T") + "Z"
        corners = facts["coordinates"]
        assert scene.grid.transform == (10, 0, corners["ulx"], 0, -10, corners["uly"])
        assert bandfiles_labels(folder) == facts["labels"]
        with SceneReader(scene) as reader:
            chip = reader.read(0, 0, 120, 120)
        assert chip.pixels.shape == (12, 120, 120)
        assert chip.valid.all()
        assert 10 < chip.rgb().mean() < 128
        name = scene.name
        with rasterio.open(folder / f"{name}_B01.tif") as dataset:  # interpolation keeps the mean
            assert chip.band("B01").mean() == pytest.approx(dataset.read(1).mean(), rel=0.02)


# Landsat

MTL = """GROUP = LANDSAT_METADATA_FILE
  GROUP = IMAGE_ATTRIBUTES
    SPACECRAFT_ID = "LANDSAT_9"
    DATE_ACQUIRED = 2022-01-29
    SCENE_CENTER_TIME = "15:28:34.3964289Z"
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_4 = 2.75e-05
    REFLECTANCE_ADD_BAND_4 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
END_GROUP = LANDSAT_METADATA_FILE
END
"""


def landsat(folder: Path, stem: str = OLI, bands: tuple[str, ...] = ("SR_B2", "SR_B3", "SR_B4")) -> Path:
    for name in bands:
        band(folder / f"{stem}_{name}.TIF", 40, 10_000)
    return folder


def test_landsat_level_2_has_its_scale_time_and_quality(tmp_path: Path) -> None:
    folder = landsat(
        tmp_path, bands=("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7", "ST_B10")
    )
    clouds = np.full((1, 40, 40), 21824, np.uint16)  # clear
    clouds[:, :20] = 22280  # high-confidence cloud
    with rasterio.open(band(folder / f"{OLI}_QA_PIXEL.TIF", 40), "r+") as dataset:
        dataset.write(clouds)
    for extra in ("SR_QA_AEROSOL", "ST_QA", "QA_RADSAT"):
        band(folder / f"{OLI}_{extra}.TIF", 40)
    (folder / f"{OLI}_MTL.txt").write_text(MTL, encoding="utf-8")
    scene = open_scene(folder)
    assert [b.name for b in scene.bands] == ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B10"]
    assert (scene.bands[3].scale, scene.bands[3].offset) == (2.75e-5, -0.2)
    assert (scene.bands[7].scale, scene.bands[7].offset) == (0.00341802, 149.0)
    assert (scene.sensor, scene.shown) == ("landsat-8-9", ("B4", "B3", "B2"))
    assert scene.datetime == "2022-01-29T15:28:34Z"
    assert (scene.name, scene.licence) == (OLI, "public domain")
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, 40, 40)
    assert not chip.valid[:20].any()
    assert chip.valid[20:].all()
    # (10,000 * 2.75e-05 - 0.2) / 0.3 * 255
    assert chip.rgb()[30, 30].tolist() == [64, 64, 64]


def test_the_mtl_as_json_says_the_same(tmp_path: Path) -> None:
    text = tmp_path / "a_MTL.txt"
    text.write_text(MTL, encoding="utf-8")
    groups = read_mtl(text)
    as_json = tmp_path / "a_MTL.json"
    as_json.write_text(json.dumps({"LANDSAT_METADATA_FILE": groups}), encoding="utf-8")
    assert acquired(read_mtl(as_json)) == acquired(groups) == "2022-01-29T15:28:34Z"
    folder = landsat(tmp_path / "L1", OLI, ("B2", "B3", "B4"))
    as_json.rename(folder / f"{OLI}_MTL.json")
    scales = {b.name: (b.scale, b.offset) for b in open_scene(folder).bands}
    assert scales == {"B2": (1.0, 0.0), "B3": (1.0, 0.0), "B4": (2e-5, -0.1)}


@pytest.mark.parametrize("text", ["", "nothing here", "[]", '{"A": []}', "[" * 100_000])
@pytest.mark.parametrize("suffix", ["txt", "json"])
def test_an_mtl_that_is_none_is_an_error_that_names_it(tmp_path: Path, text: str, suffix: str) -> None:
    folder = landsat(tmp_path)
    (folder / f"{OLI}_MTL.{suffix}").write_text(text, encoding="utf-8")
    with pytest.raises(ImageryError, match=rf"{OLI}_MTL\.{suffix}"):
        open_scene(folder)


LINES = st.text(max_size=200).map(lambda text: f"GROUP = A\n{text} = {text}\n".encode("utf-8", "replace"))


@given(st.binary(max_size=300) | LINES)
def test_any_mtl_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any_MTL.txt"
    path.write_bytes(data)
    with contextlib.suppress(ImageryError):
        assert acquired(read_mtl(path)) is None


def test_the_thematic_mapper_counts_its_bands_otherwise(tmp_path: Path) -> None:
    scene = open_scene(landsat(tmp_path, TM, ("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7")))
    assert (scene.shown, scene.sensor, scene.datetime) == (("red", "green", "blue"), None, "1986-02-19")
    red = next(b for b in scene.bands if b.name == "red")
    assert (Path(red.path).name, red.scale) == (f"{TM}_SR_B3.TIF", 2.75e-5)
    assert scene.attribution == "Landsat imagery courtesy of the U.S. Geological Survey"


def test_a_panchromatic_band_of_half_the_pixel_size_makes_the_grid(tmp_path: Path) -> None:
    folder = landsat(tmp_path, OLI, ("B2", "B3", "B4"))
    band(folder / f"{OLI}_B8.TIF", 80, 7)
    assert open_scene(folder).grid.width == 80
    assert open_scene(folder, bands=["B4", "B3", "B2"]).grid.width == 40
    assert open_scene(folder, bands=["B8"]).shown == ("B8",)


# Others


def test_sentinel_1_shows_vv_and_knows_its_time(tmp_path: Path) -> None:
    stem = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_61_39"
    for name in ("VV", "VH"):
        band(tmp_path / f"{stem}_{name}.tif", value=-12.5, dtype="float32")
    scene = open_scene(tmp_path)
    assert (scene.sensor, scene.shown, scene.dtype) == ("sentinel-1", ("VV",), "float32")
    assert scene.datetime == "2017-06-13T16:50:43Z"


def test_loose_bands_of_sentinel_2_take_the_finest_file_and_claim_no_scale(tmp_path: Path) -> None:
    stem = "T32UPU_20221005T115411"
    for name in ("B02", "B03", "B04"):
        for metres in (20, 10):
            band(
                tmp_path / f"{stem}_{name}_{metres}m.jp2",
                1200 // metres,
                driver="JP2OpenJPEG",
            )
    band(tmp_path / f"{stem}_TCI_10m.jp2", count=3, dtype="uint8", value=7, driver="JP2OpenJPEG")
    scene = open_scene(tmp_path)
    assert [Path(b.path).name[-7:-4] for b in scene.bands] == ["10m"] * 3
    assert scene.bands[0].scale == 1.0  # an offset may be due, which only the product's metadata knows
    assert (scene.sensor, scene.datetime) == ("sentinel-2-l2a", "2022-10-05T11:54:11Z")


def test_files_named_by_nothing_but_their_band(tmp_path: Path) -> None:
    for name in ("B02", "B03", "B04", "B8A"):
        band(tmp_path / "town" / f"{name}.tif")
    scene = open_scene(tmp_path / "town")
    assert (scene.name, scene.shown) == ("town", ("B04", "B03", "B02"))


def test_ids_that_mean_other_bands_on_other_sensors_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    for name in ("B2", "B3", "B4"):
        band(tmp_path / f"town_{name}.tif")
    with pytest.raises(ImageryError, match="B4 red or near infrared: choose a --sensor"):
        open_scene(tmp_path)
    assert open_scene(tmp_path, bands=["B4", "B3", "B2"]).shown == ("B04", "B03", "B02")
    scene = open_scene(tmp_path, sensor="landsat-8-9")
    assert (scene.shown, scene.bands[0].scale) == (("B4", "B3", "B2"), 2.75e-5)


def test_several_products_in_one_folder_are_named_by_stem(tmp_path: Path) -> None:
    for stem in ("east", "west"):
        for name in ("B02", "B03", "B04"):
            band(tmp_path / f"{stem}_{name}.tif")
    assert is_bandfiles(tmp_path)
    with pytest.raises(ImageryError, match=r"holds 2 products: name one of them, as .*east"):
        open_scene(tmp_path)
    assert open_scene(tmp_path / "west").name == "west"
    assert not is_bandfiles(tmp_path / "we")


@pytest.mark.parametrize(
    ("files", "count"),
    [
        (["block_B1.tif", "block_B2.tif"], 3),  # colour images of two blocks
        (["a_B02.tif", "b_B03.tif"], 1),
        (["a_B02.tif"], 1),
        (["a_B02.tif", "a_SCL.tif"], 1),
        (["a_B02.png", "a_B03.png"], 1),
        (["aB02.tif", "aB03.tif"], 1),
    ],
)
def test_what_is_no_product(tmp_path: Path, files: list[str], count: int) -> None:
    for name in files:
        band(tmp_path / name, count=count, driver="PNG" if name.endswith("png") else "GTiff")
        (tmp_path / f"{name}.aux.xml").unlink(missing_ok=True)
    assert not is_bandfiles(tmp_path)
    assert band_products(tmp_path, files) == {}


def test_bands_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    for name in ("B02", "B03"):
        band(tmp_path / f"a_{name}.tif")
    band(tmp_path / "a_B04.tif", crs="EPSG:32633")
    with pytest.raises(ImageryError, match=r"B04\.tif has another CRS than .*a_B02\.tif"):
        open_scene(tmp_path)
    (tmp_path / "a_B04.tif").write_bytes(b"II*\0broken")
    with pytest.raises(ImageryError, match=r"a_B04\.tif"):
        open_scene(tmp_path)
    (tmp_path / "a_B02.tif").write_text("<VRTDataset/>", encoding="utf-8")
    with pytest.raises(ImageryError, match=r"a_B02\.tif is refused: it is a GDAL VRT"):
        open_scene(tmp_path)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        (f"{OLI}_SR_B4.TIF", OLI),
        (f"{OLI}_ST_B10.TIF", OLI),
        (f"{OLI}_QA_PIXEL.TIF", OLI),
        (f"{OLI}_SR_QA_AEROSOL.TIF", OLI),
        (f"{OLI}_thumb_large.jpeg", OLI),
        ("T32UPU_20221005T115411_B8A_20m.jp2", "T32UPU_20221005T115411"),
        ("T32UPU_20221005T115411_TCI.jp2", "T32UPU_20221005T115411"),
        ("HLS.S30.T32UPU.2022278T101901.v2.0.B04.tif", "HLS.S30.T32UPU.2022278T101901.v2.0"),
        ("B04.tif", ""),
        ("a_photo.tif", None),
        ("a_B13X.tif", None),
    ],
)
def test_the_stem_of_band_files_and_of_what_comes_with_them(name: str, stem: str | None) -> None:
    assert stem_of(name) == stem
