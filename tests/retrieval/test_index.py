"""An index outlives whoever is killed while changing it, and refuses what is damaged or hostile."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import index_writer as writer  # type: ignore[import-not-found] # beside this file
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from rsvlm.retrieval import Index, RetrievalError, verifying
from rsvlm.retrieval.filerecords import record_of


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Thirty rows, some of them removed."""
    vectors = np.random.default_rng(0).normal(size=(30, 8))
    index = Index.from_vectors(
        tmp_path / "index", vectors, [{"key": f"k{n}"} for n in range(30)], encoder="test"
    )
    index.remove(["k3", "k7"])
    return index


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_whoever_is_killed_leaves_the_old_index_or_the_new_one(tmp_path: Path, times: int) -> None:
    draw, known = random.Random(times), list(writer.states())
    for number in range(times):
        folder = tmp_path / str(number)
        process = subprocess.Popen(
            [sys.executable, writer.__file__, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        # of every third run the making itself, of the others some change
        for _ in range(0 if number % 3 == 0 else draw.randint(1, writer.CHANGES - 2)):
            process.stdout.readline()
        if number % 3 == 0:
            while not folder.exists() and process.poll() is None:
                time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

        if number % 3 == 0 and not (folder / "manifest.json").exists():
            writer.Index.from_vectors(folder, np.eye(4), [{"key": str(n)} for n in range(4)], encoder="again")
            continue
        index = Index(folder)
        assert index.verify() == []
        state = known[index.manifest.change - 1]
        table = index.search_vectors(np.ones((1, writer.DIMENSION)), k=10_000)[0]
        assert sorted(table.keys) == sorted(state)
        for row, key in zip(table.numbers[:20], table.keys[:20], strict=True):
            vector = writer.vector_of(key, state[key])
            [nearest] = index.search_vectors(vector[None], k=1)
            assert nearest.keys == [key]
            assert nearest.numbers[0] == row
        index.add_vectors(np.ones((1, writer.DIMENSION)), [{"key": "after"}])  # and it can be changed
        assert index.verify() == []
        assert {path.name for path in (folder / "parts").iterdir()} == {
            part.name for part in index.manifest.parts
        }


def test_a_flipped_byte_is_found_in_every_file(index: Index) -> None:
    files = [path for path in index.folder.rglob("*") if path.is_file() and path.name != ".lock"]
    assert sorted(path.name for path in files) == [
        "manifest.json",
        "removed-2.bits",
        "rows.parquet",
        "vectors.f32",
    ]
    for file in files:
        written = file.read_bytes()
        for place in (0, len(written) // 2, len(written) - 1):
            flipped = bytearray(written)
            flipped[place] ^= 1
            file.write_bytes(flipped)
            if file.name == "manifest.json":
                with pytest.raises(RetrievalError, match=r"manifest\.json: "):
                    index.verify()
            else:
                assert [str(file) in problem for problem in index.verify()] == [True]
        file.write_bytes(written)
        assert index.verify() == []


@pytest.mark.parametrize("name", ["vectors.f32", "rows.parquet", "removed-2.bits"])
def test_a_file_that_was_cut_off_or_is_gone_is_refused_by_name(index: Index, name: str) -> None:
    [file] = index.folder.rglob(name)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RetrievalError, match=f"{name}.* bytes"):
        Index(index.folder)
    file.unlink()
    with pytest.raises(RetrievalError, match=f"{name}: is missing"):
        Index(index.folder)


def test_a_second_writer_is_refused(index: Index) -> None:
    with (
        FileLock(index.folder / ".lock"),
        pytest.raises(RetrievalError, match="another process is changing it"),
    ):
        index.remove(["k1"])
    assert index.remove(["k1"]) == 1


def test_a_reader_sees_the_index_as_it_was_opened(index: Index) -> None:
    reader = Index(index.folder)
    index.remove(f"k{n}" for n in range(30) if n not in (3, 7, 20))
    index.add_vectors(np.ones((2, 8)), [{"key": "new"}, {"key": "k20"}])

    [before] = reader.search_vectors(np.ones((1, 8)), k=100)
    assert sorted(before.keys) == sorted(f"k{n}" for n in range(30) if n not in (3, 7))
    reader.refresh()
    assert sorted(reader.search_vectors(np.ones((1, 8)), k=100)[0].keys) == ["k20", "new"]


@pytest.mark.parametrize("at", [0, 2])
def test_what_another_process_writes_meanwhile_is_no_damage(
    index: Index, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Between two files, and within one that is gone when it shall be read."""
    seen: list[Path] = []

    def recorded(file: Path) -> Any:
        seen.append(file)
        if len(seen) == at + 1:
            Index(index.folder).remove(["k1"])
            Index(index.folder).add_vectors(np.ones((20, 8)), [{"key": f"n{n}"} for n in range(20)])
        return record_of(file)

    index.label(_labels(index, "k2"))
    monkeypatch.setattr(verifying, "record_of", recorded)
    assert verifying.verify(index.folder) == []
    assert len({*seen}) >= len(seen) - 1, "a file that is whole is read once"


def test_damage_is_found_also_where_another_process_writes(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = index.folder.rglob("vectors.f32")
    file.write_bytes(bytes(file.stat().st_size))

    def recorded(file: Path) -> Any:
        other = Index(index.folder)
        other.remove([next(other.tables())["key"][0].as_py()])
        return record_of(file)

    monkeypatch.setattr(verifying, "record_of", recorded)
    assert any("vectors.f32: is damaged" in one for one in verifying.verify(index.folder))


def test_a_newer_row_of_a_key_takes_the_place_of_the_older(index: Index) -> None:
    index.add_vectors(-np.ones((1, 8)), [{"key": "k5", "captions": ["a newer one"]}])
    assert len(index) == 28
    [hits] = index.search_vectors(-np.ones((1, 8)), k=1)
    assert hits.to_list()[0]["captions"] == ["a newer one"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"parts": [{"name": "../../etc"}]}, "is damaged .*parts.0.name"),
        ({"parts": [{"name": "00001/../.."}]}, "is damaged .*parts.0.name"),
        ({"parts": [{"rows": 2**50}]}, "is damaged .*parts.0.rows"),
        ({"parts": [{"rows": 2**39}]}, "is damaged .*bytes for"),
        ({"encoder": {"dimension": 9}}, "is damaged .*bytes for 30 vectors of 9 numbers"),
        ({"encoder": {"dimension": 10**9}}, "is damaged .*encoder.dimension"),
        ({"removed": {"name": "/etc/passwd"}}, "is damaged .*removed.name"),
        ({"removed": {"rows": 31}}, "is damaged .*does not fit"),
        (
            {"format": 2},
            r"json: was written by a newer rsvlm \(format 2; this one reads 1\): update rsvlm, or build",
        ),
        ({"format": "x"}, r"json: is damaged \(format 'x'"),
        ({"surprise": 1}, "is damaged .*surprise"),
    ],
)
def test_a_hostile_manifest_is_refused_before_anything_is_allocated(
    index: Index, change: dict[str, Any], says: str
) -> None:
    content = json.loads((index.folder / "manifest.json").read_text("utf-8"))
    _write_manifest(index.folder, _changed(content, change))
    with pytest.raises(RetrievalError, match=says):
        Index(index.folder)


def test_sizes_that_agree_with_one_another_but_not_with_the_files_are_refused(index: Index) -> None:
    content = json.loads((index.folder / "manifest.json").read_text("utf-8"))
    rows = 2**39
    vectors = {"rows": rows, "vectors": {"bytes": rows * 8 * 4}}
    removed = {"file": {"bytes": rows // 8}}
    _write_manifest(index.folder, _changed(content, {"parts": [vectors], "removed": removed}))
    with pytest.raises(RetrievalError, match=r"vectors\.f32: has 960 bytes, 17592186044416 were written"):
        Index(index.folder)


def _tables() -> list[tuple[Callable[[pa.Table], pa.Table | bytes], str]]:
    return [
        (lambda table: table.slice(0, 29), "has 29 rows for 30 vectors"),
        (lambda table: table.drop_columns(["captions"]), "has other columns"),
        (lambda table: b"PAR1 and nothing more PAR1", "is no table of rows"),
    ]


@pytest.mark.parametrize(("make", "says"), _tables())
def test_a_hostile_table_of_rows_is_refused(
    index: Index, make: Callable[[pa.Table], pa.Table | bytes], says: str
) -> None:
    [file] = index.folder.rglob("rows.parquet")
    made = make(pq.read_table(file))
    if isinstance(made, bytes):
        file.write_bytes(made)
    else:
        pq.write_table(made, file)
    content = json.loads((index.folder / "manifest.json").read_text("utf-8"))
    found = {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    _write_manifest(index.folder, _changed(content, {"parts": [{"table": found}]}))
    with pytest.raises(RetrievalError, match=says):
        Index(index.folder)


def test_a_link_in_place_of_a_file_is_refused(index: Index, tmp_path: Path) -> None:
    [file] = index.folder.rglob("vectors.f32")
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(RetrievalError, match=r"vectors\.f32: is missing"):
        Index(index.folder)
    assert any("is missing" in problem for problem in index.verify())


def test_bad_input_is_refused_in_a_line(index: Index, tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match=r"is no index \(no manifest.json\); make one"):
        Index(tmp_path / "nothing")
    with pytest.raises(RetrievalError, match="is an index already"):
        Index.from_vectors(index.folder, np.eye(2), [{"key": "a"}, {"key": "b"}], encoder="x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(RetrievalError, match=r"holds files of another origin \(thesis.txt\)"):
        Index.from_vectors(tmp_path / "full", np.eye(2), [{"key": "a"}, {"key": "b"}], encoder="x")
    with pytest.raises(RetrievalError, match="is no valid Unicode: name another folder"):
        Index.from_vectors(tmp_path / "b\udcff", np.eye(2), [{"key": "a"}, {"key": "b"}], encoder="x")
    with pytest.raises(RetrievalError, match="row 1 has the key 'a', which another row has"):
        index.add_vectors(np.ones((2, 8)), [{"key": "a"}, {"key": "a"}])
    with pytest.raises(RetrievalError, match="row 0 has a column 'colour'; there are key, image"):
        index.add_vectors(np.ones((1, 8)), [{"key": "a", "colour": "red"}])
    with pytest.raises(RetrievalError, match="row 1 has a window of 3 numbers: give x, y, width, height"):
        index.add_vectors(np.ones((2, 8)), [{"key": "a"}, {"key": "b", "window": [0, 0, 64]}])
    with pytest.raises(RetrievalError, match="vector 1 has no direction"):
        index.add_vectors(np.array([np.ones(8), np.zeros(8)]), [{"key": "a"}, {"key": "b"}])
    with pytest.raises(RetrievalError, match="vectors have 9 numbers, those of the index have 8"):
        index.add_vectors(np.ones((1, 9)), [{"key": "a"}])
    with pytest.raises(RetrievalError, match="2 vectors for 1 rows"):
        index.add_vectors(np.ones((2, 8)), [{"key": "a"}])
    with pytest.raises(RetrievalError, match="has no row 'nobody'; nothing was removed"):
        index.remove(["k1", "nobody"])
    with pytest.raises(RetrievalError, match="has no row 'nobody'"):
        index.remove("nobody")
    with pytest.raises(RetrievalError, match=r"queries have the shape \(1, 3\); give \(n, 8\)"):
        index.search_vectors(np.ones((1, 3)))
    with pytest.raises(RetrievalError, match="k 0: give one from 1"):
        index.search_vectors(np.ones((1, 8)), k=0)
    assert len(index) == 28
    assert index.verify() == []


def test_an_index_that_cannot_be_written_says_so(index: Index) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    index.folder.chmod(0o500)
    try:
        with pytest.raises(RetrievalError, match="cannot be written"):
            index.remove(["k1"])
    finally:
        index.folder.chmod(0o700)


def _labels(index: Index, key: str) -> Path:
    file = index.folder.parent / "labels.csv"
    file.write_text(f"key,label\n{key},forest\n", "utf-8")
    return file


def _changed(content: Any, change: Any) -> Any:
    """Content with some values in it replaced, through dicts and lists."""
    if isinstance(change, dict) and isinstance(content, dict):
        return {**content, **{name: _changed(content.get(name), value) for name, value in change.items()}}
    if isinstance(change, list) and isinstance(content, list):
        return [_changed(one, other) for one, other in zip(content, change, strict=True)]
    return change


def _write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """A manifest whose checksum is right, as somebody hostile would write it."""
    content = {name: value for name, value in content.items() if name != "sha256"}

    def text(value: dict[str, Any]) -> bytes:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"

    digest = hashlib.sha256(text(content)).hexdigest()
    (folder / "manifest.json").write_bytes(text({**content, "sha256": digest}))
