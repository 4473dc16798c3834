"""Labels of real chips from the data sets in `RSVLM_TEST_DATA`; each function gives `number` seeded chips."""

import json
import random
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer

from rsvlm.captioning.labels import Labels as Labels
from rsvlm.captioning.labels import LandCover, ObjectLabel
from rsvlm.captioning.landcover import LandCoverSource
from rsvlm.captioning.osm import ChipObjects, read_objects
from rsvlm.imagery import Grid
from rsvlm.vocabularies import load_legend, load_tags

LIECHTENSTEIN = (9.47, 47.05, 9.64, 47.27)
"""West, south, east, north, degrees."""


def real_labels(data: Path, number: int, seed: int = 0) -> list[Labels]:
    """Chips of all sources: about half OSM, a third land cover, the rest both together and whole-image names."""
    rng = random.Random(seed)
    osm = liechtenstein(data, number // 3, rng) + spacenet(data, number // 12, rng)
    cover = korea(data, number // 4, rng) + sao_tome(data, number // 8, rng)
    both = [_with_cover(rng.choice(osm), rng.choice(cover)) for _ in range(number // 8)]
    scenes = bigearthnet(data)
    return osm + cover + both + [rng.choice(scenes) for _ in range(number // 12)]


def _labels(grid: Grid, objects: list[ObjectLabel], landcover: LandCover | None, scene: list[str]) -> Labels:
    return {
        "width": grid.width,
        "height": grid.height,
        "gsd": grid.gsd,
        "north_up": grid.north_up,
        "objects": objects,
        "landcover": landcover,
        "scene": scene,
    }


def _with_cover(osm: Labels, cover: Labels) -> Labels:
    """Objects of one place with the land cover of another: as labels go, a chip like any other."""
    return {**osm, "landcover": cover["landcover"]}


def _grid_of(path: Path) -> Grid:
    with rasterio.open(path) as raster:
        a, b, c, d, e, f = tuple(raster.transform)[:6]
        return Grid(raster.width, raster.height, f"EPSG:{raster.crs.to_epsg()}", (a, b, c, d, e, f))


def _object_labels(objects: ChipObjects, windows: list[tuple[int, int, int, int]]) -> list[Labels]:
    found = objects.labels(np.array(windows), np.full(len(windows), -1, np.int64))
    return [
        _labels(objects.grid.window(*window), labels, None, [])
        for window, labels in zip(windows, found, strict=True)
        if labels
    ]


def liechtenstein(data: Path, number: int, rng: random.Random) -> list[Labels]:
    """Chips of 256 and 512 pixels of 0.6 and 0.3 m with all that OpenStreetMap has there."""
    table = read_objects(data / "osm" / "liechtenstein.osm.pbf")
    west, south, east, north = LIECHTENSTEIN
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32632", always_xy=True)
    (x0, y0), (x1, y1) = to_utm.transform(west, south), to_utm.transform(east, north)
    found: list[Labels] = []
    for gsd, size in ((0.6, 256), (0.3, 512), (1.0, 256)):
        grid = Grid(int((x1 - x0) / gsd), int((y1 - y0) / gsd), "EPSG:32632", (gsd, 0, x0, 0, -gsd, y1))
        corners = [
            (rng.randrange(grid.width - size), rng.randrange(grid.height - size)) for _ in range(2 * number)
        ]
        chips = _object_labels(
            ChipObjects(table, grid, load_tags()), [(x, y, size, size) for x, y in corners]
        )
        found += chips[: number // 3]
    return found


def spacenet(data: Path, number: int, rng: random.Random) -> list[Labels]:
    """Chips of the 0.5 m image with its building polygons."""
    folder = data / "spacenet-atlanta"
    grid = _grid_of(folder / "image.tif")
    objects = ChipObjects(read_objects(folder / "buildings.geojson"), grid, load_tags())
    corners = [(rng.randrange(900 - 256), rng.randrange(900 - 256)) for _ in range(2 * number)]
    return _object_labels(objects, [(x, y, 256, 256) for x, y in corners])[:number]


def korea(data: Path, number: int, rng: random.Random) -> list[Labels]:
    """Chips of 64 and 256 pixels of the Korean masks; those without a labelled class are left out."""
    root = data / "korea-sentinel2-landcover"
    source = LandCoverSource.open(root / "masks", load_legend("korea"))
    images = sorted((root / "images").glob("*.tif"))
    found: list[Labels] = []
    while len(found) < number:
        image, size = rng.choice(images), rng.choice((64, 256))
        grid = _grid_of(image).window(rng.randrange(512 - size), rng.randrange(512 - size), size, size)
        cover = source.labels(image.name, grid).landcover
        if cover is not None:
            found.append(_labels(grid, [], cover, []))
    return found


def sao_tome(data: Path, number: int, rng: random.Random) -> list[Labels]:
    """Chips of 256 pixels of WorldCover, of both dates; those without a labelled class are left out."""
    folder = data / "worldcover-sao-tome"
    whole = _grid_of(next(folder.glob("*2020*.tif")))
    sources = [
        LandCoverSource.open(folder, load_legend("worldcover"), date=date) for date in ("2020", "2021")
    ]
    found: list[Labels] = []
    while len(found) < number:
        grid = whole.window(rng.randrange(whole.width - 256), rng.randrange(whole.height - 256), 256, 256)
        cover = rng.choice(sources).labels("", grid).landcover
        if cover is not None:
            found.append(_labels(grid, [], cover, []))
    return found


def bigearthnet(data: Path) -> list[Labels]:
    """The CORINE names of whole patches."""
    found: list[Labels] = []
    for file in sorted((data / "bigearthnet-s2").glob("*/*_labels_metadata.json")):
        names = json.loads(file.read_text(encoding="utf-8"))["labels"]
        found.append(_labels(Grid(120, 120, None, None), [], None, names) | {"gsd": 10.0})
    return found
