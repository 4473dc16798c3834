"""A check of a machine in about a minute: reading, encoding and a LoRA step, on a device beside the processor."""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from rsvlm.captioning.sample import write_sample
from rsvlm.imagery import ChipReader, open_scene
from rsvlm.models.loading import load_tower
from rsvlm.models.precision import device_name, pick_precision
from rsvlm.models.runtime import TorchEncoder, pick_device
from rsvlm.models.threads import usable_cores
from rsvlm.models.versions import versions
from rsvlm.models.writing import base_of

from .data import Batch
from .layers import LoraSettings
from .lora import Adapted
from .processes import Processes
from .settings import TrainingSettings
from .step import Step

IMAGES, PAIRS, SECONDS = 64, 32, 3.0
_SIDE = 64
_THINGS = ("a farm", "a harbour", "a forest", "houses", "a river", "a road")
_TEXTS = [f"a satellite photo of {thing}." for thing in _THINGS]

TOLERANCES = {"fp32": 1e-3, "bf16": 5e-2, "fp16": 5e-2}
"""What vectors and losses may be off the processor's in float32."""


class CheckRow(NamedTuple):
    """One thing that was done.

    Attributes:
        what: "read", "encode images", "encode texts" or "LoRA step".
        device: Where.
        precision: In which numbers; "" for reading.
        rate: How many a second.
        unit: Of what.
        difference: From the processor in float32: of vectors 1 - the lowest cosine, of losses the absolute difference,
            divided by the loss; None for that itself.
        good: Whether that is small enough.
    """

    what: str
    device: str
    precision: str
    rate: float
    unit: str
    difference: float | None
    good: bool


class CheckReport(NamedTuple):
    """What a machine can do.

    Attributes:
        machine: What it is.
        encoder: What encoded.
        rows: What was done.
    """

    machine: dict[str, str]
    encoder: str
    rows: list[CheckRow]

    @property
    def good(self) -> bool:
        """Whether all differences are small enough."""
        return all(row.good for row in self.rows)


def check_machine(
    encoder: str = "built-in-base", device: str = "auto", tell: Callable[[str], None] | None = None
) -> CheckReport:
    """Read, encode and train a little on the processor and on a device, and compare.

    Args:
        encoder: What `load_encoder` takes.
        device: "auto", "cpu", "cuda".
        tell: Told what begins.

    Raises:
        ModelError: The encoder cannot be loaded, or there is no such device.
    """
    say = tell or (lambda _: None)
    there = pick_device(device)
    machine = {
        "system": f"{platform.system()} {platform.release()}, {usable_cores()} of {os.cpu_count()} cores",
        "processor": device_name(torch.device("cpu")), "device": device_name(there),
        **versions("torch", "open_clip_torch", "peft"),
    }  # fmt: skip
    say("Reading")
    images, row = _read()
    rows = [row]
    say("Encoding on the processor")
    ways = list(_ways(there))
    reference: list[np.ndarray[Any, Any]] | None = None
    for place, precision in ways:
        say(f"Encoding on {place} in {precision}")
        found, vectors = _encode(encoder, place, precision, images, reference)
        reference = reference or vectors
        rows += found
    loss = None
    for place, precision in ways:
        say(f"LoRA on {place} in {precision}")
        row, own = _train(encoder, place, precision, images, loss)
        loss = own if loss is None else loss
        rows.append(row)
    return CheckReport(machine, encoder, rows)


def _ways(there: torch.device) -> Iterator[tuple[torch.device, str]]:
    """The processor in float32 first, the measure of all others; then what each would be used in."""
    here = torch.device("cpu")
    for place in dict.fromkeys([here, there]):
        yield place, "fp32"
        best = pick_precision("auto", place).name
        if best != "fp32":
            yield place, best


def _read() -> tuple[list[Image.Image], CheckRow]:
    """Chips of the sample town, and how fast they are read."""
    with tempfile.TemporaryDirectory() as folder, ChipReader() as reader:
        scene = open_scene(write_sample(Path(folder)).image)
        columns = range(0, scene.grid.width - _SIDE + 1, _SIDE)
        windows = [
            (x, y, _SIDE, _SIDE) for y in range(0, scene.grid.height - _SIDE + 1, _SIDE) for x in columns
        ]
        chips = [Image.fromarray(reader.rgb(scene, window)) for window in islice(cycle(windows), IMAGES)]
        places = cycle(windows)
        rate = _rate(lambda: reader.rgb(scene, next(places)), 1)
    return chips, CheckRow("read", "cpu", "", rate, "chips/s", None, True)


def _encode(
    encoder: str,
    place: torch.device,
    precision: str,
    images: Sequence[Image.Image],
    reference: list[np.ndarray[Any, Any]] | None,
) -> tuple[list[CheckRow], list[np.ndarray[Any, Any]]]:
    model = TorchEncoder(load_tower(encoder), device=str(place), precision=precision)
    todo: list[tuple[str, str, Callable[[], np.ndarray[Any, Any]], int]] = [
        ("encode images", "images/s", lambda: model.encode_images(images), len(images)),
        ("encode texts", "texts/s", lambda: model.encode_texts(_TEXTS), len(_TEXTS)),
    ]
    rows, vectors = [], []
    for number, (what, unit, encode, count) in enumerate(todo):
        vectors.append(encode())
        off = None
        if reference is not None:
            off = float(1 - (vectors[number] * reference[number]).sum(axis=1).min())
        rows.append(_row(what, place, precision, _rate(encode, count), unit, off))
    return rows, vectors


def _train(
    encoder: str, place: torch.device, precision: str, images: Sequence[Image.Image], reference: float | None
) -> tuple[CheckRow, float]:
    tower = load_tower(encoder)
    torch.manual_seed(0)
    adapted = Adapted(tower, LoraSettings(), base_of(encoder, None, tower))
    settings = TrainingSettings.model_validate({"precision": precision})
    step = Step(adapted, settings, Processes(0, 1, place))
    captions = tuple(f"{_TEXTS[number % len(_TEXTS)]} number {number}" for number in range(PAIRS))
    batch = Batch(
        epoch=0, step=0, images=torch.stack([tower.prepare(image) for image in images[:PAIRS]]),
        tokens=tower.tokenize(captions)[0], captions=captions, keys=captions, sources=(0,) * PAIRS,
        replay=torch.zeros(PAIRS, dtype=torch.bool), cut=0,
    )  # fmt: skip
    loss = step(batch)
    off = None if reference is None else abs(loss - reference) / max(abs(reference), 1e-9)
    return _row("LoRA step", place, precision, _rate(lambda: step(batch), PAIRS), "pairs/s", off), loss


def _row(
    what: str, place: torch.device, precision: str, rate: float, unit: str, difference: float | None
) -> CheckRow:
    good = difference is None or difference <= TOLERANCES[precision]
    return CheckRow(what, str(place), precision, rate, unit, difference, good)


def _rate(work: Callable[[], Any], count: int) -> float:
    """How many a second: calls for some seconds, after one to warm up."""
    work()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        work()
        done += count
    return done / (time.perf_counter() - began)
