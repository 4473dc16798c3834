"""How fast files are classified, how much memory it takes, and how exact it is, beside what people use.

    pip install "rsvlm[cpu]"
    python classification/benchmark.py --data DIR                  # DIR/eurosat-rgb/validation.parquet
    python classification/benchmark.py --data DIR --device cuda

The same EuroSAT JPEG files, the same ViT-B-32 (random weights of a fixed seed, loaded from one file by all), ten
classes, one prompt each. Each way runs in a process of its own, in turns, `--rounds` times: two batches to warm up,
then files until `--images` or `--seconds` are over. Medians; ratios are medians of each round's ratio, so that a
machine that slows down for a while disturbs them less. Peak memory is a whole process's, imports and loading included.

Then it tells how exact bf16 is, and what share of the measured speed of matrix products the model reaches.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_ways import WAYS, Setting, batched_loop, make_model, stream  # type: ignore[import-not-found] # beside this file

from rsvlm.models.threads import usable_cores

README = "open_clip README loop"
TUNED = "open_clip tuned: bf16 autocast, threads"
AS_DOCUMENTED = (README, "transformers pipeline")
"""Peers as their README has them."""
PARTS = {
    "matrix products": ("addmm", "mm", "bmm", "mkldnn_linear", "linear", "matmul", "_addmm_activation"),
    "patches (convolution)": ("mkldnn_convolution", "convolution", "cudnn_convolution", "_slow_conv2d_forward"),
    "attention without its products": (
        "_softmax", "_transform_bias_rescale_qkv", "_flash_attention_forward",
        "_scaled_dot_product_flash_attention_for_cpu", "_native_multi_head_attention",
    ),
    "activation": ("gelu", "sigmoid", "mul"),
    "layer norms": ("native_layer_norm",),
    "additions": ("add", "add_"),
    "copies and casts": ("copy_", "cat", "clone", "_to_copy"),
}  # fmt: skip
"""Operators of torch by what they do in the model."""


def write_files(data: Path, folder: Path, count: int) -> None:
    """Write the JPEG files, spread over the data set, as they are in it."""
    import pyarrow.parquet as pq

    table = pq.read_table(data / "eurosat-rgb" / "validation.parquet", columns=["image"])
    places = np.linspace(0, len(table) - 1, min(count, len(table))).astype(int)
    (folder / "images").mkdir()
    for place in places:
        content = table.column("image")[int(place)].as_py()["bytes"]
        (folder / "images" / f"{place:05d}.jpg").write_bytes(content)


def peak_memory() -> float:
    """Peak resident memory of this process in MiB, NaN on Windows."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def run_way(way: str, setting: Setting, seconds: float) -> dict[str, float]:
    """Run one way in this process and return its speed and memory."""
    import torch

    torch.set_num_threads(setting.threads)
    paths = sorted((setting.folder / "images").iterdir())
    start = time.perf_counter()
    run = WAYS[way](setting)
    ready = time.perf_counter() - start
    _timed(run(paths[: 2 * setting.batch]), seconds / 4)
    images, taken = _timed(run(paths), seconds)
    gpu = torch.cuda.max_memory_allocated() / 2**20 if setting.device == "cuda" else 0.0
    return {"speed": images / taken, "ready": ready, "memory": peak_memory(), "gpu": gpu}


def _timed(scores: Iterator[Any], longest: float) -> tuple[int, float]:
    """Count the images that get scores until there are no more or the time is over; return that and the time."""
    images, start = 0, time.perf_counter()
    for batch in scores:
        images += len(batch)
        if time.perf_counter() - start > longest:
            break
    return images, time.perf_counter() - start


def measure_products(setting: Setting) -> dict[str, float]:
    """Return GFLOP/s of the model's own matrix products at its batch, by precision."""
    import torch

    rows = setting.batch * 50  # 49 patches and the class token
    shapes = ((768, 2304), (768, 768), (768, 3072), (3072, 768))
    found = {}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        seconds = 0.0
        for inner, columns in shapes:
            left = torch.randn(rows, inner, device=setting.device).to(kind)
            weight = torch.randn(columns, inner, device=setting.device).to(kind)
            bias = torch.zeros(columns, device=setting.device, dtype=kind)
            seconds += _best_seconds(lambda: torch.nn.functional.linear(left, weight, bias), setting.device)  # noqa: B023
        found[name] = 2 * rows * sum(a * b for a, b in shapes) / seconds / 1e9
    return found


def _best_seconds(work: Any, device: str, repeat: int = 12) -> float:
    import torch

    best = float("inf")
    with torch.inference_mode():
        for turn in range(repeat):
            start = time.perf_counter()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
            if turn:
                best = min(best, time.perf_counter() - start)
    return best


def measure_model(setting: Setting) -> dict[str, Any]:
    """Return, by precision, images a second of the model alone, its GFLOP an image, and where its time goes."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from rsvlm.models import load_encoder

    torch.set_num_threads(setting.threads)
    found: dict[str, Any] = {"products": measure_products(setting)}
    for precision in ("fp32", "bf16"):
        encoder: Any = load_encoder(
            "ViT-B-32", weights=setting.folder / "model.pt", device=setting.device, precision=precision
        )
        black = np.zeros((64, 64, 3), np.uint8)
        prepared = [encoder.prepare(black)] * setting.batch
        if precision == "fp32":
            torch.backends.mha.set_fastpath_enabled(False)  # the counter does not know what is in it
            with FlopCounterMode(display=False) as counter:
                encoder._tower.images(torch.zeros(1, 3, 224, 224, device=setting.device))
            torch.backends.mha.set_fastpath_enabled(True)
            found["gflop"] = counter.get_total_flops() / 1e9
        seconds = _best_seconds(lambda: encoder.encode_prepared(prepared), setting.device)  # noqa: B023
        found[precision] = {
            "speed": setting.batch / seconds,
            "parts": _parts(encoder, prepared, setting.device),
        }
    return found


def _parts(encoder: Any, prepared: list[Any], device: str) -> dict[str, float]:
    """Return the share of time by kind of operator."""
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device == "cuda")
    with profile(activities=activities) as profiler:
        for _ in range(5):
            encoder.encode_prepared(prepared)
    shares = dict.fromkeys([*PARTS, "other"], 0.0)
    for event in profiler.key_averages():
        name = event.key.removeprefix("aten::")
        part = next((part for part, names in PARTS.items() if name in names), "other")
        shares[part] += event.self_device_time_total if device == "cuda" else event.self_cpu_time_total
    total = sum(shares.values())
    return {part: share / total for part, share in shares.items()}


def measure_agreement(setting: Setting) -> dict[str, Any]:
    """Hold rsvlm's cosines in bf16 and fp32, and open_clip's, against each other on all files."""
    paths = sorted((setting.folder / "images").iterdir())
    ways = (stream("bf16"), stream("fp32"), batched_loop())
    fast, exact, theirs = (np.concatenate(list(way(setting)(paths))) for way in ways)
    difference = float(np.abs(fast - exact).max())
    best = np.sort(exact, axis=1)
    clear = best[:, -1] - best[:, -2] > 2 * difference
    same = fast.argmax(axis=1) == exact.argmax(axis=1)
    return {
        "images": len(paths), "difference": difference, "clear": int(clear.sum()), "same": float(same[clear].mean()),
        "same of all": float(same.mean()), "open_clip difference": float(np.abs(theirs - exact).max()),
        "open_clip same": float((theirs.argmax(axis=1) == exact.argmax(axis=1)).mean()),
    }  # fmt: skip


def in_own_process(options: argparse.Namespace, folder: Path, job: str) -> Any:
    """Run a job of this script in a process of its own and return the JSON on the last line that it prints."""
    command = [sys.executable, __file__, "--data", options.data, "--device", options.device, "--job", job]
    command += ["--folder", folder, "--threads", options.threads, "--seconds", options.seconds]
    threads = {
        "OMP_NUM_THREADS": str(options.threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    done = subprocess.run([*map(str, command)], env=os.environ | threads, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def print_speed(rounds: list[dict[str, dict[str, float]]], ways: list[str], device: str) -> None:
    """Print the table of speed and memory."""
    peers = [way for way in ways if not way.startswith("rsvlm")]
    tuned = max(peers, key=lambda way: statistics.median(found[way]["speed"] for found in rounds))
    beside = [way for way in dict.fromkeys((README, TUNED, tuned)) if way in ways]
    heads = [*(f"x {way}" for way in beside), "start s", "peak MiB", *(["GPU MiB"] * (device == "cuda"))]
    print(f"\n| way | images/s | {' | '.join(heads)} |\n{'|---' * (len(heads) + 2)}|")
    for way in ways:
        runs = [found[way] for found in rounds]
        cells = [f"{statistics.median(run['speed'] for run in runs):.1f}"]
        for other in beside:
            ratio = statistics.median(found[way]["speed"] / found[other]["speed"] for found in rounds)
            cells.append(f"{ratio:.2f}")
        cells += [
            f"{statistics.median(run['ready'] for run in runs):.1f}",
            f"{max(run['memory'] for run in runs):.0f}",
        ]
        cells += [f"{max(run['gpu'] for run in runs):.0f}"] * (device == "cuda")
        print(f"| {way} | {' | '.join(cells)} |")


def print_agreement(found: dict[str, Any]) -> None:
    """Print how exact bf16 is."""
    print(
        f"\nOn {found['images']} images: bf16's cosines with the classes differ by {found['difference']:.5f} at most."
    )
    print(
        f"{found['clear']} images have a margin in fp32 of over twice that; {found['same']:.2%} of these "
        f"get the same class (of all images, {found['same of all']:.2%})."
    )
    print(
        f"fp32 beside open_clip: cosines differ by {found['open_clip difference']:.1e} at most, "
        f"{found['open_clip same']:.2%} get the same class."
    )


def print_share(found: dict[str, Any], batch: int) -> None:
    """Print what share of the speed of matrix products the model reaches, and what takes the rest."""
    print(f"\nThe model needs {found['gflop']:.1f} GFLOP an image. Alone, batches of {batch}:\n")
    parts = [*PARTS, "other"]
    print(f"| precision | images/s | GFLOP/s | products alone, GFLOP/s | share | {' | '.join(parts)} |")
    print("|---" * (len(parts) + 5) + "|")
    for precision in ("fp32", "bf16"):
        speed = found[precision]["speed"]
        reached, possible = speed * found["gflop"], found["products"][precision]
        cells = [f"{speed:.1f}", f"{reached:.0f}", f"{possible:.0f}", f"{reached / possible:.0%}"]
        cells += [f"{found[precision]['parts'][part]:.0%}" for part in parts]
        print(f"| {precision} | {' | '.join(cells)} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with eurosat-rgb/validation.parquet")
    parser.add_argument("--images", type=int, default=1024)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--threads", type=int, default=usable_cores(), help="of the model, and of reading files"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="longest run of a way")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job is None:
        compare(options)
        return
    setting = Setting(options.folder, options.device, options.threads)
    jobs: dict[str, Any] = {"make": lambda: make_model(setting.folder), "model": lambda: measure_model(setting),
            "agreement": lambda: measure_agreement(setting)}  # fmt: skip
    result = jobs.get(options.job, lambda: run_way(options.job, setting, options.seconds))()
    print(json.dumps(result))


def compare(options: argparse.Namespace) -> None:
    """Run all ways and print the tables."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(options.data, folder, options.images)
        in_own_process(
            options, folder, "make"
        )  # a process inherits the peak memory of the one that starts it
        rounds = [
            {way: in_own_process(options, folder, way) for way in options.ways} for _ in range(options.rounds)
        ]
        print_speed(rounds, options.ways, options.device)
        print_agreement(in_own_process(options, folder, "agreement"))
        print_share(in_own_process(options, folder, "model"), Setting(folder, options.device, 1).batch)


if __name__ == "__main__":
    main()
