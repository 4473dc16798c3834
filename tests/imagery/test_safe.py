"""Sentinel-2 products in SAFE format as make_safe.py writes them: folder and zip, old and new, attacks."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make_safe import (  # type: ignore[import-not-found] # beside this file, on pytest's path
    classes,
    make_safe,
    metadata,
    stored,
    write_jp2,
    zip_safe,
)

from rsvlm.imagery.archives import check_zip
from rsvlm.imagery.chip import Chip
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.reader import SceneReader
from rsvlm.imagery.safe import is_safe, open_safe
from rsvlm.imagery.scene import Scene


@pytest.fixture(scope="module")
def l2a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_safe(tmp_path_factory.mktemp("L2A")))


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_safe(tmp_path_factory.mktemp("L1C"), "L1C"))


def read(scene: Scene, **where: Any) -> Chip:
    with SceneReader(scene) as reader:
        return reader.read(0, 0, scene.grid.width, scene.grid.height, **where)


def shown_as(band: str, offset: float = -1000, quantification: float = 10000) -> np.ndarray[Any, Any]:
    """What 8 bits must show of a band: reflectance 0 to 0.3 as 0 to 255, nodata black, clouds black."""
    reflectance = (stored(band, 10).astype(float) + offset) / quantification
    grey: np.ndarray[Any, Any] = np.rint(np.clip(reflectance / 0.3, 0, 1) * 255).astype(np.uint8)
    grey[stored(band, 10) == 0] = 0
    return grey


def test_a_level_2a_product_is_one_scene_with_its_metadata(l2a: Path) -> None:
    scene = open_scene(l2a)
    assert scene == open_safe(l2a)
    assert [b.name for b in scene.bands] == [f"B{n:02}" for n in range(1, 9)] + ["B8A", "B09", "B11", "B12"]
    assert scene.sensor == "sentinel-2-l2a"
    assert scene.name == "S2A_MSIL2A_20221005T115411_N0400_R023_T32UPU_20221005T164454"
    assert scene.datetime == "2022-10-05T11:54:11Z"
    assert scene.attribution == "contains modified Copernicus Sentinel data 2022"
    assert (scene.grid.width, scene.grid.height, scene.grid.crs) == (120, 120, "EPSG:32632")
    assert scene.quality is not None
    assert scene.quality.path.endswith("SCL_20m.jp2")
    paths = {band.name: Path(band.path).name for band in scene.bands}
    assert {name: p[-8:-4] for name, p in paths.items()} == {
        **dict.fromkeys(("B02", "B03", "B04", "B08"), "_10m"),
        **dict.fromkeys(("B05", "B06", "B07", "B8A", "B11", "B12"), "_20m"),
        **dict.fromkeys(("B01", "B09"), "_60m"),
    }


def test_offset_and_scale_of_the_metadata_are_applied_in_what_is_shown(l2a: Path) -> None:
    scene = open_safe(l2a)
    band = scene.bands[3]
    assert (band.name, band.scale, band.nodata) == ("B04", 1e-4, 0.0)
    assert band.offset == pytest.approx(-0.1)
    chip = read(scene)
    clear = np.repeat(np.repeat(classes(20) == 4, 2, axis=0), 2, axis=1)
    expected = np.stack([shown_as(name) for name in ("B04", "B03", "B02")], axis=-1)
    np.testing.assert_allclose(chip.rgb(), np.where(clear[..., None], expected, 0), atol=1)  # halves
    assert chip.rgb()[30, 30].tolist() == [
        89,
        72,
        55,
    ]  # B04 there: DN 2050, (2050 - 1000) / 10000 / 0.3 * 255
    np.testing.assert_array_equal(chip.valid, clear & (stored("B04", 10) > 0))


@pytest.mark.parametrize(
    ("baseline", "offset", "quantification"),
    [("02.14", None, 10000), ("05.11", -1000, 10000), ("05.11", -500, 5000), ("04.00", 0, 10000)],
)
@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_every_baseline_is_shown_by_its_own_numbers(
    tmp_path: Path, level: str, baseline: str, offset: int | None, quantification: int
) -> None:
    scene = open_safe(make_safe(tmp_path, level, baseline, offset, quantification))
    expected = shown_as("B04", offset or 0, quantification)[:60]  # clear, above the cloud
    np.testing.assert_allclose(read(scene).rgb()[:60, :, 0], expected, atol=1)


def test_old_level_2a_metadata_has_another_name_for_the_same_number(tmp_path: Path) -> None:
    safe = make_safe(tmp_path, "L2A", "02.07", None, 5000)
    xml = safe / "MTD_MSIL2A.xml"
    text = xml.read_text(encoding="utf-8").replace("BOA_QUANT", "L2A_BOA_QUANT")
    xml.write_text(text, encoding="utf-8")
    assert open_safe(safe).bands[0].scale == 1 / 5000


def test_level_1c_has_13_bands_and_no_quality_band(l1c: Path) -> None:
    scene = open_safe(l1c)
    assert [b.name for b in scene.bands][8:11] == ["B8A", "B09", "B10"]
    assert (scene.sensor, scene.quality) == ("sentinel-2-l1c", None)
    np.testing.assert_array_equal(read(scene).band("B08"), stored("B08", 10))


def test_a_zip_gives_the_pixels_of_the_folder(l2a: Path, l1c: Path) -> None:
    for safe in (l2a, l1c):
        zipped = zip_safe(safe)
        assert is_safe(zipped)
        a, b = open_scene(safe), open_scene(zipped)
        assert (b.path, b.name, b.grid, b.stretch) == (str(zipped), a.name, a.grid, a.stretch)
        np.testing.assert_array_equal(read(a).pixels, read(b).pixels)
        np.testing.assert_array_equal(read(a).valid, read(b).valid)
        np.testing.assert_array_equal(read(a).rgb(), read(b).rgb())


@pytest.mark.parametrize("name", ["with space.zip", "größe ж.zip", "br{ace}.zip", "UPPER.ZIP"])
def test_a_zip_of_any_name_that_is_compressed_and_has_no_safe_folder_in_it(
    tmp_path: Path, l1c: Path, name: str
) -> None:
    target = tmp_path / name
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in l1c.rglob("*"):
            archive.write(path, path.relative_to(l1c).as_posix())
    np.testing.assert_array_equal(read(open_scene(target)).pixels, read(open_safe(l1c)).pixels)


def test_a_folder_needs_no_safe_in_its_name(tmp_path: Path) -> None:
    renamed = make_safe(tmp_path, "L1C").rename(tmp_path / "my scene")
    assert is_safe(renamed)
    assert open_scene(renamed).name == "my scene"


def test_relative_paths_stay_as_named_and_work_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = make_safe(tmp_path, "L1C")
    monkeypatch.chdir(tmp_path)
    scene = open_scene(safe.name)
    assert scene.path == safe.name
    monkeypatch.chdir(tmp_path.parent)
    assert read(scene).valid.any()


def test_bands_chooses_what_is_used_and_shown(l2a: Path) -> None:
    scene = open_safe(l2a, bands=["nir08", "B11", "red"])
    assert (scene.shown, [band.name for band in scene.bands]) == (
        ("B8A", "B11", "B04"),
        ["B8A", "B11", "B04"],
    )
    assert scene.grid.width == 120
    coarse = open_safe(l2a, bands=["B05"])
    assert (coarse.shown, coarse.grid.width) == (("B05",), 60)
    four = open_safe(l2a, bands=["B02", "B03", "B04", "B08"])
    assert (four.shown, len(four.bands)) == (("B04", "B03", "B02"), 4)
    for wrong in (["B10"], ["B04", "B4", "B02"], []):
        with pytest.raises(ImageryError, match=r"choose from B01, B02"):
            open_safe(l2a, bands=wrong)


def test_the_same_product_opened_twice_is_equal_and_stretch_is_taken(l1c: Path) -> None:
    assert open_safe(l1c) == open_safe(l1c)
    assert open_safe(l1c, stretch="0..5000").stretch == ((0.0, 5000.0),) * 3


# What is refused


def broken(tmp_path: Path, old: str, new: str) -> Path:
    safe = Path(make_safe(tmp_path, "L1C"))
    xml = safe / "MTD_MSIL1C.xml"
    text = xml.read_text(encoding="utf-8")
    assert old in text
    xml.write_text(text.replace(old, new), encoding="utf-8")
    return safe


BOMB = """<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<n1:Level-1C", BOMB + "<n1:Level-1C", "document type or entities"),
        ("<n1:Level-1C", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><n1:Level-1C', "document type or entities"),
        ("</Product_Info>", "", "not well-formed XML"),
        (">10000<", "><", "no valid quantification value"),
        (">10000<", ">0<", "divides by 0"),
        (">10000<", ">nan<", "divides by nan"),
        (">-1000<", ">inf<", "offsets that are no finite numbers"),
        ('band_id="3"', 'band_id="x"', "no valid quantification value and RADIO_ADD_OFFSET"),
        ('band_id="3"', 'band_id="-1"', "no valid quantification value and RADIO_ADD_OFFSET"),
        ('<RADIO_ADD_OFFSET band_id="3">-1000</RADIO_ADD_OFFSET>', "", "no RADIO_ADD_OFFSET for B04"),
    ],
)
def test_metadata_that_is_broken_or_hostile_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(ImageryError, match=message):
        open_safe(broken(tmp_path, old, new))


def test_metadata_in_another_encoding_or_beyond_all_size_is_refused(tmp_path: Path) -> None:
    safe = make_safe(tmp_path, "L1C")
    xml = safe / "MTD_MSIL1C.xml"
    text = xml.read_text(encoding="utf-8").replace("UTF-8", "UTF-16")
    xml.write_bytes((BOMB + text).encode("utf-16"))
    with pytest.raises(ImageryError, match="not encoded as UTF-8"):
        open_safe(safe)
    xml.write_bytes(b" " * 5_000_000)
    with pytest.raises(ImageryError, match="larger than 4,194,304 bytes"):
        open_safe(safe)
    xml.write_text("<a>" * 300_000 + "</a>" * 300_000, encoding="ascii")
    with pytest.raises(ImageryError, match="quantification value"):
        open_safe(safe)


def test_a_product_that_misses_parts_says_which(tmp_path: Path) -> None:
    (tmp_path / "S1A_IW_GRDH.SAFE").mkdir()
    with pytest.raises(ImageryError, match=r"holds no MTD_MSIL1C\.xml or MTD_MSIL2A\.xml"):
        open_scene(tmp_path / "S1A_IW_GRDH.SAFE")
    safe = make_safe(tmp_path, "L1C")
    images = next(safe.glob("GRANULE/*/IMG_DATA"))
    next(images.glob("*_B04.jp2")).unlink()
    with pytest.raises(ImageryError, match=r"B01, B02, B03, B05.* red, green and blue"):
        open_safe(safe)
    assert open_safe(safe, bands=["B08"]).shown == ("B08",)
    next(images.glob("*_B08.jp2")).write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n")
    with pytest.raises(ImageryError, match=r"_B08\.jp2 cannot be opened: the file is truncated or damaged"):
        open_safe(safe, bands=["B08"])
    write_jp2(next(images.glob("*_B08.jp2")), np.zeros((3, 120, 120), np.uint16), 10)
    with pytest.raises(ImageryError, match="has 3 bands, where a product has one in each file"):
        open_safe(safe, bands=["B08"])
    for path in images.iterdir():
        path.unlink()
    with pytest.raises(ImageryError, match="of 0 granules"):
        open_safe(safe)


def test_bands_of_other_places_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    safe = make_safe(tmp_path, "L1C")
    monkeypatch.setattr("make_safe.CORNER", (700_000.0, 5_300_040.0))
    write_jp2(next(safe.glob("GRANULE/*/IMG_DATA/*_B04.jp2")), stored("B04", 10), 10)
    with pytest.raises(ImageryError, match="does not cover the same area"):
        open_safe(safe)


# Zips


def small_zip(path: Path, **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.SAFE/MTD_MSIL1C.xml", metadata("L1C", "04.00", -1000, 10000, "a.SAFE"))
        for name, data in more.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil.jp2", "points outside of it"),
        ("a.SAFE/../../evil.jp2", "points outside of it"),
        ("/etc/evil.jp2", "points outside of it"),
        ("C:/evil.jp2", "points outside of it"),
        ("a.SAFE\\..\\..\\evil.jp2", "points outside of it"),
    ],
)
def test_a_zip_that_reaches_outside_of_itself_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = small_zip(tmp_path / "a.zip", **{name: b"x"})
    with pytest.raises(ImageryError, match=message):
        open_scene(path)


def test_zip_bombs_are_refused_by_their_listing_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = small_zip(tmp_path / "bomb.zip", **{"a.SAFE/GRANULE/g/IMG_DATA/T_B04.jp2": bytes(50_000_000)})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ImageryError, match=r"unpacks from [0-9,]+ to 50,000,000 bytes"):
        open_scene(bomb)
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for i in range(10_001):
            archive.writestr(f"{i}/MTD_MSIL1C.xml", b"")
    with pytest.raises(ImageryError, match="10,001 entries"):
        open_scene(many)
    monkeypatch.setattr("rsvlm.imagery.archives._MOST_BYTES", 1000)
    with pytest.raises(ImageryError, match="would unpack to"):
        open_scene(small_zip(tmp_path / "large.zip"))


def test_a_listing_beyond_all_size_is_not_even_read(tmp_path: Path, l1c: Path) -> None:
    path = zip_safe(l1c)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 2**31)
    huge = tmp_path / "huge.zip"
    huge.write_bytes(data)
    assert not is_safe(huge)
    with pytest.raises(ImageryError, match="lists more entries than any product"):
        open_safe(huge)


def test_zips_with_links_doubles_or_a_password_are_refused(tmp_path: Path) -> None:
    link = small_zip(tmp_path / "link.zip")
    with zipfile.ZipFile(link, "a") as archive:
        info = zipfile.ZipInfo("a.SAFE/link.jp2")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ImageryError, match="is a link"):
        open_scene(link)
    double = small_zip(tmp_path / "double.zip")
    with zipfile.ZipFile(double, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.SAFE/MTD_MSIL1C.xml", "<other/>")
    with pytest.raises(ImageryError, match="two entries of one name"):
        open_scene(double)
    locked = small_zip(tmp_path / "locked.zip")
    data = bytearray(locked.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the listing
    locked.write_bytes(data)
    with pytest.raises(ImageryError, match="is encrypted"):
        open_scene(locked)


def test_a_zip_without_a_product_or_with_several_is_no_scene(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert not is_safe(other)
    with pytest.raises(ImageryError, match="a zip archive"):
        open_scene(other)
    with zipfile.ZipFile(other, "a") as archive:
        archive.writestr("a.SAFE/MTD_MSIL1C.xml", "<x/>")
        archive.writestr("b.SAFE/MTD_MSIL1C.xml", "<x/>")
    with pytest.raises(ImageryError, match="holds 2 products"):
        open_scene(other)


@pytest.mark.parametrize("keep", [0, 10, 3000, -5, -200])
def test_a_truncated_zip_is_refused(tmp_path: Path, l1c: Path, keep: int) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(zip_safe(l1c).read_bytes()[:keep])
    with pytest.raises(ImageryError):
        open_scene(cut)
    with pytest.raises(ImageryError, match="cannot be read as a zip"):
        check_zip(cut)
