"""One shard: tar and parquet, together, the same bytes each time."""

import dataclasses
import json
import math
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made_pairs import pair  # type: ignore[import-not-found]

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import ShardWriter
from rsvlm.captioning.dataset.writer import ROW_GROUP


def test_the_same_pairs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with ShardWriter(tmp_path / name, 7) as writer:
            for number in range(ROW_GROUP + 20):
                writer.add(pair(number))
    for file in ("00007.tar", "00007.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert writer.stats()["files"] == {
        file: (tmp_path / "b" / file).stat().st_size for file in ("00007.tar", "00007.parquet")
    }


def test_the_tar_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(pair(1))
    with tarfile.open(tmp_path / "00000.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == [
        f"town_00001.{suffix}" for suffix in ("jpg", "json", "txt")
    ]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {(0, 0, 0, "", "", 0o644)}


def test_text_is_compressed_and_images_are_not(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        for number in range(3):
            writer.add(pair(number))
    group = pq.ParquetFile(tmp_path / "00000.parquet").metadata.row_group(0)
    codecs = {group.column(i).path_in_schema: group.column(i).compression for i in range(group.num_columns)}
    assert codecs.pop("image.bytes") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}


def test_counts(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(pair(1))
        writer.add(pair(2, image=False, verified=False))
    stats = writer.stats()
    assert (stats["pairs"], stats["images"], stats["verified"]) == (2, 1, 1)
    assert stats["styles"] == {"natural": 2, "skyscript": 2, "skyscript-multi": 2}
    assert [(entry["name"], entry["more"], entry["pairs"]) for entry in stats["credits"]] == [
        ("ESA WorldCover 2021", False, 2),
        ("OpenStreetMap", False, 2),
        ("scene_1.tif", True, 2),
    ]


def test_one_pair_is_counted_as_a_number(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(pair(1))
    counts = {name: writer.stats()[name] for name in ("pairs", "images", "verified")}
    assert json.dumps(counts) == '{"pairs": 1, "images": 1, "verified": 1}'


def test_a_pair_without_image_is_text_alone(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(pair(1, image=False))
    with tarfile.open(tmp_path / "00000.tar") as tar:
        assert tar.getnames() == ["town_00001.json", "town_00001.txt"]
    assert pq.read_table(tmp_path / "00000.parquet")["image"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "a.b"}, "letters, digits"),
        ({"key": "Sào_Tomé"}, "letters, digits"),
        ({"key": "a/b"}, "letters, digits"),
        ({"key": "k" * 91}, "1 to 90"),
        ({"key": ""}, "letters, digits"),
        ({"key": "TOWN_00001"}, "keys must be unique"),
        ({"format": "tif"}, "use 'jpg' or 'png'"),
        ({"caption": "lone \ud800"}, "cannot be stored"),
        ({"score": math.nan}, "cannot be stored"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_leaves_no_trace(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        writer.add(pair(1))
        with pytest.raises(CaptioningError, match=message):
            writer.add(dataclasses.replace(pair(2), **change))
        writer.add(pair(3))
    assert pq.read_table(tmp_path / "00000.parquet")["key"].to_pylist() == ["town_00001", "town_00003"]
    with tarfile.open(tmp_path / "00000.tar") as tar:
        assert len(tar.getnames()) == 6


def test_an_error_leaves_neither_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="torn"), ShardWriter(tmp_path, 0) as writer:
        _add_and_fail(writer)
    assert list(tmp_path.iterdir()) == []


def _add_and_fail(writer: ShardWriter) -> None:
    writer.add(pair(1))
    raise RuntimeError("torn")


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, 0) as writer:
        pass
    assert writer.stats()["pairs"] == 0
    assert pq.read_table(tmp_path / "00000.parquet").num_rows == 0
