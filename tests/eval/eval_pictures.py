"""What the tests of data, zero-shot and probes share: pictures of one colour, and a true encoder of them."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from rsvlm.datasets import EvalSet

NAMES = ("red", "green", "blue")
COLOURS = {"red": (220, 30, 20), "green": (20, 200, 40), "blue": (30, 20, 210), "white": (250, 250, 250)}


class Colours:
    """An image's vector is its mean colour, a text's the colours that it names."""

    name, revision, dimension, image_size = "colours", "1", 3, 8

    def __init__(self) -> None:
        self.seen = 0
        self.asked: list[str] = []

    def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
        self.seen += len(images)
        means = np.stack(
            [np.asarray(image, np.float64).reshape(-1, 3).mean(axis=0) + 1e-3 for image in images]
        )
        found: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return found

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        rows = np.array([[name in text for name in NAMES] for text in texts]) + 0.05
        found: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return found


def picture(name: str, seed: int = 0, size: int = 8) -> Image.Image:
    """A picture of a colour with some noise, another for every seed."""
    noise = np.random.default_rng(seed).integers(-15, 16, (size, size, 3))
    return Image.fromarray(np.clip(np.array(COLOURS[name]) + noise, 0, 255).astype(np.uint8))


def in_memory(labels: Sequence[tuple[str, ...]], shown: Sequence[str], **more: Any) -> EvalSet:
    """Pictures of colours that are on no disk."""
    images = [picture(name, row) for row, name in enumerate(shown)]
    return EvalSet("colours", images, tuple(f"{row}.png" for row in range(len(shown))), tuple(labels), **more)


def png(name: str, seed: int = 0) -> bytes:
    file = io.BytesIO()
    picture(name, seed).save(file, "PNG")
    return file.getvalue()


def write_parquet(
    path: Path, labels: Sequence[Any], *, seed: int = 0, group: int = 7, **columns: Any
) -> Path:
    """A file as `datasets` writes it: pictures of the colours that the labels (or the first of them) name."""
    shown = [label if isinstance(label, str) else label[0] for label in labels]
    images = [{"bytes": png(name, seed + row), "path": f"{name}_{row}.png"} for row, name in enumerate(shown)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"image": images, "label": list(labels), **columns}), path, row_group_size=group)
    return path
