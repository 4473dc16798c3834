"""Tar files that would take all memory, or have something unpickled."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from rsvlm.pretraining import PretrainingError
from rsvlm.pretraining.data.reading import read_pairs_source
from rsvlm.pretraining.data.tars import LARGEST


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (20, 120, 40)).save(file, "JPEG")
    return file.getvalue()


def made(place: Path, **others: bytes) -> Path:
    """Three pairs, and other members."""
    members = {
        f"{n}.{ending}": content
        for n in range(3)
        for ending, content in (("jpg", jpeg()), ("txt", b"a wood"))
    }
    with tarfile.open(place, "w") as tar:
        for name, content in (members | others).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return place


def test_pairs_are_read(tmp_path: Path) -> None:
    assert len(list(read_pairs_source(str(made(tmp_path / "a.tar"))))) == 3


@pytest.mark.parametrize("streaming", [False, True])
def test_what_a_member_claims_is_looked_at_before_it_is_read(tmp_path: Path, streaming: bool) -> None:
    info = tarfile.TarInfo("3.jpg")
    info.size = LARGEST + 1
    place = made(tmp_path / "a.tar")
    with place.open("r+b") as file:
        file.seek(-10240, io.SEEK_END)  # where the file's end is marked
        file.write(info.tobuf())
    with pytest.raises(PretrainingError, match=r"a\.tar: 3\.jpg claims 268,435,457 bytes"):
        read_pairs_source(str(place), streaming=streaming)


@pytest.mark.parametrize("name", ["0.pth", "2.x.npy", "1.PICKLE"])
def test_what_would_be_unpickled_is_refused(tmp_path: Path, name: str) -> None:
    place = made(tmp_path / "a.tar", **{name: b"cos\nsystem\n(S'true'\ntR."})
    with pytest.raises(PretrainingError, match="may hold a pickle: leave it out") as told:
        read_pairs_source(str(place))
    assert name in str(told.value)


def test_a_compressed_one_is_told(tmp_path: Path) -> None:
    place = tmp_path / "a.tar"
    place.write_bytes(gzip.compress(made(tmp_path / "b.tar").read_bytes()))
    with pytest.raises(PretrainingError, match=r"is compressed: unpack it to a plain \.tar"):
        read_pairs_source(str(place))


def test_one_without_members_holds_no_pairs(tmp_path: Path) -> None:
    place = tmp_path / "a.tar"
    place.write_bytes(bytes(10240))
    with pytest.raises(PretrainingError, match="holds no pairs"):
        read_pairs_source(str(place))
