"""What is asked for is on stdout and whole, however narrow; all else is on stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rsvlm.retrieval import Index

REVISION = "sha256:3c5d2be6d01d3f18+sha256:a8c223841db76070"


def rsvlm(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rsvlm", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "40"} | variables
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [{"key": f"k{number}", "image": f"{number}.png"} for number in range(4)]
    folder = tmp_path_factory.mktemp("made") / "Wälder"
    return Index.from_vectors(folder, np.eye(4), rows, encoder="x", revision=REVISION).folder


def test_a_table_that_is_asked_for_goes_to_stdout_and_is_whole(index: Path) -> None:
    done = rsvlm("index", "info", index)
    assert (done.returncode, done.stderr) == (0, "")
    assert "…" not in done.stdout
    cells = [line.split("\u2502") for line in done.stdout.splitlines() if line.count("\u2502") == 3]
    assert REVISION in "".join(row[2].strip() for row in cells)
    assert json.loads(rsvlm("index", "info", index, "--json").stdout)["rows"] == 4


def test_doctor_and_verify_are_piped(index: Path) -> None:
    done = rsvlm("doctor")
    assert done.stderr == ""
    assert "Extras" in done.stdout
    assert "…" not in done.stdout
    done = rsvlm("index", "verify", index)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is whole" in done.stdout


def test_a_table_for_a_terminal_of_ascii(index: Path) -> None:
    done = rsvlm("index", "info", index, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "W\\xe4lder" in done.stdout.replace("\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_pipe_that_is_closed_early_is_no_error(index: Path) -> None:
    command = f'"{sys.executable}" -m rsvlm index info "{index}" | head -1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, encoding="utf-8")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
