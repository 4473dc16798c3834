"""One exit code for one kind of event, whatever command it happens to."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rsvlm.captioning.sample import SamplePaths
from rsvlm.pretraining.errors import BusyPretrainingError
from rsvlm.rag.record import LOCK
from rsvlm.retrieval import Index
from rsvlm.retrieval.changes import locked
from rsvlm.shards import BusyError, open_run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    rows = [{"key": f"k{number}", "image": f"{number}.png"} for number in range(4)]
    return Index.from_vectors(tmp_path / "index", np.eye(4), rows, encoder="x").folder


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk without room, where the system lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk is mounted by root on Linux only")
    (place / "other").write_bytes(bytes(4096))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def captioning(town: SamplePaths, out: Path, seed: int = 0) -> list[Any]:
    return ["caption", town.image, "--osm", town.osm, "--limit", 2, "--seed", seed, "--out", out]


def told(code: int, capsys: Capture) -> tuple[int, str]:
    """The exit code, and the one line of the error."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("rsvlm: ")
    return code, lines[-1]


def test_a_full_disk_is_failed_work(
    rsvlm_command: Any, capsys: Capture, index: Path, full_disk: Path
) -> None:
    code, line = told(rsvlm_command("index", "export", index, "--out", full_disk / "rows.csv"), capsys)
    assert code == 1
    assert "No space left" in line or "disk is full" in line


def test_another_run_at_work_is_failed_work(
    rsvlm_command: Any, capsys: Capture, index: Path, town: SamplePaths, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The Old Tower was built in 1342.", encoding="utf-8")
    with locked(index), locked(tmp_path / "base", LOCK), open_run(tmp_path / "pairs", {}):
        for arguments in (
            ["index", "remove", index, "k1"],
            ["knowledge", "build", notes, "--no-pictures", "--out", tmp_path / "base"],
            captioning(town, tmp_path / "pairs"),
        ):
            code, line = told(rsvlm_command(*arguments), capsys)
            assert code == 1, line
            assert "another" in line
    assert issubclass(BusyPretrainingError, BusyError)  # of a run of `rsvlm pretrain`


def test_other_settings_are_bad_input(
    rsvlm_command: Any, capsys: Capture, index: Path, town: SamplePaths, tmp_path: Path
) -> None:
    assert rsvlm_command(*captioning(town, tmp_path / "pairs")) == 0
    for arguments, words in (
        (captioning(town, tmp_path / "pairs", seed=1), "seed: was 0, now 1"),
        (captioning(town, index), "holds files of another origin"),
        (["index", "copy", index, index], "is an index already"),
    ):
        code, line = told(rsvlm_command(*arguments), capsys)
        assert code == 2, line
        assert words in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["classify", "IMAGES", "--classes", "eurosat", "--limit", 3], "--limit is for long runs"),
        (["classify", "IMAGES", "--classes", "eurosat", "--out", "a.txt"], "predictions are written as"),
        (["classify", "IMAGES", "--classes", "eurosat", "--sensor", "nope"], "nope"),
        (["index", "build", "IMAGES", "--out", "INDEX"], "is an index already: add to it"),
        (["index", "build", "IMAGES", "--out", "new", "--sensor", "nope"], "nope"),
        (["eval", "suite", "--data", "IMAGES/none", "--out", "new"], "there is no such folder of data sets"),
        (["ask", "-", "What is it?", "--sensor", "nope"], "nope"),
    ],
)
def test_what_arguments_decide_is_told_before_a_model_is_loaded(
    rsvlm_command: Any, capsys: Capture, index: Path, tmp_path: Path, arguments: list[Any], words: str
) -> None:
    places = {"IMAGES": tmp_path, "IMAGES/none": tmp_path / "none", "INDEX": index, "new": tmp_path / "new"}
    named = [places.get(one, one) for one in arguments]
    assert rsvlm_command(*named, "--device", "no-such-device") == 2  # which loading a model would refuse
    told = " ".join(capsys.readouterr().err.split())
    assert words in told
    assert "no-such-device" not in told
