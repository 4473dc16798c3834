"""10,000 images from a folder: memory that does not grow with them, and kill -9 in the middle."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

PEAK = """
import resource, sys
from rsvlm.cli import main
sys.argv = ["rsvlm", *sys.argv[1:]]
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiles")
    rng = np.random.default_rng(0)
    for number in range(10_000):
        pixels = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((64, 64)).save(folder / f"tile_{number}.jpg")
    return folder


def command(tiles: Path, out: Path, tiny_model: list[str], *more: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        PEAK,
        "classify",
        str(tiles),
        "--classes",
        "eurosat",
        "--out",
        str(out),
        *tiny_model,
        *more,
    ]


def test_killed_and_resumed(tiles: Path, tmp_path: Path, tiny_model: list[str]) -> None:
    out = tmp_path / "out.parquet"
    first = subprocess.Popen(
        command(tiles, out, tiny_model), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    shards = tmp_path / "out.parquet.parts" / "shards"
    while first.poll() is None and len(list(shards.glob("*.json"))) < 4:
        time.sleep(0.05)
    first.kill()
    first.wait()
    done = {path: path.stat().st_mtime_ns for path in shards.glob("*.json")}
    assert 4 <= len(done) < 10
    again = subprocess.run(
        command(tiles, out, tiny_model, "--json"), capture_output=True, text=True, encoding="utf-8"
    )
    assert again.returncode == 0, again.stderr
    report = json.JSONDecoder().raw_decode(again.stdout)[0]
    assert report["resumed"] == 1000 * len(done)
    table = pq.read_table(out)
    assert table.num_rows == 10_000
    assert len(set(table["key"].to_pylist())) == 10_000
    assert table["error"].null_count == 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read by the resource module")
def test_memory_does_not_grow_with_the_number_of_images(
    tiles: Path, tmp_path: Path, tiny_model: list[str]
) -> None:
    peaks = []
    for limit in ("1000", "10000"):
        out = tmp_path / f"{limit}.csv"
        done = subprocess.run(
            command(tiles, out, tiny_model, "--limit", limit),
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 100, f"{peaks} MiB"
    print(f"peak MiB at 1,000 and 10,000 images: {peaks}")  # noqa: T201 - shown by pytest -s
