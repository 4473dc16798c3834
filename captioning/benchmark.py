"""How fast map objects become labels of chips, beside what people do otherwise.

    pip install rsvlm pyrosm geopandas
    python captioning/benchmark.py --data DIR                # DIR/osm/liechtenstein.osm.pbf
    python captioning/benchmark.py --data DIR --city city.osm.pbf    # and 5,000,000 buildings

It makes blank 0.6 m rasters over the Rhine valley of Liechtenstein and labels 5,000 chips of 256 px from the extract,
each way in a process of its own, on one thread, best of `--repeat`:

* rsvlm: read the rasters' grids, parse, label.
* bulk: pyrosm with one key filter and the rasters' box, chip boxes from rasterio, one geopandas spatial join.
* loop: the same table, and for each chip a rasterio window and a geopandas clip.

Then it holds the (chip, object) pairs of all three against each other. Only rsvlm's way gives more than pairs: boxes,
sizes and distances. Times are of the work, after the imports, which the table names apart.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

CHIP = 256
GSD = 0.6
CRS = "EPSG:32632"
WEST, NORTH = 536_500.0, 5_231_000.0
"""Upper left corner of the chips, metres in CRS."""
COLUMNS, ROWS, RASTERS = 50, 100, 4
"""5,000 chips, 50 across and 100 down, in 4 rasters of 50 x 25."""

Pairs = set[tuple[int, str]]


class Stages:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; the same name again adds to it."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def make_rasters(folder: Path) -> list[Path]:
    """Write blank rasters that together hold all chips; sparse, so that they take no room."""
    import rasterio
    from rasterio.transform import from_origin

    rows = ROWS // RASTERS
    paths = []
    for number in range(RASTERS):
        path = folder / f"blank-{number}.tif"
        place = from_origin(WEST, NORTH - number * rows * CHIP * GSD, GSD, GSD)
        options = {"tiled": True, "compress": "deflate", "SPARSE_OK": True, "photometric": "rgb"}
        shape = {"width": COLUMNS * CHIP, "height": rows * CHIP, "count": 3, "dtype": "uint8"}
        rasterio.open(path, "w", driver="GTiff", crs=CRS, transform=place, **shape, **options).close()
        paths.append(path)
    return paths


def run_rsvlm(extract: Path, rasters: list[Path], stages: Stages) -> Pairs:
    """Our way."""
    from rsvlm.captioning.osm import ChipObjects, read_objects
    from rsvlm.imagery import open_scene
    from rsvlm.imagery.windows import grid_windows
    from rsvlm.vocabularies import load_tags

    with stages.stage("rasters"):
        grids = [open_scene(path).grid for path in rasters]
    with stages.stage("parse"):
        table = read_objects(extract, extents=[box for grid in grids if (box := grid.bbox())])
    labels = []
    for grid in grids:
        with stages.stage("to pixels"):
            objects = ChipObjects(table, grid, load_tags())
        with stages.stage("labels"):
            windows = grid_windows(grid.width, grid.height, CHIP)
            labels += objects.labels(windows, np.full(len(windows), -1))
    return {(chip, label["id"]) for chip, found in enumerate(labels) for label in found}


def read_peer(extract: Path, rasters: list[Path], stages: Stages) -> tuple[Any, list[Any]]:
    """What both other ways begin with: pyrosm's table in the rasters' CRS, and the rasters' grids."""
    import pyrosm
    import rasterio
    from rasterio.warp import transform_bounds

    from rsvlm.vocabularies import load_tags

    keys = sorted(load_tags().object_keys)
    with stages.stage("rasters"):
        grids = []
        for path in rasters:
            with rasterio.open(path) as raster:
                grids.append((raster.transform, raster.width, raster.height, raster.bounds))
        corners = np.array([grid[3] for grid in grids])
        whole = (*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))
        box = transform_bounds(CRS, "EPSG:4326", *whole)
    pyrosm.OSM.clear_cache(str(extract))
    with stages.stage("parse"):
        reader = pyrosm.OSM(str(extract), bounding_box=list(box), keep_metadata=False, workers=1)
        table = reader.get_data_by_custom_criteria(
            dict.fromkeys(keys, True), tags_as_columns=keys, keep_other_tags=False
        )
    with stages.stage("to pixels"):
        table = table.to_crs(CRS)
    return table, grids


def chip_boxes(grids: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """West, south, east, north of all chips in CRS (n, 4), in the order of rasters and rows."""
    boxes = []
    for transform, width, height, _ in grids:
        row, column = np.divmod(np.arange((width // CHIP) * (height // CHIP)), width // CHIP)
        west, north = transform.c + column * CHIP * transform.a, transform.f + row * CHIP * transform.e
        boxes.append(np.column_stack([west, north + CHIP * transform.e, west + CHIP * transform.a, north]))
    return np.concatenate(boxes)


def run_bulk(extract: Path, rasters: list[Path], stages: Stages) -> Pairs:
    """The best of what others offer."""
    import geopandas
    import shapely

    table, grids = read_peer(extract, rasters, stages)
    with stages.stage("labels"):
        chips = geopandas.GeoDataFrame(geometry=shapely.box(*chip_boxes(grids).T), crs=CRS)
        joined = geopandas.sjoin(
            chips, table[["osm_type", "id", "geometry"]], how="inner", predicate="intersects"
        )
        names = joined["osm_type"] + "/" + joined["id"].astype(str)
        return set(zip(joined.index.tolist(), names.tolist(), strict=True))


def run_loop(extract: Path, rasters: list[Path], stages: Stages) -> Pairs:
    """The loop that people write."""
    import geopandas
    import rasterio
    from rasterio.windows import Window

    table, _ = read_peer(extract, rasters, stages)
    pairs: Pairs = set()
    chip = 0
    with stages.stage("labels"):
        for path in rasters:
            with rasterio.open(path) as raster:
                for row in range(0, raster.height, CHIP):
                    for column in range(0, raster.width, CHIP):
                        box = raster.window_bounds(Window(column, row, CHIP, CHIP))
                        found = geopandas.clip(table, box)
                        names = found["osm_type"] + "/" + found["id"].astype(str)
                        pairs.update((chip, name) for name in names)
                        chip += 1
    return pairs


WAYS: dict[str, tuple[Callable[[Path, list[Path], Stages], Pairs], tuple[str, ...]]] = {
    "rsvlm": (run_rsvlm, ("rsvlm.captioning.osm", "rsvlm.imagery", "pyarrow.compute")),
    "bulk": (run_bulk, ("pyrosm", "geopandas", "rasterio.warp", "rsvlm.vocabularies")),
    "loop": (run_loop, ("pyrosm", "geopandas", "rasterio.warp", "rsvlm.vocabularies")),
}
"""Each way, and what it imports."""


def peak_memory() -> float:
    """Peak resident memory of this process in MiB, NaN on Windows."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def run_one(way: str, extract: Path, folder: Path) -> dict[str, Any]:
    """Run one way in this process: seconds by stage, peak memory, pairs."""
    import importlib

    stages = Stages()
    run, modules = WAYS[way]
    start = time.perf_counter()
    for module in modules:
        importlib.import_module(module)
    imports = time.perf_counter() - start
    pairs = run(extract, sorted(folder.glob("*.tif")), stages)
    return {"stages": stages.seconds, "imports": imports, "memory": peak_memory(), "pairs": sorted(pairs)}


def in_own_process(arguments: list[str]) -> Any:
    """Run this script in a process of its own, on one thread, and return the JSON that it prints."""
    threads = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GDAL_NUM_THREADS": "1",
        "OSMIUM_POOL_THREADS": "1",
    }
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=os.environ | threads, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def best_of(way: str, extract: Path, folder: Path, repeat: int) -> dict[str, Any]:
    """Return the fastest of some runs."""
    runs = [
        in_own_process(["--run", way, "--data", str(extract), "--rasters", str(folder)])
        for _ in range(repeat)
    ]
    return min(runs, key=lambda run: sum(run["stages"].values()))


def time_plain_loop(extract: Path, repeat: int) -> float:
    """Return the seconds of pyosmium's bare loop over every object."""
    return min(float(in_own_process(["--run", "plain", "--data", str(extract)])) for _ in range(repeat))


def print_times(results: dict[str, dict[str, Any]], plain: float) -> None:
    """Print the table of seconds by stage."""
    stages = ("rasters", "parse", "to pixels", "labels")
    print("| way | " + " | ".join(stages) + " | in all | times rsvlm | imports | peak MiB | pairs |")
    print("|---" * (len(stages) + 6) + "|")
    ours = sum(results["rsvlm"]["stages"].values())
    for way, result in results.items():
        seconds = [result["stages"].get(stage, 0.0) for stage in stages]
        cells = [f"{value:.2f}" for value in seconds]
        more = [f"{sum(seconds):.2f}", f"{sum(seconds) / ours:.2f}", f"{result['imports']:.2f}"]
        print(
            "| "
            + " | ".join([way, *cells, *more, f"{result['memory']:.0f}", str(len(result["pairs"]))])
            + " |"
        )
    parse = results["rsvlm"]["stages"]["parse"]
    print(
        f"\nParsing takes {parse / plain:.2f} times pyosmium's bare loop over every object ({plain:.2f} s)."
    )


def print_differences(results: dict[str, dict[str, Any]], extract: Path) -> None:
    """Say in which pairs the ways differ, and why: by what our own whole table knows of each object."""
    from rsvlm.captioning.osm import read_objects
    from rsvlm.vocabularies import load_tags

    table = read_objects(extract)
    names = table.index.names(np.arange(len(table)))
    sights = table.index.sights(GSD, load_tags())
    visible = dict(zip(names, (sights.rarity[table.index.tag_sets[1]] > 0).tolist(), strict=True))
    members = relation_members(extract)
    ours = {tuple(pair) for pair in results["rsvlm"]["pairs"]}
    for way, result in results.items():
        found = {tuple(pair) for pair in result["pairs"]}
        seen = {pair for pair in found if visible.get(pair[1])}
        missing = ours - seen
        merged = sum(name in members for _, name in missing)
        print(
            f"\n{way}: {len(found)} pairs, {len(found) - len(seen)} of objects with nothing to see at {GSD} m."
        )
        print(
            f"Of the others, {len(seen & ours)} are rsvlm's too; {len(seen - ours)} are not (below 0.001 pixels)."
        )
        print(
            f"Of rsvlm's, {len(missing)} are missing: {merged} are ways that pyrosm gives only as their relation."
        )


def relation_members(extract: Path) -> set[str]:
    """Names of all ways that are in a relation."""
    import osmium

    relations: Any = osmium.FileProcessor(str(extract), osmium.osm.RELATION)
    return {
        f"way/{member.ref}" for relation in relations for member in relation.members if member.type == "w"
    }


def print_city(path: Path, buildings: int) -> None:
    """Make a city of so many buildings, unless it is there, and read what lies under imagery of 1 % of it."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "captioning" / "osm"))
    from make_city import SOUTH, WEST, make_city, side_of  # type: ignore[import-not-found]

    if not path.exists():
        make_city(path, buildings)
    east, north = side_of(buildings)
    box = [WEST + 0.45 * east, SOUTH + 0.45 * north, WEST + 0.55 * east, SOUTH + 0.55 * north]
    result = in_own_process(["--run", "city", "--data", str(path), "--box", *map(str, box)])
    print("\n| buildings | kept | seconds | bare loop | peak MiB |\n|---|---|---|---|---|")
    plain = time_plain_loop(path, 1)
    print(
        f"| {result['read']} | {result['kept']} | {result['seconds']:.1f} | {plain:.1f} | {result['memory']:.0f} |"
    )


def run_city(path: Path, box: list[float]) -> dict[str, float]:
    """Read a large extract with a small image over it."""
    from rsvlm.captioning.osm import read_objects

    start = time.perf_counter()
    counts = read_objects(path, extents=[(box[0], box[1], box[2], box[3])]).counts
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "memory": peak_memory(), "read": counts["read"], "kept": counts["kept"]}


def run_plain(extract: Path) -> float:
    """Time pyosmium's bare loop over every object."""
    import osmium

    start = time.perf_counter()
    for _ in osmium.FileProcessor(str(extract)):
        pass
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with osm/liechtenstein.osm.pbf")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument(
        "--city", type=Path, help="file for an extract of 5,000,000 buildings; made if it is not there"
    )
    parser.add_argument("--buildings", type=int, default=5_000_000)
    parser.add_argument("--run", choices=[*WAYS, "plain", "city"], help=argparse.SUPPRESS)
    parser.add_argument("--rasters", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--box", type=float, nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run == "plain":
        print(json.dumps(run_plain(options.data)))
    elif options.run == "city":
        print(json.dumps(run_city(options.data, options.box)))
    elif options.run:
        print(json.dumps(run_one(options.run, options.data, options.rasters)))
    else:
        compare(options.data / "osm" / "liechtenstein.osm.pbf", options.ways, options.repeat)
        if options.city:
            print_city(options.city, options.buildings)


def compare(extract: Path, ways: list[str], repeat: int) -> None:
    """Run all ways and print both tables; the loop, which takes a minute, once."""
    with tempfile.TemporaryDirectory() as name:
        make_rasters(Path(name))
        results = {way: best_of(way, extract, Path(name), 1 if way == "loop" else repeat) for way in ways}
    print_times(results, time_plain_loop(extract, repeat))
    print_differences(results, extract)


if __name__ == "__main__":
    main()
