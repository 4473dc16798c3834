"""Scoring and filtering that were killed and taken up again end with the same bytes."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_pairs import make_dataset  # type: ignore[import-not-found]
from made_scores import ColourEncoder, coloured  # type: ignore[import-not-found]

from rsvlm.captioning.dataset import open_scores, score_pairs

PROGRAM = [sys.executable, str(Path(__file__).parent / "made_scores.py")]


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pairs in 12 shards."""
    folder = tmp_path_factory.mktemp("whole") / "pairs"
    make_dataset(folder, [coloured(number) for number in range(60)], shard=5)
    return folder


def killed(arguments: list[str], chance: random.Random, longest: float) -> None:
    """Begin, and kill it at some instant after it has started."""
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(chance.uniform(0, longest))
    process.kill()
    process.communicate()


def test_scoring(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "pairs"))
    for chance in map(random.Random, range(3)):
        killed(["score", str(copy)], chance, 0.7)
    subprocess.run([*PROGRAM, "score", str(copy)], check=True)
    subprocess.run([*PROGRAM, "score", str(folder)], check=True)
    assert contents(copy) == contents(folder)


def test_scoring_goes_on_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    from rsvlm.captioning.dataset import open_dataset

    copy = Path(shutil.copytree(folder, tmp_path / "pairs", ignore=shutil.ignore_patterns("scores")))
    process = subprocess.Popen([*PROGRAM, "score", str(copy)])
    while not list(copy.glob("scores/*/shards/00002.json")):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.wait()
    encoder = ColourEncoder()
    assert score_pairs(open_dataset(copy), encoder, batch_size=2).record.scored == 60
    assert 0 < encoder.images <= 45
    assert open_scores(open_dataset(copy)).record.pairs == 60


@pytest.mark.slow
def test_filtering(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "pairs", ignore=shutil.ignore_patterns("scores")))
    subprocess.run([*PROGRAM, "score", str(copy)], check=True)
    for chance in map(random.Random, range(4)):
        killed(["filter", str(copy), str(tmp_path / "killed")], chance, 0.15)
    for out in ("killed", "whole"):
        subprocess.run([*PROGRAM, "filter", str(copy), str(tmp_path / out)], check=True)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert len(list((tmp_path / "whole" / "shards").glob("*.tar"))) == 12
