"""Parsed extracts on disk."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from drawing import RING, SQUARE, osm_text, write  # type: ignore[import-not-found]

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.osm import default_cache, open_cached, read_objects
from rsvlm.captioning.osm import parse as parse_module
from rsvlm.captioning.osm import read as read_module
from rsvlm.captioning.osm.cache import VERSION


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    path: Path = write(
        tmp_path / "a.osm", osm_text(SQUARE, ways={1: (RING, {"building": "yes", "zzz": "1"})})
    )
    return path


def parsed_again(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count parsing from here on."""
    calls: list[Path] = []

    def counting(path: Path, *rest: object) -> object:
        calls.append(path)
        return parse_module.read_osm(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setitem(read_module._READERS, ".osm", counting)
    return calls


def test_the_second_reading_comes_from_the_cache(
    extract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_objects(extract, cache=tmp_path / "cache")
    calls = parsed_again(monkeypatch)
    again = read_objects(extract, cache=tmp_path / "cache")
    assert calls == []
    assert first.path is not None
    assert open_cached(first.path) == again == first
    assert again.unknown == {"zzz=1": 1}
    assert read_objects(extract).table.equals(again.table)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".arrow"]


def test_content_and_extents_make_the_key_not_the_name(extract: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    copy = tmp_path / "copy.osm"
    copy.write_bytes(extract.read_bytes())
    other = write(tmp_path / "b.osm", extract.read_text(encoding="utf-8").replace("way id='1'", "way id='2'"))
    boxes = [(0.0, 0.0, 1.0, 1.0), (2.0, 2.0, 3.0, 3.0)]
    paths = [
        read_objects(extract, cache=cache).path,
        read_objects(extract, cache=cache, extents=boxes).path,
        read_objects(other, cache=cache).path,
    ]
    assert len(set(paths)) == 3
    assert read_objects(copy, cache=cache).path == paths[0]
    assert read_objects(extract, cache=cache, extents=boxes[::-1]).path == paths[1]


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign", "middle", "version"])
def test_a_torn_or_foreign_cache_file_is_made_again(extract: Path, tmp_path: Path, damage: str) -> None:
    table = read_objects(extract, cache=tmp_path / "cache")
    path, rows = table.path, table.table.to_pylist()
    assert path is not None
    content = path.read_bytes()
    del table
    if damage == "foreign":
        with (
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_file(file, pa.schema([("a", pa.int8())])) as writer,
        ):
            writer.write_table(pa.table({"a": pa.array([1], pa.int8())}))
    else:
        broken = {
            "cut": content[: len(content) // 2],
            "empty": b"",
            "middle": content.replace(b"building", b"build\xff\xfe\xff"),
            "version": content.replace(f'{{"version": {VERSION},'.encode(), b'{"version": 0,'),
        }
        assert broken[damage] != content
        path.write_bytes(broken[damage])
        if damage != "middle":
            with pytest.raises(CaptioningError, match="delete it"):
                open_cached(path)
    assert read_objects(extract, cache=tmp_path / "cache").table.to_pylist() == rows
    assert open_cached(path).table.to_pylist() == rows


def test_several_processes_at_once(extract: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from rsvlm.captioning.osm import read_objects
print(read_objects({str(extract)!r}, cache=Path({str(tmp_path / "cache")!r})).path)
"""
    jobs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, encoding="utf-8")
        for _ in range(4)
    ]
    paths = {job.communicate(timeout=120)[0].strip() for job in jobs}
    assert [job.returncode for job in jobs] == [0] * 4
    assert len(paths) == 1
    assert len(open_cached(Path(paths.pop()))) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_told(extract: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file where the folder should be")
    with pytest.raises(CaptioningError, match="RSVLM_CACHE"):
        read_objects(extract, cache=tmp_path / "cache")


def test_the_default_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path))
    assert default_cache() == tmp_path / "osm"
    monkeypatch.delenv("RSVLM_CACHE")
    assert default_cache().name == "osm"
    assert "rsvlm" in str(default_cache())
