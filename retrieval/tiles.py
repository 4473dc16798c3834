"""How long it takes to index real tiles, beside the bare encoder and a plain loop, and to search them.

    python retrieval/tiles.py --data DIR              # DIR/{eurosat-rgb,rsicd,ucm,rsscn7}/*.parquet
    python retrieval/tiles.py --data DIR --device cuda

The bare encoder is given pictures that are decoded, in batches of its own size: what is left then is reading, decoding
and writing. The loop decodes one picture after the other and encodes them in batches, as one would write it by hand.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

import rsvlm
from rsvlm.models import Encoder
from rsvlm.retrieval.queries import query_vectors

SETS = ("eurosat-rgb", "rsicd", "ucm", "rsscn7")
SEARCHES = 50


def contents(files: list[Path]) -> list[bytes]:
    """The encoded pictures of parquet files."""
    return [
        one["bytes"] for file in files for one in pq.read_table(file, columns=["image"])["image"].to_pylist()
    ]


def rate(count: int, work: Callable[[], object]) -> float:
    """Pictures a second."""
    begin = time.perf_counter()
    work()
    return count / (time.perf_counter() - begin)


def bare(encoder: Encoder, pictures: list[Image.Image], rounds: int) -> None:
    """Encode decoded pictures."""
    for _ in range(rounds):
        encoder.encode_images(pictures)


def loop(encoder: Encoder, given: list[bytes], size: int = 256) -> None:
    """Decode and encode, a batch after the other."""
    found = []
    for first in range(0, len(given), size):
        pictures = [Image.open(io.BytesIO(one)).convert("RGB") for one in given[first : first + size]]
        found.append(encoder.encode_images(pictures))
    np.concatenate(found)


def milliseconds(work: Callable[[], object]) -> float:
    """Median of some calls."""
    work()
    times = []
    for _ in range(SEARCHES):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    files = [file for name in SETS for file in sorted((options.data / name).glob("*.parquet"))]
    encoder = rsvlm.load_encoder("built-in", device=options.device)
    given = contents(files)
    sample = given[:: max(1, len(given) // 2000)]
    pictures = [Image.open(io.BytesIO(one)).convert("RGB") for one in sample]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "index"
        before = rate(len(pictures), lambda: bare(encoder, pictures, 1))
        whole = rate(len(given), lambda: rsvlm.Index.build(files, folder, encoder))
        by_hand = rate(len(sample), lambda: loop(encoder, sample))
        after = rate(len(pictures), lambda: bare(encoder, pictures, 1))
        print("| way | pictures a second | of the bare encoder |\n|---|---|---|")
        encoded = (before + after) / 2
        for name, one in (
            (f"bare encoder, before and after: {before:,.0f}, {after:,.0f}", encoded),
            (f"rsvlm index build, {len(given):,} tiles", whole),
            ("plain loop: decode, encode", by_hand),
        ):
            print(f"| {name} | {one:,.0f} | {100 * one / encoded:.0f} % |")
        index = rsvlm.Index(folder, encoder)
        picture = pictures[0]
        words = query_vectors(encoder, "tennis courts beside a school")
        [rows] = index.nearest(words)
        print("\n| of a search | ms |\n|---|---|")
        for name, work in (
            ("by words, all of it", lambda: index.search("tennis courts beside a school")),
            ("by a picture, all of it", lambda: index.search(image=picture)),
            ("words to a vector", lambda: query_vectors(encoder, "tennis courts beside a school")),
            ("a picture to a vector", lambda: query_vectors(encoder, image=picture)),
            ("the nearest vectors", lambda: index.nearest(words)),
            ("what is known of the hits", lambda: index.rows(rows.rows)),
        ):
            print(f"| {name} | {milliseconds(work):.1f} |")


if __name__ == "__main__":
    main()
