"""Peak memory of a training step on ViT-B-32 with large batches, by gradient caching (Gao et al. 2021).

    pip install "rsvlm[cpu]"
    python -m pretraining.memory 64:64 1024:32 4096:32
    python -m pretraining.memory --lora 4096:64

BATCH:CHUNK is how many pairs are contrasted, and how many are encoded at once. Each runs in a process of its own: one
step, the optimiser's numbers included, its images in memory. The peak is the whole process's, or the GPU's. Without
--lora all 151 million weights learn, in fp32.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import torch

from pretraining.benchmark import CAPTIONS, ours
from rsvlm.pretraining.layers import LoraSettings
from rsvlm.pretraining.settings import TrainingSettings


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="+", metavar="BATCH:CHUNK")
    parser.add_argument("--lora", action="store_true", help="LoRA and the precision that suits the machine")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measured(options.sizes[0], options.lora, options.device)))
        return
    print("| batch | at once | peak | seconds |\n|--:|--:|--:|--:|")
    for size in options.sizes:
        command = [sys.executable, "-m", "pretraining.memory", size, "--alone", "--device", options.device]
        done = subprocess.run(
            command + ["--lora"] * options.lora, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{size}: {done.stderr.strip().splitlines()[-1:]}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        batch, chunk = map(int, size.split(":"))
        print(f"| {batch:,} | {chunk:,} | {found['gib']:.2f} GiB | {found['seconds']:,.0f} |", flush=True)


def measured(size: str, lora: bool, device: str) -> dict[str, float]:
    """The peak in GiB and the seconds of one step in this process."""
    batch, chunk = map(int, size.split(":"))
    learning = LoraSettings() if lora else LoraSettings(rank=0, whole=("all",))
    settings = TrainingSettings(loss="clip", chunk=chunk, precision="auto" if lora else "fp32")
    images = torch.randint(0, 256, (batch, 224, 224, 3), dtype=torch.uint8)
    captions = [f"{CAPTIONS[number % len(CAPTIONS)]}, number {number}" for number in range(batch)]
    step = ours(images, captions, torch.device(device), learning, settings)
    began = time.perf_counter()
    step()
    seconds = time.perf_counter() - began
    if device == "cpu":
        return {"gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "seconds": seconds}
    return {"gib": torch.cuda.max_memory_allocated() / 2**30, "seconds": seconds}


if __name__ == "__main__":
    main()
