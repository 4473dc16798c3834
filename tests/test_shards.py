"""The shard protocol: done once, whatever happens in between."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from shard_jobs import (  # type: ignore[import-not-found] # tests/ is on pytest's path
    CONFIG,
    descriptions,
    misbehave,
    write,
)

from rsvlm.files import atomic_write
from rsvlm.shards import (
    EngineError,
    RunSummary,
    ShardError,
    ShardResult,
    Stats,
    check_engine,
    do_shards,
    done_stats,
    merge_stats,
    open_run,
    processing_id,
    run_shards,
    stats_of_all,
)
from rsvlm.shards.locking import LOCK, locked_folder
from rsvlm.shards.ray_cluster import _connect

Results = dict[int, ShardResult]
JOB = [sys.executable, str(Path(__file__).parent / "shard_jobs.py")]


def contents(out: Path) -> dict[str, bytes]:
    """Every file under shards/, hidden ones included."""
    return {path.name: path.read_bytes() for path in sorted((out / "shards").iterdir())}


def do(
    out: Path, shards: list[dict[str, Any]], workers: int = 1
) -> tuple[RunSummary, dict[int, ShardResult]]:
    results: Results = {}
    with open_run(out, CONFIG) as run:
        summary = run_shards(
            misbehave, shards, run, workers=workers, progress=lambda r: results.update({r.shard: r})
        )
    return summary, results


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the program writes when nothing happens to it."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert subprocess.run([*JOB, str(out), "1"]).returncode == 0
    return contents(out)


def test_shards_are_done_once(tmp_path: Path) -> None:
    first, _ = do(tmp_path / "out", descriptions(tmp_path / "out", 3))
    before = contents(tmp_path / "out")
    again, results = do(tmp_path / "out", descriptions(tmp_path / "out", 3))
    assert (first.done, first.skipped) == (3, 0)
    assert (again.done, again.skipped) == (0, 3)
    assert contents(tmp_path / "out") == before
    assert sorted(before) == [f"0000{n}.{suffix}" for n in range(3) for suffix in ("bin", "json")]
    assert json.loads(before["00002.json"]) == {
        "files": {"00002.bin": len(before["00002.bin"])},
        "pairs": 2,
        "processing_id": processing_id(CONFIG),
        "shard": 2,
        "styles": {"natural": 1},
    }
    assert results[2].skipped
    assert results[2].stats["pairs"] == 2


def test_workers_do_not_change_a_byte(tmp_path: Path, whole: dict[str, bytes]) -> None:
    done = subprocess.run([*JOB, str(tmp_path / "elsewhere" / "out"), "4"])
    assert done.returncode == 0
    assert contents(tmp_path / "elsewhere" / "out") == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_and_resumed(tmp_path: Path, whole: dict[str, bytes], workers: int) -> None:
    out, chance = tmp_path / "out", random.Random(workers)
    kills = 0
    while True:
        process = subprocess.Popen([*JOB, str(out), str(workers)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if process.stdout.readline() and kills < 6:
            time.sleep(chance.uniform(0, 0.6))
            process.kill()
            kills += 1
        code = process.wait()
        process.stdout.close()
        if code == 0:
            break
    assert kills >= 2
    assert contents(out) == whole


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads from /proc whether a process lives")
def test_workers_of_a_killed_run_end_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen([*JOB, str(out), "2"], stdout=subprocess.PIPE)
    assert wait_for(lambda: list(out.glob(".pid*")))
    process.kill()
    process.communicate()
    pids = [int(path.name.removeprefix(".pid")) for path in out.glob(".pid*")]
    assert wait_for(lambda: not any(alive(pid) for pid in pids))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def wait_for(condition: Any, seconds: float = 20) -> bool:
    stop = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > stop:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
@pytest.mark.parametrize("workers", [1, 2])
def test_interrupt_says_how_to_go_on(tmp_path: Path, whole: dict[str, bytes], workers: int) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*JOB, str(out), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert wait_for(lambda: list(out.glob("shards/*.json")))
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.count("\n") == 1
    assert "run the same command again to go on" in error
    assert not list(out.glob("shards/.*"))
    assert subprocess.run([*JOB, str(out), str(workers)]).returncode == 0
    assert contents(out) == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_shard_is_data_and_tried_again(tmp_path: Path, workers: int) -> None:
    out = tmp_path / "out"
    shards = descriptions(out, 4)
    shards[1]["do"] = "raise"
    summary, results = do(out, shards, workers)
    assert (summary.done, summary.failed) == (3, 1)
    assert results[1].error == "ValueError: poisoned input"
    assert "misbehave" in (results[1].details or "")
    assert summary.failures == [results[1]]
    again, _ = do(out, descriptions(out, 4), workers)
    assert (again.done, again.skipped) == (1, 3)


def test_a_dead_worker_loses_its_own_shard_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shards = descriptions(out, 8)
    shards[2]["do"] = "die"
    shards[5]["do"] = "die once"
    summary, results = do(out, shards, workers=2)
    assert (summary.done, summary.failed) == (7, 1)
    assert "died twice" in (results[2].error or "")
    assert "fewer workers" in (results[2].error or "")


def test_descriptions_are_read_as_needed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = finished = most = 0

    def stream() -> Iterator[dict[str, Any]]:
        nonlocal given, most
        for description in descriptions(out, 40):
            given += 1
            most = max(most, given - finished)
            yield description

    def note(result: ShardResult) -> None:
        nonlocal finished
        finished += 1

    with open_run(out, CONFIG) as run:
        run_shards(write, stream(), run, workers=2, progress=note)
    assert finished == 40
    # at most workers + 2 are out; a batch of them may be finished but not yet told
    assert most <= 2 * (2 + 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_stops_the_run(tmp_path: Path, workers: int) -> None:
    out = tmp_path / "out"
    shards = descriptions(out, 40)
    shards[3]["do"] = "disk full"
    with pytest.raises(ShardError, match="the disk is full; make room and run the same command") as caught:
        do(out, shards, workers)
    assert "\n" not in str(caught.value)
    kept = contents(out)
    assert 3 <= sum(name.endswith(".json") for name in kept) < 39
    do(out, descriptions(out, 40), workers)
    assert all(contents(out)[name] == kept[name] for name in kept if name.endswith(".json"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_keeps_what_was_done(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(150_000))
    out = small_disk / "out"
    shards = descriptions(out, 8, repeat=4000)  # 16 KB each
    with pytest.raises(ShardError, match="the disk is full"):
        do(out, shards)
    done = [number for number in range(8) if f"0000{number}.json" in contents(out)]
    assert 1 <= len(done) < 8
    assert not list(out.rglob(".*.tmp"))
    ballast.unlink()
    summary, _ = do(out, shards)
    assert (summary.done, summary.skipped) == (8 - len(done), len(done))


def test_a_full_disk_beside_the_shards_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="the disk is full"), open_run(tmp_path, CONFIG):
        raise OSError(28, "No space left on device")


def test_one_run_a_folder(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", CONFIG):
        second = subprocess.run([*JOB, str(tmp_path / "out"), "1"], capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another run is writing here" in second.stderr


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", {"size": 256, "tags": {"a": 1, "b": [1, 2]}, "same": "x"}):
        pass
    with (
        pytest.raises(
            ShardError, match=r"size: was 256, now 512; tags\.b: was \[1, 2\], now null\)"
        ) as caught,
        open_run(tmp_path / "out", {"size": 512, "tags": {"a": 1}, "same": "x"}),
    ):
        pass
    assert "name another folder" in str(caught.value)
    assert "same" not in str(caught.value).partition("(")[2].partition(")")[0]


def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(ShardError, match=r"thesis\.tex"), open_run(tmp_path, CONFIG):
        pass
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock") == ["thesis.tex"]


def test_a_damaged_settings_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("[1]", encoding="utf-8")
    with (
        pytest.raises(ShardError, match="is not what a run stores"),
        open_run(tmp_path, CONFIG),
    ):
        pass


def test_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ShardError, match="cannot be written"), open_run(tmp_path / "file" / "out", CONFIG):
        pass


def test_damaged_shards_are_done_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    do(out, descriptions(out, 4))
    before = contents(out)
    (out / "shards" / "00000.bin").write_bytes(b"short")
    (out / "shards" / "00001.bin").unlink()
    (out / "shards" / "00002.json").write_text("{", encoding="utf-8")
    summary, _ = do(out, descriptions(out, 4))
    assert (summary.done, summary.skipped) == (3, 1)
    assert contents(out) == before


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    do(out, descriptions(out, 1))
    for path in (out / ".card.md.12345678.tmp", out / "shards" / ".00000.bin.12345678.tmp"):
        path.touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    others = [elsewhere / ".card.md.12345678.tmp", out / ".precious.tmp"]
    for path in others:
        path.touch()
    (out / "link").symlink_to(elsewhere)
    do(out, descriptions(out, 1))
    assert [*out.rglob("*.tmp"), *elsewhere.glob("*.tmp")] == others[::-1]


def test_a_script_without_main_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom rsvlm.shards import *\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom shard_jobs import *\n"
        "out = Path(sys.argv[1])\n"
        "with open_run(out, CONFIG) as run:\n    run_shards(write, descriptions(out), run, workers=2)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert 'put the call under `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_atomic_write_keeps_the_old_file_on_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    writing = atomic_write(path)
    writing.__enter__().write_bytes(b"new, half")
    assert not writing.__exit__(RuntimeError, RuntimeError(), None)
    assert path.read_bytes() == b"old"
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


def test_shard_numbers_beyond_five_digits(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG) as run:
        run_shards(write, [{"shard": 1_234_567, "folder": str(run.shards)}], run)
        assert done_stats(run, 1_234_567) is not None
    assert (tmp_path / "shards" / "1234567.bin").exists()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES), st.randoms())
def test_processing_id_is_of_content_not_order(config: dict[str, Any], chance: random.Random) -> None:
    names = list(config)
    chance.shuffle(names)
    assert processing_id({name: config[name] for name in names}) == processing_id(config)
    assert processing_id({**config, "one more": 1}) != processing_id({**config, "one more": 2})


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        open_run(tmp_path, CONFIG) as run,
        pytest.raises(EngineError, match="engine 'spark': choose local or ray"),
    ):
        run_shards(write, [], run, engine="spark")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    (tmp_path / "ray").mkdir()  # a folder of images, say
    with pytest.raises(EngineError, match=r"pip install 'rsvlm\[ray\]'"):
        check_engine("ray")


def test_a_cluster_that_does_not_start_is_one_line() -> None:
    """Ray raises a bare Exception when its processes take too long, which cannot be had on request."""

    class Slow:
        def init(self, *_: object, **__: object) -> None:
            raise Exception("The current node timed out during startup.\nThis could happen")

    with pytest.raises(
        EngineError, match=r"^Ray on this machine cannot be used: The current node timed out .* happen$"
    ):
        _connect(Slow(), None, 1)


def test_merge_stats() -> None:
    total: Stats = {}
    for shard in range(2):
        stats = {"shard": shard, "pairs": 3, "styles": {"natural": 2}, "files": {"a": 9}, "notes": ["x"]}
        merge_stats(total, stats)
    assert total == {"pairs": 6, "styles": {"natural": 4}}


def test_do_shards_tells_what_failed_and_keeps_the_others(tmp_path: Path) -> None:
    shards = descriptions(tmp_path, 3)
    shards[1]["do"] = "raise"
    with open_run(tmp_path, CONFIG) as run:
        with pytest.raises(
            ShardError, match=r"^1 of 3 shards failed, the first \(1\) with ValueError: poisoned"
        ):
            do_shards(misbehave, shards, run)
        with pytest.raises(ShardError, match="shard 1 is not here"):
            list(stats_of_all(run, 3))
        summary = do_shards(write, shards, run)
        assert (summary.done, summary.skipped) == (1, 2)
        assert [stats["pairs"] for stats in stats_of_all(run, 3)] == [0, 1, 2]


def test_a_lock_stays_the_one_that_all_see(tmp_path: Path) -> None:
    busy = ValueError("busy")
    with locked_folder(tmp_path, busy, ShardError):
        assert (tmp_path / LOCK).exists()
        with pytest.raises(ValueError, match="busy"), locked_folder(tmp_path, busy, ShardError):
            raise AssertionError
    file = (tmp_path / LOCK).stat().st_ino
    with (
        FileLock(tmp_path / LOCK),
        pytest.raises(ValueError, match="busy"),
        locked_folder(tmp_path, busy, ShardError),
    ):
        raise AssertionError
    with locked_folder(tmp_path, busy, ShardError):
        assert (tmp_path / LOCK).stat().st_ino == file
