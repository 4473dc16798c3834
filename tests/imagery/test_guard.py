"""Hostile and damaged files: refused with one line, before they make GDAL open anything else."""

import os
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio._env import get_gdal_config
from rasterio.errors import NotGeoreferencedWarning
from rasters import noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import ImageryError, SceneReader, open_scene
from rsvlm.imagery.guard import check_path, open_dataset, open_raster, raster_env, zip_path

VRT = """<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><VRTRasterBand dataType="Byte" band="1">
<SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""
SECRET = 77


def refused(path: str | os.PathLike[str]) -> str:
    """The one line with which a file is refused, by both ways in."""
    with pytest.raises(ImageryError) as raised, open_raster(path):
        pass
    with pytest.raises(ImageryError):
        open_scene(path)  # type: ignore[arg-type]
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A raster that a hostile file names; its value must never be seen."""
    path = tmp_path / "secret.tif"
    write_tif(path, np.full((1, 128, 128), SECRET, dtype="uint8"))
    return path


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/vsicurl/http://example.com/a.tif", "GDAL virtual path"),
        ("/VSIZIP/a.zip/a.tif", "GDAL virtual path"),
        ("\\vsimem\\a.tif", "GDAL virtual path"),
        ("http://example.com/a.tif", "URL or connection string"),
        ("https://example.com/a.tif", "URL or connection string"),
        ("s3://bucket/a.tif", "URL or connection string"),
        ("file:///etc/passwd", "URL or connection string"),
        ("zip://a.zip!a.tif", "URL or connection string"),
        ("GTIFF_DIR:1:/etc/passwd", "URL or connection string"),
        ('HDF5:"a.h5"://x', "URL or connection string"),
        ("WMS:http://example.com", "URL or connection string"),
        ("SENTINEL2_L1C:a.xml:10m:EPSG_32632", "URL or connection string"),
        ("no such file.tif", "does not exist"),
        ("", "an empty path"),
        ("a\0.tif", "zero byte"),
        (".", "is a folder"),
    ],
)
def test_paths_that_are_no_local_file(path: str, words: str) -> None:
    assert words in refused(path)
    with raster_env(), pytest.raises(ImageryError):
        open_dataset(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    assert "is empty (0 bytes)" in refused(tmp_path / "empty.tif")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.tif")
        assert "is no regular file" in refused(tmp_path / "pipe.tif")
    assert check_path(write_tif(tmp_path / "a.tif", noise(1, 5, 5))).is_absolute()


HOSTILE = {
    "passwd": VRT.format(side=64, source="/etc/passwd"),
    "url": VRT.format(side=64, source="/vsicurl/http://192.0.2.1/a.tif"),
    "wms": "<GDAL_WMS><Service name='TMS'><ServerUrl>http://192.0.2.1/${z}</ServerUrl></Service></GDAL_WMS>",
    "gti": "\ufeff  <GDALTileIndexDataset><IndexDataset>/etc/passwd</IndexDataset></GDALTileIndexDataset>",
    "derived": "<VRTDataset subClass='VRTPansharpenedDataset'></VRTDataset>",
    "html": "<!doctype html><title>404</title>",
    "text": "ncols 5\nnrows 5\ncellsize 1\n1 2 3 4 5",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", ["tif", "vrt", "png", "jp2"])
def test_descriptions_under_an_image_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_text(HOSTILE[name], encoding="utf-8")

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("the file reached GDAL")

    monkeypatch.setattr(rasterio, "open", opened)
    assert "is refused" in refused(path)


@pytest.mark.parametrize(
    "magic", [b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"PK\3\4", b"\x1f\x8b", b"BM", b"GIF89a", b"\0" * 64]
)
def test_other_formats(tmp_path: Path, magic: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(magic + bytes(100))
    assert "no GeoTIFF, JPEG 2000, PNG or JPEG" in refused(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["tif", "jp2"])
@pytest.mark.parametrize("kind", ["raster", "vrt"])
def test_metadata_that_names_another_file_as_overviews(
    tmp_path: Path, secret: Path, suffix: str, kind: str
) -> None:
    target = secret
    if kind == "vrt":
        target = tmp_path / "any name"
        target.write_text(VRT.format(side=128, source=secret), encoding="utf-8")
    path = write_tif(tmp_path / "evil.tif", np.ones((1, 512, 512), dtype="uint8"))
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=str(target))
    if suffix == "jp2":
        rasterio.shutil.copy(path, path.with_suffix(".jp2"), driver="JP2OpenJPEG", WRITE_METADATA="YES")
        path = path.with_suffix(".jp2")
    with rasterio.open(path) as raster:  # the door is a real one: GDAL alone walks through it
        assert raster.read(1, out_shape=(128, 128)).max() == SECRET
    message = refused(path)
    assert "OVERVIEWS metadata names other files" in message
    assert str(target) in message


def test_metadata_that_names_other_files_as_geolocation(tmp_path: Path, secret: Path) -> None:
    path = write_tif(tmp_path / "evil.tif", np.ones((1, 64, 64), dtype="uint8"), place=False)
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path, "r+") as raster:
        raster.update_tags(ns="GEOLOCATION", X_DATASET=str(secret), Y_DATASET=str(secret))
    assert "GEOLOCATION metadata names other files" in refused(path)


def test_files_beside_an_image_are_not_looked_for(tmp_path: Path, secret: Path) -> None:
    vrt = VRT.format(side=128, source=secret)
    item = f'<MDI key="OVERVIEW_FILE">{secret}</MDI>'
    aux = f'<PAMDataset><Metadata domain="OVERVIEWS">{item}</Metadata></PAMDataset>'
    for number, (suffix, text) in enumerate(
        {".ovr": vrt, ".aux.xml": aux, ".msk": vrt, ".tfw": "1\n" * 6}.items()
    ):
        path = write_tif(tmp_path / f"a{number}.tif", np.ones((1, 512, 512), dtype="uint8"), place=False)
        Path(f"{path}{suffix}" if suffix != ".tfw" else path.with_suffix(".tfw")).write_text(
            text, encoding="utf-8"
        )
        with open_raster(path) as raster:
            assert raster.files == [str(path)]
            assert raster.read(1, out_shape=(128, 128)).max() == 1
            assert raster.dataset_mask().min() == 255
            assert raster.transform.is_identity


def test_nothing_is_written_beside_an_image(tmp_path: Path) -> None:
    Image.fromarray(noise(64, 64)).save(tmp_path / "a.png")
    with open_raster(tmp_path / "a.png") as raster, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer rasterio has another name for it
        raster.statistics(1)
    assert os.listdir(tmp_path) == ["a.png"]  # noqa: PTH208


def tiff_header(width: int, height: int, *, tile: int | None = None, rows: int = 1, bands: int = 1) -> bytes:
    """A TIFF that claims what it is asked to, without pixels."""
    blocks = -(-width // tile) * -(-height // tile) if tile else -(-height // rows)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 5), (262, 3, 1, 1)]
    if tile is None:
        entries += [(273, 4, blocks, 512), (277, 3, 1, bands), (278, 4, 1, rows), (279, 4, blocks, 512)]
    else:
        entries += [
            (277, 3, 1, bands),
            (322, 3, 1, tile),
            (323, 3, 1, tile),
            (324, 4, blocks, 512),
            (325, 4, blocks, 512),
        ]
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4) + bytes(2048)


def png_header(
    width: int, height: int, *, interlaced: bool = False, depth: int = 8, colour: int = 2
) -> bytes:
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))]
    chunks += [(b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def jpeg_header(tmp_path: Path, side: int) -> bytes:
    Image.new("RGB", (16, 16)).save(tmp_path / "small.jpg")
    data = bytearray((tmp_path / "small.jpg").read_bytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def jp2_header(tmp_path: Path, side: int) -> bytes:
    source = write_tif(tmp_path / "small.tif", noise(1, 64, 64))
    rasterio.shutil.copy(source, tmp_path / "small.jp2", driver="JP2OpenJPEG")
    data = bytearray((tmp_path / "small.jp2").read_bytes())
    at = data.index(b"ihdr") + 4
    data[at : at + 8] = struct.pack(">II", side, side)
    at = data.index(b"\xff\x4f\xff\x51") + 8
    data[at : at + 8] = struct.pack(">II", side, side)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("tiles.tif", lambda _: tiff_header(10**6, 10**6, tile=1024), "1,000,000 x 1,000,000 pixels"),
        ("rows.tif", lambda _: tiff_header(10**6, 10**6), "1,000,000 x 1,000,000 pixels"),
        ("largest.tif", lambda _: tiff_header(2**31 - 1, 2**31 - 1, rows=2**31 - 1), ""),
        ("strip.tif", lambda _: tiff_header(100_000, 100_000, rows=50_000), "stored in blocks of 100,000 x"),
        ("bands.tif", lambda _: tiff_header(100, 100, rows=100, bands=60_000), "60,000 bands"),
        ("wide.tif", lambda _: tiff_header(100_000, 100, tile=60_000), "tiles|blocks|cannot be opened"),
        ("a.png", lambda _: png_header(50_000, 50_000), "50,000 x 50,000 pixels"),
        ("b.png", lambda _: png_header(20_000, 20_000, interlaced=True), "in blocks of 20,000 x 20,000"),
        ("a.jpg", lambda folder: jpeg_header(folder, 60_000), "60,000 x 60,000 pixels"),
        ("a.jp2", lambda folder: jp2_header(folder, 10**6), "1,000,000 x 1,000,000 pixels|cannot be opened"),
    ],
)
def test_headers_over_the_limits(
    tmp_path: Path, name: str, make: Callable[[Path], bytes], words: str
) -> None:
    (tmp_path / name).write_bytes(make(tmp_path))
    message = refused(tmp_path / name)
    assert any(word in message for word in words.split("|")), message


def test_large_rasters_within_the_limits(tmp_path: Path) -> None:
    for data, side in (
        (tiff_header(140_000, 140_000, tile=1024), 140_000),
        (png_header(20_000, 20_000), 20_000),
    ):
        (tmp_path / "a.tif").write_bytes(data)
        with open_raster(tmp_path / "a.tif") as raster:
            assert raster.width == raster.height == side


def test_complex_values(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "slc.tif", np.ones((1, 8, 8), dtype="complex64"))
    assert "holds complex64 values" in refused(path)


def pictures(folder: Path) -> dict[str, Path]:
    """One file of each format and layout, of random pixels."""
    rgb = write_tif(folder / "rgb.tif", noise(3, 200, 200), compress="deflate", tiled=True)
    write_tif(folder / "floats.tif", noise(1, 200, 200, dtype="float32"), compress="lzw")
    for suffix, driver in (("jp2", "JP2OpenJPEG"), ("png", "PNG"), ("jpg", "JPEG")):
        rasterio.shutil.copy(rgb, folder / f"rgb.{suffix}", driver=driver)
        (folder / f"rgb.{suffix}.aux.xml").unlink(missing_ok=True)
    rgba = np.moveaxis(noise(4, 200, 200), 0, -1)
    rgba[..., 3] = 255
    Image.fromarray(rgba).save(folder / "rgba.png")
    Image.fromarray(rgba[..., 0]).save(folder / "grey.png")
    Image.fromarray(rgba[..., 0].astype("uint16") * 250).save(folder / "grey16.png")
    Image.fromarray(rgba[..., :3]).quantize(200).save(folder / "palette.png")
    Image.fromarray(rgba[..., :3]).save(folder / "progressive.jpg", progressive=True)
    return {path.name: path for path in sorted(folder.iterdir()) if path.suffix != ".xml"}


NAMES = [
    "rgb.tif",
    "floats.tif",
    "rgb.jp2",
    "rgb.png",
    "rgb.jpg",
    "rgba.png",
    "grey.png",
    "grey16.png",
    "palette.png",
]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return pictures(tmp_path_factory.mktemp("originals"))


@pytest.mark.parametrize("name", [*NAMES, "progressive.jpg"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_truncated_files(
    tmp_path: Path, originals: dict[str, Path], capfd: pytest.CaptureFixture[str], name: str, share: float
) -> None:
    data = originals[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    with (
        pytest.raises(ImageryError, match="truncated or damaged") as raised,
        SceneReader(open_scene(path)) as r,
    ):
        r.read(0, 0, 200, 200)
    assert str(path) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert capfd.readouterr() == ("", "")


def test_the_good_part_of_a_damaged_file_can_be_read(tmp_path: Path) -> None:
    pixels = noise(3, 256, 256)
    path = write_tif(tmp_path / "a.tif", pixels, compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    path.write_bytes(path.read_bytes()[:-20_000])
    with SceneReader(open_scene(path)) as reader:
        for _ in range(2):
            np.testing.assert_array_equal(reader.read(0, 0, 64, 64).pixels, pixels[:, :64, :64])
            with pytest.raises(ImageryError, match=r"at window x 192, y 192, 64 x 64: the file is truncated"):
                reader.read(192, 192, 64, 64)


def test_a_damaged_file_stays_damaged_on_the_second_read(tmp_path: Path, originals: dict[str, Path]) -> None:
    """libjpeg hands out the rest of a failed block the second time it is asked."""
    data = originals["rgb.jpg"].read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with SceneReader(open_scene(tmp_path / "a.jpg")) as reader:
        for _ in range(3):
            with pytest.raises(ImageryError, match="truncated or damaged"):
                reader.read(0, 150, 50, 50)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # rasterio's log of bytes in no code page
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    ),
    in_header=st.booleans(),
)
def test_any_damage_is_an_imagery_error_or_an_image(
    tmp_path: Path, originals: dict[str, Path], name: str, changes: list[tuple[float, int]], in_header: bool
) -> None:
    data = bytearray(originals[name].read_bytes())
    reach = 500 if in_header else len(data)
    for where, value in changes:
        data[int(where * reach)] = value
    path = tmp_path / name
    path.write_bytes(data)
    with suppress(ImageryError):
        scene = open_scene(path)
        with SceneReader(scene) as reader:
            chip = reader.read(-5, -5, 64, 64)
        assert chip.rgb().shape == (64, 64, 3)
        scene.grid.bbox()


def test_settings_hold_within_the_block_only(tmp_path: Path) -> None:
    Image.fromarray(noise(8, 8)).save(tmp_path / "a.png")
    with rasterio.Env(GDAL_PAM_ENABLED=True, GDAL_NUM_THREADS="3"):
        with raster_env():
            assert rasterio.env.getenv()["GDAL_NUM_THREADS"] == "1"
            assert get_gdal_config("GDAL_CACHEMAX") == 64 * 2**20  # bytes
            assert rasterio.env.getenv()["GDAL_DISABLE_READDIR_ON_OPEN"] == "EMPTY_DIR"
        assert rasterio.env.getenv()["GDAL_NUM_THREADS"] == "3"
        assert "GDAL_DISABLE_READDIR_ON_OPEN" not in rasterio.env.getenv()
    with open_raster(tmp_path / "a.png"):
        pass
    with pytest.warns(NotGeoreferencedWarning):  # silenced inside, not for everybody
        rasterio.open(tmp_path / "a.png").close()


def test_no_output_where_nobody_set_up_logging(tmp_path: Path, originals: dict[str, Path]) -> None:
    data = originals["rgb.tif"].read_bytes()
    (tmp_path / "a.tif").write_bytes(data[: len(data) // 2])
    code = """
import sys
from rsvlm.imagery import ImageryError, SceneReader, open_scene
try:
    with SceneReader(open_scene(sys.argv[1])) as reader:
        reader.read(0, 0, 200, 200)
except ImageryError:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.tif")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("refused", "")


def test_files_inside_a_zip(tmp_path: Path) -> None:
    source = write_tif(tmp_path / "a.tif", noise(1, 30, 30))
    rasterio.shutil.copy(source, tmp_path / "band.jp2", driver="JP2OpenJPEG", REVERSIBLE="YES", QUALITY="100")
    archive = tmp_path / "a product.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(tmp_path / "band.jp2", "P.SAFE/IMG/band.jp2")
        file.writestr("P.SAFE/evil.jp2", VRT.format(side=9, source="/etc/passwd"))
    with raster_env():
        with (
            open_dataset(zip_path(archive, "P.SAFE/IMG/band.jp2")) as zipped,
            open_dataset(str(tmp_path / "band.jp2")) as plain,
        ):
            np.testing.assert_array_equal(zipped.read(), plain.read())
        with pytest.raises(ImageryError, match="is refused: it is a GDAL VRT"):
            open_dataset(zip_path(archive, "P.SAFE/evil.jp2"))
        with pytest.raises(ImageryError, match="cannot be read"):
            open_dataset(zip_path(archive, "missing.jp2"))
        with pytest.raises(ImageryError, match="virtual path"):
            open_dataset(zip_path(Path("/vsicurl/http://192.0.2.1/a.zip"), "a.jp2"))
