"""A dataset whose making was killed and taken up again is the same, byte for byte, card and manifest too."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rsvlm.captioning.dataset import open_dataset

PROGRAM = [sys.executable, str(Path(__file__).parent / "made_pairs.py")]


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole") / "pairs"
    subprocess.run([*PROGRAM, str(folder), "1"], check=True)
    assert len(open_dataset(folder)) == 60
    return contents(folder)


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_killed_and_resumed(tmp_path: Path, whole: dict[str, bytes], workers: int) -> None:
    folder, chance = tmp_path / "pairs", random.Random(workers)
    for _ in range(4):
        process = subprocess.Popen([*PROGRAM, str(folder), str(workers)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.8))
        process.kill()
        process.communicate()
    subprocess.run([*PROGRAM, str(folder), str(workers)], check=True)
    assert contents(folder) == whole
