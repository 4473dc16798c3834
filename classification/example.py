"""The sample town classified in chips of 64 px. A real encoder is `rsvlm.load_encoder("remoteclip-vit-b-32")`."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import rsvlm
from rsvlm.captioning.sample import write_sample

COLOURS = {
    "water": (70, 110, 140),
    "forest": (60, 90, 55),
    "farmland": (150, 140, 90),
    "roofs": (150, 125, 120),
}


class ColourEncoder:
    """Any object like this is an encoder; this one knows mean colours, of images and of what texts name."""

    name, revision, dimension, image_size = "colours", "1", 3, 64

    def encode_images(self, images: Any) -> Any:
        return unit([np.asarray(image).mean(axis=(0, 1)) for image in images])

    def encode_texts(self, texts: Any) -> Any:
        return unit([next(colour for word, colour in COLOURS.items() if word in text) for text in texts])


def unit(colours: Any) -> Any:
    rows = np.asarray(colours, dtype=np.float32) - np.mean(list(COLOURS.values()), axis=0)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


with tempfile.TemporaryDirectory() as folder:
    town = write_sample(Path(folder))
    classifier = rsvlm.ZeroShotClassifier(list(COLOURS), encoder=ColourEncoder())
    print(classifier.classify(town.image, size=64).to_table().group_by("label").aggregate([("key", "count")]))
