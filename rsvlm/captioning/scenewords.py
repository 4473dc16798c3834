"""Style `scene`: the names of a whole image, said in one sentence, and no more.

For labels without shares, such as BigEarthNet's CORINE names (Sumbul et al. 2019): that a class is there is
all that they say, so the sentence names the classes in their order and adds neither size nor place.
"""

import random
from collections.abc import Sequence

from rsvlm.captioning.classwords import legend_class
from rsvlm.captioning.english import joined, sentence
from rsvlm.captioning.labels import Labels

SATELLITE_GSD = 5.0
"""Metres; aircraft do not image as coarsely as this, so the image can be called one of a satellite."""


def captions(labels: Labels, rng: random.Random) -> list[str]:
    """Return one sentence that names every name of the image; nothing where it has none."""
    if not labels["scene"]:
        return []
    kind = "a satellite image" if (labels["gsd"] or 0) >= SATELLITE_GSD else "an overhead image"
    openers = (
        f"{kind} with",
        f"{kind} of",
        "a view of",
        "the image shows",
        "the image contains",
        "the scene contains",
    )
    return [sentence(f"{rng.choice(openers)} {names(labels['scene'])}")]


def added_sentence(labels: Labels, rng: random.Random) -> str:
    """Return the sentence on the names for the end of a `natural` caption, "" without names."""
    if not labels["scene"]:
        return ""
    return sentence(f"{rng.choice(('the image includes', 'the scene includes'))} {names(labels['scene'])}")


def names(scene: Sequence[str]) -> str:
    """Join the names, in the words that CORINE's legend has for them or else in lower case."""
    words = list(dict.fromkeys(_words(name) for name in scene))
    if any("," in w or " and " in w for w in words):
        return joined(words, comma="; ", last="; and ")
    return joined(words)


def _words(name: str) -> str:
    known = legend_class("corine", name)
    return known.phrase if known else " ".join(name.split()).lower()
