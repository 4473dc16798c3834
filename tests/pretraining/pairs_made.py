"""Sources of pairs made on the spot, in every form that can be read, and the cache that tests keep them in."""

import csv
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

import rsvlm
from rsvlm.captioning.sample import SamplePaths

COLOURS = {"a red field": (200, 40, 40), "a green field": (40, 200, 40), "blue water": (40, 40, 200)}
"""What `coloured_pairs` shows."""


def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture: what `datasets` keeps of a test goes with the test, and no test waits for it.

    It sleeps for five seconds whenever a shuffled stream ends, for a fault of pyarrow up to version 24.
    """
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets cache")
    monkeypatch.setattr(datasets.config, "SLEEP_TIME_ON_THREADS_SHUTDOWN", 0, raising=False)


def png(number: int, size: tuple[int, int] = (12, 8)) -> bytes:
    """A picture that no other number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def of_town(sample: SamplePaths, folder: Path, limit: int = 20) -> Path:
    """A pairs dataset of the sample town, with captions of two styles."""
    rsvlm.caption(
        [sample.image], osm=sample.osm, landcover=sample.landcover, style=["natural", "skyscript"],
        out=folder / "pairs", limit=limit, imagery_licence="CC0-1.0",
    )  # fmt: skip
    return folder / "pairs"


def rows(n: int, first: int = 0) -> dict[str, list[Any]]:
    """Columns of n pairs: images with names, each with two captions."""
    numbers = range(first, first + n)
    return {
        "image": [{"bytes": png(number), "path": f"{number}.png"} for number in numbers],
        "captions": [[f"field {number}", f"meadow {number}"] for number in numbers],
    }


def parquet(path: Path, columns: dict[str, list[Any]], **features: Any) -> Path:
    """A file as `datasets` writes it; features for columns that are more than what stands in them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = datasets.Dataset.from_dict(columns)
    for name, feature in features.items():
        made = made.cast_column(name, feature)
    made.to_parquet(path, batch_size=4)
    return path


def tar(path: Path, samples: Sequence[tuple[str, dict[str, bytes]]]) -> Path:
    """A shard of WebDataset: key and files of each sample."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for key, files in samples:
            for ending, content in files.items():
                info = tarfile.TarInfo(f"{key}.{ending}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def tar_of_pairs(path: Path, n: int, first: int = 0) -> Path:
    """A shard of n pairs, with a text and a json each."""
    known = [json.dumps({"lat": 50.0, "lon": float(number)}).encode() for number in range(first, first + n)]
    return tar(
        path,
        [
            (f"{number:05d}", {"png": png(number), "txt": f"field {number}".encode(), "json": known[place]})
            for place, number in enumerate(range(first, first + n))
        ],
    )


def table(path: Path, header: Sequence[str], lines: Sequence[Sequence[object]]) -> Path:
    """A csv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    return path


def folders(place: Path, classes: Sequence[str], each: int = 3) -> Path:
    """A folder with a folder of images for each class."""
    for number, name in enumerate(classes):
        (place / name).mkdir(parents=True)
        for row in range(each):
            (place / name / f"{row}.png").write_bytes(png(100 * number + row))
    return place


def small_model(folder: Path) -> Path:
    """A small open_clip model with random weights."""
    import open_clip

    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
    }
    folder.mkdir()
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**config).state_dict(), folder / "open_clip_pytorch_model.bin")
    content = json.dumps({"model_cfg": config, "preprocess_cfg": {}})
    (folder / "open_clip_config.json").write_text(content, encoding="utf-8")
    return folder


def coloured_pairs(folder: Path, n: int = 60) -> Path:
    """A csv of n noisy pictures of three colours, each said by its colour alone: most captions repeat."""
    folder.mkdir()
    lines, draw = [], np.random.default_rng(0)
    for number in range(n):
        caption = list(COLOURS)[number % 3]
        pixels = np.clip(draw.normal(COLOURS[caption], 40, (32, 32, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
        lines.append([f"{number:02}.png", caption])
    return table(folder / "pairs.csv", ["path", "caption"], lines)
