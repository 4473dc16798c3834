"""Which number format a device multiplies fastest: measured once, and kept in the user's cache folder.

Whether bfloat16 pays cannot be read off a name. Processors with AMX multiply it six times as fast as float32, ones
with AVX512-BF16 about twice, others emulate it and take many times as long.
"""

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch

from rsvlm.files import write_json
from rsvlm.folders import cache_folder
from rsvlm.models.errors import ModelError

FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""The precisions by name."""

WORTHWHILE = 1.5
"""Times float32's speed from which bfloat16 is taken: below it, layers that do not multiply eat the gain."""


class Precision(NamedTuple):
    """A number format, and why it was taken."""

    name: str
    reason: str


def pick_precision(name: str, device: torch.device) -> Precision:
    """Return the precision that a user asked for by name, or the best one of the device for "auto".

    Raises:
        ModelError: There is no precision of that name, or not on this device.
    """
    if name == "auto":
        return best_precision(device)
    if name not in FORMATS:
        raise ModelError(f"there is no precision {name!r}: take auto, {', '.join(FORMATS)}")
    if name == "fp16" and device.type != "cuda":
        raise ModelError(f"precision fp16 needs a CUDA device, not {device.type!r}: take bf16, fp32 or auto")
    return Precision(name, "asked for")


def best_precision(device: torch.device) -> Precision:
    """Return bf16 where the device is measured to multiply it at least 1.5 times as fast as float32, else fp32.

    The measurement takes some 50 ms, and is kept by device and version of torch under `precision` in `$RSVLM_CACHE`,
    else in the user's cache folder; where that cannot be written, it is made again each time.
    """
    if device.type not in ("cpu", "cuda"):
        return Precision("fp32", f"bf16 is not measured on {device.type!r}")
    identity = [device_name(device), device.type, torch.__version__]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    path = cache_folder() / "precision" / f"{key}.json"
    speedup = _recall(path)
    if speedup is None:
        speedup = measure_speedup(device)
        _keep(path, {"device": identity[0], "torch": torch.__version__, "speedup": speedup})
    name = "bf16" if speedup >= WORTHWHILE else "fp32"
    return Precision(name, f"this device multiplies bf16 matrices {speedup:.1f} times as fast as fp32")


@contextmanager
def whole_float32() -> Iterator[None]:
    """Keep cuDNN from TF32 within the block: it keeps 10 bits of the fraction, not what fp32 promises.

    Torch allows TF32 in convolutions unless told otherwise, and in matrix products only if told so.
    """
    try:
        kept = torch.backends.cudnn.allow_tf32
    except RuntimeError:  # somebody set the newer switches, an operation each: he has decided
        yield
        return
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = kept


def device_name(device: torch.device) -> str:
    """Return what tells one device from another whose speed may differ: a GPU's name, a processor's model and flags."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    told = [platform.machine(), platform.processor(), torch.backends.cpu.get_cpu_capability()]
    try:
        # Linux names the processor only here; homes are often shared by the machines of a cluster.
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for field in ("model name", "flags"):
        value = next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")
        told.append(hashlib.sha256(value.encode()).hexdigest()[:8] if field == "flags" else value)
    return " ".join(filter(None, told))


def measure_speedup(device: torch.device, size: int | None = None) -> float:
    """Return how many times as fast as float32 matrices a device multiplies bfloat16 ones; 0.0 where it cannot.

    Args:
        device: A processor or a CUDA device.
        size: Side of the square matrices.
    """
    size = size or (4096 if device.type == "cuda" else 768)
    wide = torch.ones(size, size, device=device)
    narrow = wide.to(torch.bfloat16)
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    try:
        with torch.inference_mode():
            # The first round warms up. In turns, so that other programs disturb both alike.
            for round_ in range(6):
                for matrix in (wide, narrow):
                    seconds = _seconds(lambda matrix=matrix: matrix @ matrix, device)  # type: ignore[misc]
                    if round_:
                        best[matrix.dtype] = min(best[matrix.dtype], seconds)
    except RuntimeError:
        return 0.0
    return best[torch.float32] / best[torch.bfloat16]


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _recall(path: Path) -> float | None:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["speedup"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, told: dict[str, object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, told)
    except OSError:
        return  # a read-only home costs a measurement at each start, nothing more
