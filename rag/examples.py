"""The example images of the demo: parts of the sample town, small enough to ship.

    python rag/examples.py          # writes rsvlm/demo/examples/*.tif

Each keeps its place. Nothing of them is a photograph.
"""

import tempfile
from pathlib import Path

import rasterio
from rasterio.windows import Window

from rsvlm.captioning.sample import write_sample

OUT = Path(__file__).parent.parent / "rsvlm/demo/examples"
SIDE = 448
CORNERS = {"river": (600, 450), "stadium": (1560, 1190), "quarry": (20, 0), "solar": (1600, 1600)}
"""Left and upper pixel of each part."""


def main() -> None:
    """Cut them out."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, rasterio.open(write_sample(folder).image) as town:
        for name, corner in CORNERS.items():
            window = Window(*corner, SIDE, SIDE)
            with rasterio.open(
                OUT / f"{name}.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=3, dtype="uint8",
                crs=town.crs, transform=town.window_transform(window), compress="jpeg", jpeg_quality=80,
                photometric="ycbcr", tiled=True, blockxsize=SIDE, blockysize=SIDE,
            ) as file:  # fmt: skip
                file.write(town.read(window=window))
                file.update_tags(
                    **{
                        name: value
                        for name, value in town.tags().items()
                        if name.startswith("TIFFTAG") or name == "LICENCE"
                    }
                )
            print(f"{name}: {(OUT / f'{name}.tif').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
