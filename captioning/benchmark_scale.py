"""Captioning with writing included: captions per second, two processes against one, memory as the work grows.

    python captioning/benchmark_scale.py --data DIR

`DIR/osm/liechtenstein.osm.pbf` is the map. Images are blank 0.6 m rasters that this script makes (5,000 chips of
256 px each, every raster a little beside the one before, so that no chip repeats). Each row is a run of its own process
tree; the parsed extract is cached by a run that is not counted. Peak memory is the largest process's.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer

CHIP, ACROSS, DOWN, PIXEL = 256, 50, 100, 0.6
CENTRE = (9.5415, 47.155)

RUN = """
import resource, sys, time
import rsvlm
if __name__ == "__main__":
    images, osm, out, cache, workers, limit = sys.argv[1:]
    options = dict(workers=int(workers), limit=int(limit) or None, min_valid=0)
    start = time.perf_counter()
    report = rsvlm.caption(images, osm=osm, size=256, out=out, cache=cache, **options)
    seconds = time.perf_counter() - start
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(report.chips, report.pairs, sum(report.styles.values()), seconds, peak)
"""


def make_rasters(folder: Path, count: int) -> None:
    """Blank tiled GeoTIFFs over Liechtenstein, `ACROSS` x `DOWN` chips each."""
    folder.mkdir()
    x, y = Transformer.from_crs(4326, 32632, always_xy=True).transform(*CENTRE)
    for number in range(count):
        west = x - ACROSS * CHIP * PIXEL / 2 + 11.4 * number
        north = y + DOWN * CHIP * PIXEL / 2 - 7.8 * number
        with rasterio.open(
            folder / f"blank_{number:02d}.tif", "w", driver="GTiff", width=ACROSS * CHIP, height=DOWN * CHIP, count=3,
            dtype=np.uint8, crs="EPSG:32632", transform=rasterio.Affine(PIXEL, 0, west, 0, -PIXEL, north),
            tiled=True, blockxsize=CHIP, blockysize=CHIP, SPARSE_OK=True, photometric="RGB",
        ):  # fmt: skip
            pass


def run(
    place: Path, osm: Path, images: Path, workers: int, limit: int = 0
) -> tuple[int, int, int, float, float]:
    """One run in a fresh process: chips, pairs, captions, seconds, MiB."""
    script = place / "run.py"
    script.write_text(RUN, encoding="utf-8")
    out = place / "pairs"
    command = [sys.executable, str(script), *map(str, (images, osm, out, place / "cache", workers, limit))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    shutil.rmtree(out)
    chips, pairs, captions, seconds, peak = done.stdout.split()
    return int(chips), int(pairs), int(captions), float(seconds), float(peak)


def main() -> None:
    """Make the images, run each row, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with osm/liechtenstein.osm.pbf")
    parser.add_argument("--rasters", type=int, default=10, help="rasters of 5,000 chips in the large runs")
    parser.add_argument("--repeats", type=int, default=3, help="runs a row; the median is printed")
    arguments = parser.parse_args()
    osm = arguments.data / "osm" / "liechtenstein.osm.pbf"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_rasters(place / "small", 1)
        make_rasters(place / "large", arguments.rasters)
        for images in ("small", "large"):
            run(place, osm, place / images, 1, limit=1)  # fills the cache
        print("| chips | processes | pairs | seconds | captions/s | peak MiB, largest process |")
        print("| --- | --- | --- | --- | --- | --- |")
        medians = {}
        for images, workers in (("small", 1), ("large", 1), ("large", 2)):
            runs = [run(place, osm, place / images, workers) for _ in range(arguments.repeats)]
            rows = sorted(runs, key=lambda row: row[3])
            chips, pairs, captions, seconds, peak = rows[len(rows) // 2]
            medians[images, workers] = seconds
            rate = captions / seconds
            print(
                f"| {chips:,} | {workers} | {pairs:,} | {seconds:.1f} | {rate:,.0f} | {peak:,.0f} |",
                flush=True,
            )
        print(f"\ntwo processes over one: {medians['large', 1] / medians['large', 2]:.2f} times")


if __name__ == "__main__":
    main()
