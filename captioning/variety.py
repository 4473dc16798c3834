"""How varied captions are: distinct captions, the commonest one, distinct bigrams, by style.

    python captioning/variety.py --data DIR          # DIR/osm/liechtenstein.osm.pbf

Labels are those of 5,000 grid chips of 256 px at 0.6 m; no image is needed for words.
"""

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from benchmark_scale import ACROSS, CENTRE, CHIP, DOWN, PIXEL  # type: ignore[import-not-found]
from pyproj import Transformer

from rsvlm.captioning.compose import compose
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.osm import ChipObjects, read_objects
from rsvlm.imagery import Grid
from rsvlm.imagery.windows import grid_windows
from rsvlm.vocabularies import load_tags


def main() -> None:
    """Label the chips, write every caption, count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    osm = parser.parse_args().data / "osm" / "liechtenstein.osm.pbf"
    x, y = Transformer.from_crs(4326, 32632, always_xy=True).transform(*CENTRE)
    width, height = ACROSS * CHIP, DOWN * CHIP
    corner = (PIXEL, 0.0, x - width * PIXEL / 2, 0.0, -PIXEL, y + height * PIXEL / 2)
    grid = Grid(width, height, "EPSG:32632", corner)
    box = grid.bbox()
    objects = ChipObjects(read_objects(osm, extents=[box] if box else None), grid, load_tags())
    windows = grid_windows(width, height, CHIP)
    found = objects.labels(windows, np.full(len(windows), -1, np.int64))
    captions: dict[str, list[str]] = {}
    for number, held in enumerate(found):
        labels = Labels(
            width=CHIP, height=CHIP, gsd=PIXEL, north_up=True, objects=held, landcover=None, scene=[]
        )
        good, _ = compose(labels, ("natural", "skyscript"), seed=0, key=str(number))
        for style, text in good:
            captions.setdefault(style, []).append(text)
    print(
        "| variant | captions | distinct | commonest | distinct bigrams | words |\n|---|---|---|---|---|---|"
    )
    for style, texts in captions.items():
        words = [text.lower().replace(".", "").replace(",", "").split() for text in texts]
        bigrams = {pair for line in words for pair in pairwise(line)}
        commonest = Counter(texts).most_common(1)[0][1] / len(texts)
        mean = sum(map(len, words)) / len(words)
        distinct = len(set(texts)) / len(texts)
        print(
            f"| {style} | {len(texts):,} | {distinct:.1%} | {commonest:.1%} | {len(bigrams):,} | {mean:.1f} |"
        )


if __name__ == "__main__":
    main()
