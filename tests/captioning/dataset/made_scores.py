"""An encoder that knows mean colours, and datasets to score with it.

Run as a program it scores or filters the dataset in DIR: `python made_scores.py score DIR` (slowly), or
`python made_scores.py filter DIR OUT`.
"""

import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from made_pairs import labels, pair, picture  # type: ignore[import-not-found]

from rsvlm.captioning.dataset import Caption, Pair, filter_pairs, open_dataset, score_pairs
from rsvlm.captioning.dataset.choosing import filter as filtering

COLOURS = {
    "water": (70, 110, 140), "forest": (60, 90, 55), "field": (150, 140, 90), "house": (168, 104, 88),
    "grass": (100, 130, 75),
}  # fmt: skip
MIDDLE = np.mean(list(COLOURS.values()), axis=0)


class ColourEncoder:
    """Images are their mean colour, texts that of what they name."""

    name, revision, dimension, image_size = "Mean colours", "1", 3, 64

    def __init__(self, revision: str = "1", pause: float = 0) -> None:
        self.revision, self.pause = revision, pause
        self.images = 0
        self.texts: list[str] = []

    def encode_images(self, images: Sequence[Any]) -> npt.NDArray[np.float32]:
        time.sleep(self.pause)
        self.images += len(images)
        return unit([np.asarray(image).mean(axis=(0, 1)) for image in images])

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts += texts
        return unit([self.colour(text) for text in texts])

    def colour(self, text: str) -> Any:
        return np.mean([colour for word, colour in COLOURS.items() if word in text], axis=0)


def unit(colours: Any) -> npt.NDArray[np.float32]:
    rows = np.asarray(colours, dtype=np.float64) - MIDDLE
    vectors: npt.NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def coloured(number: int, style: str = "natural", **more: Any) -> Pair:
    """A pair that says one of three things of a drawn picture, true or not."""
    text = f"There is {random.Random(number).choice(('grass', 'a field', 'a house'))}."
    known = {"caption": text, "style": style, "captions": [Caption(style=style, text=text)]}
    made: Pair = pair(number, **known | more)
    return made


def tagged(number: int, tag: tuple[str, str] | None, **more: Any) -> Pair:
    """The same with this tag at its focus, or with land cover alone."""
    known = labels(number)
    known["objects"][0]["tags"] = dict([tag]) if tag else {}
    if tag is None:
        known["objects"].clear()
    return coloured(number, labels=known, **more)


def broken(number: int, content: bytes) -> Pair:
    """A pair whose image is this."""
    return replace(coloured(number), image=content)


def cut_off(number: int) -> bytes:
    """A JPEG whose end is missing."""
    whole: bytes = picture(number)
    return whole[: len(whole) // 2]


def main(command: str, folder: Path, *out: str) -> None:
    sys.stdout.write("started\n")
    sys.stdout.flush()
    if command == "score":
        score_pairs(open_dataset(folder), ColourEncoder(pause=0.03), batch_size=2)
    else:
        filtering.SHARD_SIZE = 4
        filter_pairs(open_dataset(folder), out[0], top=0.8)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
