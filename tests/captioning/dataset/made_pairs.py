"""Pairs and datasets that the tests of this folder make: drawn images, labels of both kinds.

Run as a program it makes a dataset of 60 pairs in 12 shards: `python made_pairs.py OUT WORKERS`.
"""

import io
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from rsvlm.captioning.dataset import (
    Caption,
    Pair,
    PairsDataset,
    ShardWriter,
    Source,
    finish_dataset,
    open_dataset,
)
from rsvlm.captioning.labels import REGIONS, CoverShare, Labels, LandCover, ObjectLabel
from rsvlm.shards import open_run, run_shards

CONFIG = {"made by": "tests"}
SIZE = 128
OSM = Source(
    name="OpenStreetMap",
    licence="ODbL 1.0",
    attribution="© OpenStreetMap contributors",
    url="https://www.openstreetmap.org/copyright",
)
WORLDCOVER = Source(
    name="ESA WorldCover 2021", licence="CC BY 4.0", attribution="© ESA WorldCover project", url=None
)


def picture(number: int, form: str = "jpg", size: int = SIZE) -> bytes:
    """Fields, a road and some roofs."""
    chance = random.Random(number)
    image = Image.new("RGB", (size, size), (96, 120, 72))
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        x, y = chance.randrange(size), chance.randrange(size)
        green = (chance.randrange(80, 150), chance.randrange(110, 160), chance.randrange(60, 90))
        draw.rectangle((x, y, x + size // 3, y + size // 3), fill=green)
    draw.line((0, size * 0.7, size, size * 0.45), fill=(150, 148, 145), width=max(2, size // 24))
    for item in objects(number, size):
        draw.rectangle(tuple(item["box"]), fill=(168, 104, 88))
    file = io.BytesIO()
    image.save(file, {"jpg": "JPEG", "png": "PNG"}[form])
    return file.getvalue()


def objects(number: int, size: int = SIZE) -> list[ObjectLabel]:
    chance = random.Random(f"objects {number}")
    found = []
    for place in range(1 + number % 4):
        x, y = chance.randrange(size * 3 // 4), chance.randrange(size * 3 // 4)
        found.append(
            ObjectLabel(
                id=f"way/{number * 10 + place}",
                role="surrounding" if place else "focus",
                shape="point" if place == 3 else "area",
                tags={"amenity": "school", "building": "yes"} if place == 0 else {"building": "house"},
                box=[float(x), float(y), x + size / 8, y + size / 10.0],
                whole=True,
                area_m2=None if place == 3 else 74.5,
                length_m=None,
                distance_m=float(place) * 7 if place else None,
            )
        )
    return found


def labels(number: int, *, cover: bool = True, size: int = SIZE) -> Labels:
    shares = [CoverShare(name="Tree cover", pixels=9000), CoverShare(name="Cropland", pixels=5000 + number)]
    regions = dict.fromkeys(("overall", *REGIONS[:-1]), shares) | {REGIONS[-1]: []}
    landcover = LandCover(legend="worldcover", date=None, coverage=0.875, regions=regions)
    return Labels(
        width=size,
        height=size,
        gsd=0.6,
        north_up=True,
        objects=objects(number, size),
        landcover=landcover if cover else None,
        scene=[],
    )


def pair(number: int, *, image: bool = True, form: str = "jpg", **more: Any) -> Pair:
    """A pair whose optional parts come and go with its number."""
    caption = f"A school beside a road, with {number} houses around it."
    scene = Source(name=f"scene_{number}.tif", licence=None, attribution=None, url=None)
    known: dict[str, Any] = {
        "key": f"town_{number:05d}",
        "image": picture(number, form) if image else None,
        "format": form if image else None,
        "caption": caption,
        "style": "natural",
        "captions": [
            Caption(style="natural", text=caption),
            Caption(style="skyscript", text="school"),
            Caption(style="skyscript-multi", text="school, surrounded by house"),
        ],
        "labels": labels(number, cover=number % 3 != 0),
        "bbox": (9.5, 47.1, 9.6, 47.2) if number % 5 != 0 else None,
        "crs": "EPSG:32632",
        "gsd": 0.6,
        "datetime": f"2023-06-0{1 + number % 9}T10:00:00Z" if number > 6 else None,
        "sources": [scene, OSM, WORLDCOVER],
        "verified": True,
    }
    return Pair(**known | more)


def write_pairs(description: dict[str, Any]) -> dict[str, Any]:
    """The work of a shard: its description holds the pairs."""
    writer = ShardWriter(Path(description["folder"]), description["shard"])
    with writer:
        for item in description["pairs"]:
            writer.add(item)
            time.sleep(description.get("pause", 0))
    return writer.stats()


def make_dataset(
    out: Path, pairs: Sequence[Pair], *, shard: int = 10, problems: Sequence[tuple[str, str, str, str]] = ()
) -> PairsDataset:
    """A finished dataset of these pairs."""
    starts = range(0, max(len(pairs), 1), shard)
    with open_run(out, CONFIG) as run:
        descriptions = (
            {"shard": number, "folder": str(run.shards), "pairs": pairs[start : start + shard]}
            for number, start in enumerate(starts)
        )
        summary = run_shards(write_pairs, descriptions, run)
        assert summary.failed == 0, summary.failures
        finish_dataset(run, CONFIG, problems, {"out": str(out), "seconds": 1.5, "chips": len(pairs)})
    return open_dataset(out)


def main(out: Path, workers: int) -> None:
    with open_run(out, CONFIG) as run:
        descriptions = (
            {
                "shard": shard,
                "folder": str(run.shards),
                "pairs": [pair(shard * 5 + place) for place in range(5)],
                "pause": 0.01,
            }
            for shard in range(12)
        )
        sys.stdout.write("started\n")
        sys.stdout.flush()
        run_shards(write_pairs, descriptions, run, workers=workers)
        finish_dataset(run, CONFIG, [], {})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
