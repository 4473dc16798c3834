"""The examples of the bench folders run as they stand."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("captioning", ["64 verified", "volcano"]),
        ("classification", ["forest", "farmland"]),
        ("eval", ["40 questions of 40", "function:counting", "one page"]),
        ("rag", ["chunks of 2 sources", "1887", "I don't know", "yes-no, what"]),
        ("pretraining", ["held-out pairs: recall@1", "491,520 numbers learned", "(2, 384)"]),
        (
            "retrieval",
            ["1,024 rows", "around it: 9 chips", "found by its label: True", "as it was written: True"],
        ),
    ],
)
def test_example_runs(stage: str, said: list[str]) -> None:
    example = ROOT / stage / "example.py"
    if not example.exists():
        pytest.skip("not a checkout")
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 40
    done = subprocess.run([sys.executable, example], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    for word in said:
        assert word in done.stdout
