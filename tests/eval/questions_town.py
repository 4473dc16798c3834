"""A made-up countryside with labels of all sorts, small enough for tests: class maps, outlines, scenes, pairs."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import rasterio
from PIL import Image
from rasterio.transform import Affine

from rsvlm.eval.questions import QuestionReport
from rsvlm.eval.questions.sources import ClassMap, Objects, Pairs, Scenes, Source

LEGEND = """
name: made
title: A made-up countryside
classes:
  - {code: 0, name: nothing, background: true}
  - {code: 1, name: forest, color: "#006400"}
  - {code: 2, name: field, phrase: fields, color: "#ffff4c"}
  - {code: 3, name: water, color: "#0064c8"}
"""
COLOURS = np.array([(90, 90, 90), (20, 70, 20), (200, 190, 90), (30, 60, 160)], np.uint8)
SIZE = 320


def write_raster(path: Path, pixels: npt.NDArray[np.uint8], x: float = 500_000, pixel: float = 10.0) -> None:
    """A GeoTIFF of (rows, columns) or (rows, columns, 3)."""
    bands = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Affine(pixel, 0, x, 0, -pixel, 4_000_000)
    profile = {
        "driver": "GTiff",
        "count": len(bands),
        "dtype": "uint8",
        "crs": "EPSG:32652",
        "transform": place,
    }
    with rasterio.open(path, "w", height=pixels.shape[0], width=pixels.shape[1], **profile) as file:
        file.write(bands)


def classes(rng: np.random.Generator, void: float = 0.0) -> npt.NDArray[np.uint8]:
    """Fields with round woods and lakes in them."""
    codes = np.full((SIZE, SIZE), 2, np.uint8)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for code in (1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3):
        y, x, radius = (int(rng.integers(low, high)) for low, high in ((0, SIZE), (0, SIZE), (14, 48)))
        codes[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = code
    codes[rng.random(codes.shape) < void] = 0
    return codes


class Country(NamedTuple):
    """A countryside, and questions about it.

    Attributes:
        folder: Holds all labels, and `questions`.
        sources: Its labels.
        report: What was said when the questions were made.
    """

    folder: Path
    sources: list[Source]
    report: QuestionReport


def countryside(folder: Path) -> list[Source]:
    """Write labels of all sorts and return them as sources."""
    rng = np.random.default_rng(1)
    (folder / "legend.yaml").write_text(LEGEND, encoding="utf-8")
    first = classes(rng)
    for name, codes, x in (
        ("202306_a", first, 500_000),
        ("202312_b", np.roll(first, -40, axis=1), 500_400),
        ("202306_c", classes(rng), 600_000),
    ):
        shade = rng.integers(0, 20, (SIZE, SIZE, 1)).astype(np.uint8)
        write_raster(folder / "masks" / f"{name}.tif", codes, x)
        write_raster(folder / "images" / f"{name}.tif", COLOURS[codes] + shade, x)
    write_raster(folder / "maps" / "2020.tif", first)
    write_raster(folder / "maps" / "2021.tif", np.where(classes(rng) == 1, 1, first).astype(np.uint8))
    _houses(folder, rng)
    _scenes(folder, rng)
    legend = str(folder / "legend.yaml")
    return [
        ClassMap(labels=folder / "masks", images=folder / "images", legend=legend),
        ClassMap(labels=folder / "maps", legend=legend),
        Objects(image=folder / "town.tif", features=folder / "houses.geojson", noun="house"),
        Scenes(path=folder / "scenes"),
        Pairs(before=folder / "before", after=folder / "after", event="the flood"),
    ]


def _houses(folder: Path, rng: np.random.Generator) -> None:
    """Bright roofs on dark ground, and their outlines."""
    ground = rng.integers(30, 60, (480, 480)).astype(np.uint8)
    features = []
    for y in range(20, 440, 60):
        for x in range(20, 440, 60):
            if rng.random() < 0.4:
                continue
            wide, high, a, b = (int(value) for value in (*rng.integers(13, 26, 2), *rng.integers(0, 20, 2)))
            left, top = x + a, y + b
            ground[top : top + high, left : left + wide] = 180
            east, north = 500_000 + left * 0.5, 4_000_000 - top * 0.5
            ring = [
                [east, north], [east + wide / 2, north], [east + wide / 2, north - high / 2], [east, north - high / 2],
                [east, north],
            ]  # fmt: skip
            features.append(
                {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
            )
    write_raster(folder / "town.tif", ground, pixel=0.5)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}}
    content = {"type": "FeatureCollection", "crs": crs, "features": features}
    (folder / "houses.geojson").write_text(json.dumps(content), encoding="utf-8")


def _scenes(folder: Path, rng: np.random.Generator) -> None:
    """Pictures of noise of a colour: four classes of them, and places before and after."""

    def picture(path: Path, colour: tuple[int, int, int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(rng.normal(colour, 12, (32, 32, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)

    colours = {
        "beach": (220, 200, 150),
        "forest": (20, 80, 20),
        "harbor": (40, 70, 140),
        "parking lot": (120, 120, 120),
    }
    for name, colour in colours.items():
        for number in range(6):
            picture(folder / "scenes" / name / f"{name}_{number}.png", colour)
    for number in range(8):
        name = f"-95.{number}1_29.{number}1.png"
        picture(folder / "before" / name, (60, 120, 60))
        picture(folder / "after" / name, (130, 110, 80))
