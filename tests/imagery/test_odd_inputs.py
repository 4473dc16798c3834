"""Odd images: each gives pixels or one line that says why not, whichever way it is read."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rasters import noise, write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import (
    Band,
    ChipReader,
    Grid,
    ImageryError,
    Scene,
    SceneReader,
    find_scenes,
    open_scene,
    read_rgb,
)

WIDE = 20_000
RNG = np.random.default_rng(0)
COLOURS = Image.fromarray(noise(12, 15, 3))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colours: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG with any header, true or not."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def packed(depth: int) -> bytes:
    """A grey PNG of 1, 2, 4 or 16 bits, 13 x 9."""
    length = (13 * depth + 7) // 8
    return png(13, 9, depth, 0, b"".join(b"\0" + RNG.bytes(length) for _ in range(9)))


def saved(image: Image.Image, **options: Any) -> Callable[[Path], None]:
    return lambda path: image.save(path, **options)


def raster(pixels: np.ndarray, **options: object) -> Callable[[Path], None]:
    return lambda path: (write_tif(path, pixels, **options), None)[1]


def content(data: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(data), None)[1]


def rgba(alpha: np.ndarray) -> Image.Image:
    image = COLOURS.convert("RGBA")
    image.putalpha(Image.fromarray(alpha))
    return image


def sar(dtype: str) -> np.ndarray:
    pixels: np.ndarray = noise(2, 30, 20, dtype=dtype, low=-3000, high=100)
    pixels[:, :4] = -9999
    return pixels


GAPS = np.full((1, 9, 9), np.nan, dtype="float32")
READ: dict[str, Callable[[Path], None]] = {
    "palette.png": saved(COLOURS.convert("P")),
    "palette of 16.png": saved(COLOURS.quantize(16)),
    "palette with a gap.png": saved(COLOURS.quantize(5), transparency=bytes([0, 128, 255, 255, 255])),
    "palette.tif": saved(COLOURS.convert("P")),
    "alpha.png": saved(rgba(noise(12, 15, high=2) * 255)),
    "soft alpha.png": saved(rgba(noise(12, 15))),
    "all transparent.png": saved(rgba(np.zeros((12, 15), dtype="uint8"))),
    "la.png": saved(rgba(noise(12, 15)).convert("LA")),
    "cmyk.jpg": saved(COLOURS.convert("CMYK")),
    "cmyk.tif": raster(noise(4, 9, 9), photometric="CMYK"),
    "lab.tif": saved(COLOURS.convert("LAB")),
    "grey.jpg": saved(COLOURS.convert("L")),
    "1 bit.png": saved(COLOURS.convert("1")),
    "1 bit.tif": saved(COLOURS.convert("1"), compression="group4"),
    "2 bits.png": content(packed(2)),
    "4 bits.png": content(packed(4)),
    "16 bits.png": content(packed(16)),
    "12 bits.tif": raster(noise(1, 9, 9, dtype="uint16", high=4096), nbits=12),
    "0 is white.tif": raster(noise(1, 9, 9), photometric="MINISWHITE"),
    "several pages.tif": saved(COLOURS, save_all=True, append_images=[COLOURS]),
    "animated.png": saved(
        COLOURS, save_all=True, append_images=[COLOURS.transpose(Image.Transpose.ROTATE_180)]
    ),
    "1 pixel.png": saved(Image.new("RGB", (1, 1), (9, 8, 7))),
    "1 pixel.jpg": saved(Image.new("RGB", (1, 1), (9, 8, 7))),
    "1 pixel.tif": raster(noise(1, 1, 1, dtype="uint16")),
    "wide.png": saved(Image.fromarray(noise(2, WIDE, 3))),
    "wide.jpg": saved(Image.new("RGB", (WIDE, 2), (9, 99, 200))),
    "wide.tif": raster(noise(3, 2, WIDE)),
    "tall.png": saved(Image.new("L", (1, WIDE), 7)),
    "panchromatic.tif": raster(noise(1, 40, 30, dtype="uint16", high=2047)),
    "radar.tif": raster(sar("int16"), nodata=-9999, descriptions=["VV", "VH"]),
    "radar in decibels.tif": raster(sar("float32") / 100, nodata=-99.99, descriptions=["VV", "VH"]),
    "nothing but gaps.tif": raster(GAPS),
    "infinite.tif": raster(np.full_like(GAPS, np.inf)),
    "one value.tif": raster(np.full((1, 9, 9), 5, dtype="uint16")),
    "one huge integer.tif": raster(np.full((1, 9, 9), 2**60, dtype="int64")),
    "one huge number.tif": raster(np.full((1, 9, 9), 1e300)),
    "signed bytes.tif": raster(noise(1, 9, 9, dtype="int8", low=-100, high=100)),
    "a bomb of text.png": content(
        png(13, 9, 8, 0, bytes(14 * 9), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**25))))
    ),
    "Größe 日本.jpg": saved(COLOURS),
    "Größe 日本.tif": raster(noise(3, 9, 9)),
    "a jpeg.png": lambda path: COLOURS.save(path, format="JPEG"),
}


@pytest.mark.filterwarnings("ignore:Palette images with Transparency:UserWarning")
@pytest.mark.parametrize("name", READ)
def test_a_picture_comes_of_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    READ[name](path)
    scene = open_scene(path)
    width, height = scene.grid.width, scene.grid.height
    with SceneReader(scene) as reader:
        chip = reader.read(0, 0, width, height)
    image = chip.rgb()
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8
    assert (image[~chip.valid] == 0).all()
    shown = read_rgb(scene, 0, 0, width, height)
    if path.suffix != ".jpg" and name != "a jpeg.png":
        np.testing.assert_array_equal(shown, image)
    with ChipReader() as many:
        np.testing.assert_array_equal(many.rgb(scene, (0, 0, width, height)), shown)
    if path.suffix != ".tif" and chip.valid.all() and scene.dtype == "uint8" and "bomb" not in name:
        with Image.open(path) as opened:
            np.testing.assert_array_equal(shown, np.asarray(opened.convert("RGB")))


def test_few_bits_and_white_zeros_are_shown_right(tmp_path: Path) -> None:
    """GDAL gives 0 and 1 for a picture of one bit, and the stored values where 0 is white."""
    for name in ("1 bit.png", "2 bits.png", "4 bits.png", "0 is white.tif"):
        READ[name](tmp_path / name)
        with Image.open(tmp_path / name) as image:
            expected = np.asarray(image.convert("RGB"))
        scene = open_scene(tmp_path / name)
        np.testing.assert_array_equal(
            read_rgb(scene, 0, 0, scene.grid.width, scene.grid.height), expected, err_msg=name
        )
    assert open_scene(tmp_path / "1 bit.png", stretch="none").stretch is None


def jpeg_claiming(width: int, height: int) -> bytes:
    file = io.BytesIO()
    COLOURS.save(file, "JPEG")
    data = bytearray(file.getvalue())
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "animated.gif": (
        saved(COLOURS, save_all=True, append_images=[COLOURS]),
        "it is a GIF, which can be converted",
    ),
    "gif.png": (lambda path: COLOURS.save(path, format="GIF"), "it is a GIF"),
    "a.webp": (saved(COLOURS), "it is a WebP picture"),
    "a.bmp": (saved(COLOURS), "it is a BMP picture"),
    "a.heic": (content(b"\0\0\0\x18ftypheic" + bytes(40)), "it is a HEIC picture"),
    "a.avif": (content(b"\0\0\0\x18ftypavif" + bytes(40)), "it is an AVIF picture"),
    "text.png": (content(b"hello"), "its first bytes are b'hello'"),
    "page.jpg": (content(b"<html>404</html>"), "it is XML or HTML"),
    "empty.png": (content(b""), "is empty (0 bytes)"),
    "complex.tif": (raster(np.ones((1, 9, 9), dtype="complex64")), "complex64 values: convert it"),
    "five bands.tif": (raster(noise(5, 9, 9)), "does not say what its 5 bands are"),
    "near infrared.tif": (raster(noise(4, 9, 9)), "--sensor naip"),
    "bomb.jpg": (content(jpeg_claiming(65_000, 65_000)), "claims 65,000 x 65,000 pixels"),
    "bomb.png": (content(png(10**6, 10**6, 8, 2, b"")), "claims 1,000,000 x 1,000,000 pixels"),
    "liar.png": (content(png(20_000, 20_000, 8, 2, bytes(9))), "at most 1,073,741,824 are read at once"),
    "smaller liar.png": (content(png(2_000, 2_000, 8, 2, bytes(9))), "truncated or damaged"),
    "liar.jpg": (content(jpeg_claiming(3_000, 3_000)), "truncated or damaged"),
    "no pixels.jpg": (content(jpeg_claiming(0, 9)), "truncated or damaged"),
    "no pixels.png": (content(png(0, 9, 8, 2, b"")), "truncated or damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_line_says_why_not(tmp_path: Path, name: str) -> None:
    make, words = REFUSED[name]
    path = tmp_path / name
    make(path)
    messages = []
    for read in (by_scene_reader, by_one_call, by_chip_reader):
        with pytest.raises(ImageryError) as raised:
            read(path)
        messages.append(str(raised.value))
    assert words in messages[0]
    assert "\n" not in "".join(messages)
    assert len(set(messages)) == 1


def by_scene_reader(path: Path) -> None:
    scene = open_scene(path)
    with SceneReader(scene) as reader:
        reader.read(0, 0, scene.grid.width, scene.grid.height).rgb()


def by_one_call(path: Path) -> None:
    scene = open_scene(path)
    read_rgb(scene, 0, 0, scene.grid.width, scene.grid.height)


def by_chip_reader(path: Path) -> None:
    scene = open_scene(path)
    with ChipReader() as reader:
        reader.rgb(scene, (0, 0, scene.grid.width, scene.grid.height))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.97])
def test_files_that_end_early(tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise(60, 60, 3)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ImageryError, match="truncated or damaged") as raised:
        by_one_call(path)
    assert "\n" not in str(raised.value)


def test_a_window_that_no_memory_holds_is_refused_before_any_is_taken() -> None:
    scene = Scene("a.tif", "a", Grid(100_000, 100_000), (Band("gray", "a.tif"),), "uint8", ("gray",))
    with (
        SceneReader(scene) as reader,
        pytest.raises(
            ImageryError, match=r"100,000 x 100,000 pixels of a takes 10,000,000,000 .* smaller chips"
        ),
    ):
        reader.read(0, 0, 100_000, 100_000)


def test_a_folder_of_odd_files_is_searched_to_its_end(tmp_path: Path) -> None:
    for name, (make, _) in REFUSED.items():
        make(tmp_path / name)
    for name, make in READ.items():
        make(tmp_path / name)
    scenes, failures = find_scenes([tmp_path])
    assert {Path(scene.path).name for scene in scenes} >= READ.keys() - {"Größe 日本.jpg", "a jpeg.png"}
    assert all(failure.reason and "\n" not in failure.reason for failure in failures)


def test_odd_real_images(data_dir: Path) -> None:
    paths = [data_dir / "spacenet-atlanta" / "image.tif"]
    paths += sorted((data_dir / "sen1floods11" / "S1").glob("*.tif"))
    for path in paths:
        scene = open_scene(path, sensor="sentinel-1" if "S1" in path.parts else None)
        image = read_rgb(scene, 0, 0, 300, 200)
        assert image.shape == (200, 300, 3)
        assert (image[..., 0] == image[..., 2]).all()
        assert 20 < image.mean() < 230
