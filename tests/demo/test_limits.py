"""What is taken as an upload, and what is refused, each in one line that names no path."""

import errno
import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning

from rsvlm.demo import DemoError, Limits
from rsvlm.demo.limits import discard, read_size, store_upload

VRT = b'<VRTDataset rasterXSize="8" rasterYSize="8"><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>'


def refused(tmp_path: Path, name: str, content: bytes, limits: Limits = Limits()) -> str:  # noqa: B008 - frozen
    """Why a file is refused; nothing of it stays."""
    (tmp_path / "upload").write_bytes(content)
    kept = tmp_path / "kept"
    kept.mkdir(exist_ok=True)
    with pytest.raises(DemoError) as error:
        store_upload(tmp_path / "upload", name, kept, limits)
    assert list(kept.iterdir()) == []
    message = str(error.value)
    assert str(tmp_path) not in message
    assert "\n" not in message
    return message


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scene.tif", VRT),
        ("picture.png", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("picture.jpg", b"<!doctype html><script>alert(1)</script>"),
        ("list.tif", b"image\n/etc/hostname\n"),
        ("../../etc/passwd", b"root:x:0:0"),
        ("notes.txt", b"hello"),
        ("scene.tif", b"GIF89a" + bytes(30)),
        ("empty.tif", b""),
    ],
)
def test_what_is_no_image_by_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    message = refused(tmp_path, name, content)
    assert "by its content" in message
    assert "/" not in message.split(" is no ")[0]


def test_a_zip_bomb(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.tif", bytes(50_000_000))
    assert "by its content" in refused(tmp_path, "image.tif", (tmp_path / "bomb.zip").read_bytes())


def test_a_picture_that_claims_too_many_pixels(tmp_path: Path) -> None:
    message = refused(tmp_path, "bomb.png", png_that_claims(20_000, 20_000))
    assert "20,000 x 20,000 pixels" in message
    assert "bomb.png" in message


def test_a_raster_that_claims_too_many_pixels_or_bands(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "dtype": "uint8", "tiled": True, "sparse_ok": True, "compress": "deflate"}
    for name, side, count, kind in (
        ("wide", 8192, 3, "uint8"),
        ("deep", 1024, 300, "uint8"),
        ("long", 4096, 4, "float64"),
    ):
        with pytest.warns(NotGeoreferencedWarning):
            rasterio.open(
                tmp_path / name, "w", width=side, height=side, count=count, **(profile | {"dtype": kind})
            ).close()
    assert "8,192 x 8,192 pixels" in refused(tmp_path, "wide.tif", (tmp_path / "wide").read_bytes())
    assert "in 300 bands" in refused(tmp_path, "deep.tif", (tmp_path / "deep").read_bytes())
    assert "pixels of 64 bits" in refused(tmp_path, "long.tif", (tmp_path / "long").read_bytes())


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    message = refused(tmp_path, "large.tif", b"II*\0" + bytes(2**20), Limits(upload=2**20))
    assert message == "large.tif has 1 MB; at most 1 MB are taken"


def test_a_truncated_picture(tmp_path: Path, picture: Path) -> None:
    assert "broken.png" in refused(tmp_path, "broken.png", picture.read_bytes()[:20])


def test_a_picture_is_kept_under_a_name_of_ours_alone(tmp_path: Path, picture: Path) -> None:
    (picture.parent / "green.pgw").write_text("1\n0\n0\n-1\n10\n50\n", encoding="ascii")
    kept = store_upload(picture, "C:\\photos\\harbour.png", tmp_path, Limits())
    assert kept.name == "image.png"
    assert list(kept.parent.iterdir()) == [kept]
    with Image.open(kept) as image:
        assert image.size == (64, 48)
    discard(kept)
    assert not kept.parent.exists()
    assert picture.exists()


def test_two_users_send_the_same_file(tmp_path: Path, picture: Path) -> None:
    first, second = (store_upload(picture, "a.png", tmp_path, Limits()) for _ in range(2))
    discard(first)
    with Image.open(second) as image:
        assert np.asarray(image).shape == (48, 64, 3)


def test_an_upload_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"a\.png cannot be kept"):
        store_upload(tmp_path / "gone.png", "a.png", tmp_path, Limits())


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(shutil, "copyfile", half)
    assert refused(tmp_path, "a.png", picture.read_bytes()) == "a.png cannot be kept: No space left on device"


def test_sizes() -> None:
    assert read_size("50MB") == 50 * 2**20
    assert read_size(" 1 GiB ") == 2**30
    assert read_size("4096") == 4096
    for wrong in ("", "MB", "-1MB", "0", "1.5MB", "9e9"):
        with pytest.raises(DemoError, match="write a number"):
            read_size(wrong)
