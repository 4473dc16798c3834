"""Bytes of more than 8 bits a value are shown as their file is."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import Affine

from rsvlm.datasets import DatasetError, open_picture, read_eval_set
from rsvlm.imagery import ChipReader


def bands(n: int, kind: Any) -> NDArray[Any]:
    """As a satellite stores them: far below the highest number that there is room for."""
    return np.random.default_rng(n).integers(200, 3000, (n, 24, 32)).astype(kind)


def geotiff(path: Path, values: NDArray[Any], **profile: Any) -> Path:
    n, height, width = values.shape
    place = {"crs": "EPSG:32632", "transform": Affine(10, 0, 500_000, 0, -10, 5_000_000)}
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=n, dtype=values.dtype, **place, **profile
    ) as file:
        file.write(values)
    return path


def deep_files(folder: Path) -> dict[str, Path]:
    files = {
        "grey.png": folder / "grey.png",
        "rgb by pixel": geotiff(folder / "a.tif", bands(3, np.uint16), photometric="RGB", interleave="pixel"),
        "rgb by band": geotiff(folder / "b.tif", bands(3, np.uint16), photometric="RGB", interleave="band"),
        "grey": geotiff(folder / "c.tif", bands(1, np.uint16)),
        "floats": geotiff(folder / "d.tif", bands(3, np.float32) / 10_000, photometric="RGB"),
    }
    Image.fromarray(bands(1, np.uint16)[0]).save(files["grey.png"])
    with rasterio.open(
        folder / "rgb.png", "w", driver="PNG", width=32, height=24, count=3, dtype="uint16",
        transform=Affine(10, 0, 500_000, 0, -10, 5_000_000),
    ) as file:  # fmt: skip
        file.write(bands(3, np.uint16))
    return files | {"rgb.png": folder / "rgb.png"}


def test_bytes_and_path_give_the_same_pixels(tmp_path: Path) -> None:
    files = deep_files(tmp_path)
    images = [{"bytes": path.read_bytes(), "path": name} for name, path in files.items()]
    pq.write_table(pa.table({"image": images}), tmp_path / "deep.parquet")
    found = read_eval_set(tmp_path / "deep.parquet")
    with ChipReader() as reader:
        for (name, path), image in zip(files.items(), found.images, strict=True):
            by_path = np.asarray(open_picture(str(path), reader))
            by_bytes = np.asarray(open_picture(image, reader))
            assert np.array_equal(by_path, by_bytes), name
            assert by_bytes.shape == (24, 32, 3)
            assert 100 < by_bytes.mean() < 160, name  # stretched, and neither black nor white


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_what_is_transparent_is_black_by_path_as_bytes_and_in_memory(tmp_path: Path, form: str) -> None:
    pixels = np.full((24, 32, 4), 255, np.uint8)
    pixels[:18, :, 3] = 0
    path = tmp_path / f"a.{form.lower()}"
    Image.fromarray(pixels).save(path, form)
    with ChipReader() as reader, Image.open(path) as opened:
        for image in (str(path), path.read_bytes(), opened):
            assert np.asarray(open_picture(image, reader)).mean() == 63.75


def test_options_of_opening_hold_for_bytes(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", bands(3, np.uint16), photometric="RGB")
    opening = {"stretch": "0..10000"}
    with ChipReader() as reader:
        dark = np.asarray(open_picture(path.read_bytes(), reader, opening))
        assert np.array_equal(dark, np.asarray(open_picture(str(path), reader, opening)))
        assert dark.mean() < 60


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pictures_of_8_bits_stay_as_they_are(mode: str, kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    picture, file = Image.fromarray(pixels).convert(mode), io.BytesIO()
    picture.save(file, kind)
    with ChipReader() as reader:
        shown = np.asarray(open_picture(file.getvalue(), reader))
    assert np.array_equal(shown, np.asarray(picture.convert("RGB")))


def test_what_is_damaged_is_told_in_one_line(tmp_path: Path) -> None:
    content = geotiff(
        tmp_path / "a.tif", bands(3, np.uint16), photometric="RGB", interleave="band"
    ).read_bytes()
    with ChipReader() as reader:
        with pytest.raises(
            DatasetError, match=r"^3000 bytes are no image that can be read \(the image cannot be read"
        ):
            open_picture(content[:3000], reader)
        for broken in (b"II*\0", b"\x89PNG\r\n\x1a\n", b"", b"II*\0" + b"\xff" * 40):
            with pytest.raises((DatasetError, OSError)):
                open_picture(broken, reader)
