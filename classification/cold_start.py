"""From `python -c` to the first classified image: where the seconds go.

    python classification/cold_start.py IMAGE [--architecture ViT-B-32] [--repeats 3]

Each repeat is a process of its own with a randomly initialised model saved once; prints a Markdown table of medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = """
import json, sys, time
marks, last = {}, time.perf_counter()

def mark(name):
    global last
    now = time.perf_counter()
    marks[name], last = now - last, now

import rsvlm; mark("import rsvlm")
import torch; mark("import torch")
import open_clip; mark("import open_clip (with torchvision, timm and transformers, which it imports itself)")
from rsvlm.classification import ZeroShotClassifier
from rsvlm.models import load_encoder; mark("import rsvlm's models and classification")
encoder = load_encoder(sys.argv[1], weights=sys.argv[2]); mark("build the model and read its weights")
classifier = ZeroShotClassifier("eurosat", encoder); mark("class vectors of EuroSAT")
result = classifier.classify(sys.argv[3]); mark("the image")
assert result.labels[0] is not None, result.errors
result.to_table(); mark("the table (pyarrow imports pandas where it is installed)")
print(json.dumps(marks))
"""


def once(architecture: str, weights: Path, image: Path, cache: Path) -> dict[str, float]:
    """Seconds of each step in a new process, and of the process as a whole."""
    done = subprocess.run(
        [sys.executable, "-c", STEPS, architecture, str(weights), str(image)],
        capture_output=True, text=True, encoding="utf-8", check=True, env=_environment(cache),
    )  # fmt: skip
    marks: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return marks | {"in all": sum(marks.values())}


def _environment(cache: Path) -> dict[str, str]:
    import os

    return os.environ | {"RSVLM_CACHE": str(cache)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("--architecture", default="ViT-B-32")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    import open_clip
    import torch

    with tempfile.TemporaryDirectory() as folder:
        weights, cache = Path(folder) / "weights.pt", Path(folder) / "cache"
        torch.manual_seed(0)
        torch.save(open_clip.create_model(options.architecture).state_dict(), weights)
        first = once(options.architecture, weights, options.image, cache)
        again = [once(options.architecture, weights, options.image, cache) for _ in range(options.repeats)]
    print(f"| step, {options.architecture} | first time, s | again, s |\n|---|---|---|")
    for name, seconds in first.items():
        print(f"| {name} | {seconds:.2f} | {statistics.median(marks[name] for marks in again):.2f} |")


if __name__ == "__main__":
    main()
