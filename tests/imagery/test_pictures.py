"""Plain pictures: the pixels that Pillow decodes, the scene that GDAL describes, whole, in windows and in threads."""

import io
import threading
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from rasters import noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import (
    Chip,
    ChipReader,
    ImageryError,
    Scene,
    SceneReader,
    open_scene,
    rasterfile,
    read_picture,
    read_rgb,
)
from rsvlm.imagery.frames import cut
from rsvlm.imagery.headers import plain_header


def smooth(height: int, width: int, seed: int = 0) -> Image.Image:
    """A picture with colours that run into each other, in which JPEG decoders differ."""
    small = noise(height // 4 + 1, width // 4 + 1, 3, seed=seed)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def as_pillow(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def by_gdal(scene: Scene, x: int, y: int, width: int, height: int) -> np.ndarray:
    with SceneReader(scene) as reader:
        return reader.read(x, y, width, height, scene.shown).rgb()


def whole(scene: Scene) -> np.ndarray:
    return read_rgb(scene, 0, 0, scene.grid.width, scene.grid.height)


JPEGS: dict[str, dict[str, Any]] = {
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "4:2:0": {"subsampling": 2},
    "progressive": {"progressive": True},
    "optimized": {"optimize": True, "quality": 60},
    "comment": {"comment": b"taken by nobody"},
    "restarts": {"restart_marker_rows": 1},
}


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_is_what_pillow_decodes(tmp_path: Path, name: str, mode: str) -> None:
    path = tmp_path / "a.jpg"
    smooth(37, 45).convert(mode).save(path, **JPEGS[name])
    scene = open_scene(path)
    picture = read_picture(scene)
    assert picture is not None
    np.testing.assert_array_equal(picture, as_pillow(path))
    assert picture.flags.writeable
    np.testing.assert_array_equal(whole(scene), picture)
    difference = picture.astype(int) - by_gdal(scene, 0, 0, 45, 37)
    assert np.abs(difference).mean() < 10  # another decoder, the same picture


def test_png_is_what_pillow_and_gdal_decode(tmp_path: Path) -> None:
    for mode in ("RGB", "L", "P", "1", "LA", "RGBA"):
        path = tmp_path / f"{mode}.png"
        smooth(21, 34).convert(mode).save(path)
        scene = open_scene(path)
        np.testing.assert_array_equal(whole(scene), as_pillow(path))
        np.testing.assert_array_equal(by_gdal(scene, 0, 0, 34, 21), as_pillow(path))
        assert (read_picture(scene) is not None) == (mode in ("RGB", "L"))


def test_what_has_invalid_pixels_is_no_plain_picture(tmp_path: Path) -> None:
    """Pillow's convert("RGB") would show what lies under the transparency."""
    image = smooth(20, 20)
    corner = image.getpixel((0, 0))
    image.save(tmp_path / "key.png", transparency=corner)
    alpha = image.copy()
    alpha.putalpha(Image.fromarray(noise(20, 20, high=2) * 127))
    alpha.save(tmp_path / "alpha.png")
    for name in ("key", "alpha"):
        scene = open_scene(tmp_path / f"{name}.png")
        assert read_picture(scene) is None
        with SceneReader(scene) as reader:
            chip = reader.read(0, 0, 20, 20)
        assert not chip.valid.all()
        np.testing.assert_array_equal(whole(scene), chip.rgb())
        assert (whole(scene)[~chip.valid] == 0).all()


def test_a_mask_that_gdal_appended_to_a_jpeg_counts(tmp_path: Path) -> None:
    """One bit a pixel, deflated, behind the end of the picture, then where that is (GDAL's JPEG driver)."""
    path = tmp_path / "a.jpg"
    smooth(32, 64).save(path)
    jpeg = path.read_bytes()
    bits = np.ones((32, 64), dtype=np.uint8)
    bits[:, :16] = 0
    mask = zlib.compress(np.packbits(bits, bitorder="little").tobytes())
    path.write_bytes(jpeg + mask + len(jpeg).to_bytes(4, "little"))
    scene = open_scene(path)
    assert read_picture(scene) is None
    assert (whole(scene)[:, :16] == 0).all()
    assert (whole(scene)[:, 16:] > 0).any()


def test_what_is_not_shown_as_it_is_is_read_by_gdal(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    smooth(20, 20).save(path)
    for options in ({"stretch": "10..200"}, {"bands": ["blue", "green", "red"]}):
        scene = open_scene(path, **options)
        assert read_picture(scene) is None
        np.testing.assert_array_equal(whole(scene), by_gdal(scene, 0, 0, 20, 20))
    assert read_picture(open_scene(write_tif(tmp_path / "a.tif", noise(3, 9, 9)))) is None


def test_orientation_is_left_alone(tmp_path: Path) -> None:
    """As published pipelines have it, and as windows and labels count the pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    smooth(20, 30).save(tmp_path / "a.jpg", exif=exif)
    scene = open_scene(tmp_path / "a.jpg")
    assert (scene.grid.width, scene.grid.height) == (30, 20)
    np.testing.assert_array_equal(whole(scene), as_pillow(tmp_path / "a.jpg"))


def test_a_file_that_changed_since_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    smooth(20, 30).save(path)
    scene = open_scene(path)
    smooth(40, 50).save(path)
    assert read_picture(scene) is None
    path.unlink()
    with pytest.raises(ImageryError, match="does not exist"):
        whole(scene)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(-60, 60),
    st.integers(-60, 60),
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from(["png", "jpg"]),
)
def test_windows_as_scene_reader_cuts_them(
    tmp_path: Path, x: int, y: int, width: int, height: int, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    if not path.exists():
        smooth(37, 45).save(path)
    scene = open_scene(path)
    padded = np.pad(as_pillow(path), ((200, 200), (200, 200), (0, 0)))
    expected = padded[200 + y : 200 + y + height, 200 + x : 200 + x + width]
    if suffix == "png":
        np.testing.assert_array_equal(by_gdal(scene, x, y, width, height), expected)
    np.testing.assert_array_equal(read_rgb(scene, x, y, width, height), expected)
    with ChipReader() as reader:
        np.testing.assert_array_equal(reader.rgb(scene, (x, y, width, height)), expected)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, -1)])
def test_empty_windows(tmp_path: Path, size: tuple[int, int]) -> None:
    smooth(20, 30).save(tmp_path / "a.jpg")
    scene = open_scene(tmp_path / "a.jpg")
    with pytest.raises(ImageryError, match="is empty"):
        read_rgb(scene, 0, 0, *size)
    with ChipReader() as reader, pytest.raises(ImageryError, match="is empty"):
        reader.rgb(scene, (0, 0, *size))


def test_a_window_far_larger_than_the_picture_takes_no_memory(tmp_path: Path) -> None:
    smooth(20, 30).save(tmp_path / "a.jpg")
    scene = open_scene(tmp_path / "a.jpg")
    with pytest.raises(ImageryError, match="cut it into smaller chips"):
        read_rgb(scene, 0, 0, 10**6, 10**6)
    with ChipReader() as reader, pytest.raises(ImageryError, match="cut it into smaller chips"):
        reader.rgb(scene, (0, 0, 10**6, 10**6))


def png_bytes(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def headers(folder: Path) -> Iterator[Path]:
    """Pictures that say more or less of themselves."""
    image = smooth(16, 24)
    exif = Image.Exif()
    exif[0x0132], exif[0x8298] = "2020:05:06 07:08:09", "Somebody"
    said = PngImagePlugin.PngInfo()
    said.add_text("Copyright", "Somebody")
    said.add_text("DATETIME", "2020:05:06 07:08:09")
    for mode in ("RGB", "L", "CMYK", "P", "1", "LA", "RGBA", "I;16"):
        copy = Image.fromarray(noise(16, 24, dtype="uint16")) if mode == "I;16" else image.convert(mode)
        copy.save(folder / f"{mode.replace(';', '')}.{'jpg' if mode == 'CMYK' else 'png'}")
    for name, options in JPEGS.items():
        image.save(folder / f"{name.replace(':', '')}.jpg", **options)
        image.convert("L").save(folder / f"{name.replace(':', '')} grey.jpeg", **options)
    image.save(folder / "exif.jpg", exif=exif)
    image.save(folder / "xmp.jpg", xmp=b"<x:xmpmeta/>")
    image.save(folder / "icc.jpg", icc_profile=bytes(500))
    image.save(folder / "said.png", pnginfo=said)
    image.save(folder / "key.png", transparency=image.getpixel((3, 3)))
    image.save(folder / "dpi.png", dpi=(72, 72))
    image.convert("L").save(folder / "grey key.png", transparency=9)
    (folder / "no suffix").write_bytes(png_bytes(image))
    (folder / "wrong.tif").write_bytes(png_bytes(image))
    yield from sorted(folder.iterdir())


def test_the_quick_way_in_describes_the_scene_as_gdal_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = 0
    for path in headers(tmp_path):
        found = plain_header(path)
        quick += found is not None
        scene = open_scene(path)
        with monkeypatch.context() as patch:
            patch.setattr(rasterfile, "plain_header", lambda _: None)
            assert open_scene(path) == scene
    assert quick == 2 * len(JPEGS) + 5  # RGB, L, dpi, no suffix and wrong.tif
    assert open_scene(tmp_path / "exif.jpg").attribution == "Somebody"
    assert open_scene(tmp_path / "said.png").datetime == "2020-05-06T07:08:09Z"


def test_a_picture_keeps_the_place_that_lies_beside_it(tmp_path: Path) -> None:
    smooth(16, 24).save(tmp_path / "a.jpg")
    (tmp_path / "a.jgw").write_text("10\n0\n0\n-10\n300005\n3999995\n", encoding="utf-8")
    (tmp_path / "a.prj").write_text(PRJ, encoding="utf-8")
    scene = open_scene(tmp_path / "a.jpg")
    assert scene.grid.crs == "EPSG:32652"
    assert scene.grid.transform == (10.0, 0.0, 300000.0, 0.0, -10.0, 4000000.0)
    assert read_picture(scene) is not None


PRJ = (
    'PROJCS["WGS 84 / UTM zone 52N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",129],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","32652"]]'
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=120), st.integers(0, 60), st.sampled_from(["png", "jpg"]))
def test_headers_of_damaged_files_never_raise(tmp_path: Path, rubbish: bytes, keep: int, suffix: str) -> None:
    file = io.BytesIO()
    smooth(9, 9).save(file, {"png": "PNG", "jpg": "JPEG"}[suffix])
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(file.getvalue()[:keep] + rubbish)
    found = plain_header(path)
    assert found is None or (found.bands in (1, 3) and 0 < found.width * found.height <= 2**26)
    with suppress(ImageryError):
        whole(open_scene(path))


def test_chips_of_many_scenes_in_many_threads(tmp_path: Path) -> None:
    """Each window as one thread alone reads it, and no warning of an image without a place slips out."""
    scenes = []
    for index in range(6):
        path = tmp_path / f"{index}"
        if index % 3 == 0:
            smooth(80, 90, index).save(path.with_suffix(".jpg"))
            path = path.with_suffix(".jpg")
        elif index % 3 == 1:
            path = write_tif(
                path.with_suffix(".tif"), noise(4, 80, 90, dtype="uint16", seed=index), place=False
            )
        else:
            smooth(80, 90, index).convert("RGBA").save(path.with_suffix(".png"))
            path = path.with_suffix(".png")
        scenes.append(open_scene(path, bands=["red", "green", "blue", "nir"] if index % 3 == 1 else None))
    work = [(scene, window) for scene in scenes for window in cut(scene.grid, size="32")] * 3
    work += [(scene, np.array([0, 0, 90, 80], dtype=np.int32)) for scene in scenes] * 5
    order = np.random.default_rng(0).permutation(len(work))
    expected = [read_rgb(scene, *map(int, window)) for scene, window in work]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with ChipReader() as reader, ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda i: reader.rgb(*work[i]), order))
            chips = list(pool.map(lambda i: reader.read(*work[i]), order))
    assert seen == []
    for place, i in enumerate(order):
        np.testing.assert_array_equal(found[place], expected[i])
        chip = chips[place]
        assert isinstance(chip, Chip)
        assert chip.grid == work[i][0].grid.window(*map(int, work[i][1]))


def test_a_reader_keeps_few_files_open_and_closes_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SceneReader] = []
    closed: list[SceneReader] = []

    class Counted(SceneReader):
        def __init__(self, scene: Scene) -> None:
            super().__init__(scene)
            opened.append(self)

        def close(self) -> None:
            closed.append(self)
            super().close()

    monkeypatch.setattr("rsvlm.imagery.chipreader.SceneReader", Counted)
    scenes = [open_scene(write_tif(tmp_path / f"{i}.tif", noise(3, 40, 40, seed=i))) for i in range(4)]
    reader = ChipReader()
    for scene in scenes:
        for window in cut(scene.grid, size="16"):
            reader.rgb(scene, window)
            assert len(opened) - len(closed) <= 2
    assert len(opened) == 4
    threads = [threading.Thread(target=reader.rgb, args=(scenes[0], (0, 0, 9, 9))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 7  # each thread has one of its own
    reader.close()
    assert {id(one) for one in closed} == {id(one) for one in opened}
    np.testing.assert_array_equal(reader.rgb(scenes[1], (0, 0, 40, 40)), whole(scenes[1]))  # opens it again
    reader.close()


def test_a_large_picture_is_decoded_once_for_all_its_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smooth(200, 300).save(tmp_path / "a.jpg")
    scene = open_scene(tmp_path / "a.jpg")
    decoded = []

    def counted(one: Scene) -> np.ndarray | None:
        decoded.append(one)
        return read_picture(one)

    monkeypatch.setattr("rsvlm.imagery.chipreader.read_picture", counted)
    windows = cut(scene.grid, size="64")
    with ChipReader() as reader, ThreadPoolExecutor(4) as pool:
        chips = list(pool.map(lambda window: reader.rgb(scene, window), windows))
    assert len(decoded) == 1
    expected = as_pillow(tmp_path / "a.jpg")
    for (x, y, width, height), chip in zip(windows, chips, strict=True):
        np.testing.assert_array_equal(chip, expected[y : y + height, x : x + width])


def test_an_error_in_a_thread_leaves_the_reader_usable(tmp_path: Path) -> None:
    good = open_scene(write_tif(tmp_path / "a.tif", noise(3, 40, 40)))
    path = write_tif(tmp_path / "b.tif", noise(3, 400, 400), compress="deflate")
    bad = open_scene(path)
    path.write_bytes(path.read_bytes()[:100_000])
    with ChipReader() as reader:
        for _ in range(2):
            with pytest.raises(ImageryError, match="truncated or damaged"):
                reader.rgb(bad, (0, 0, 400, 400))
            assert reader.rgb(good, (0, 0, 40, 40)).shape == (40, 40, 3)
        with pytest.raises(ImageryError, match="has no band nir"):
            reader.read(good, (0, 0, 9, 9), ["nir"])


@pytest.mark.parametrize(
    "name", ["eurosat-rgb/validation", "ucm/validation", "rsicd/validation", "rsscn7/test"]
)
def test_real_jpegs_are_what_pillow_decodes(tmp_path: Path, data_dir: Path, name: str) -> None:
    column = pq.read_table(data_dir / f"{name}.parquet", columns=["image"])["image"]
    for index in range(0, len(column), max(1, len(column) // 60)):
        path = tmp_path / f"{index}.jpg"
        path.write_bytes(column[index].as_py()["bytes"])
        scene = open_scene(path)
        assert plain_header(path) is not None
        np.testing.assert_array_equal(read_picture(scene), as_pillow(path))
