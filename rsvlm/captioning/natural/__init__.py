"""Style `natural`: what is in a chip, told as a person would.

`captions` speaks of land cover first, then of map objects: the focus, what lies around or beside it, how
roads and rivers run, how many there are of what, and where. Everything that it may say, and when that is
true, is written down in docs/caption-grammar.md.
"""

import random

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.natural.cover import cover_sentence, covers, place_sentence
from rsvlm.captioning.natural.facts import read_facts
from rsvlm.captioning.natural.long import long
from rsvlm.captioning.natural.short import MOST_TOKENS, short
from rsvlm.captioning.scenewords import added_sentence
from rsvlm.captioning.scenewords import captions as scene_captions

__all__ = ["captions"]


def captions(labels: Labels, rng: random.Random) -> list[str]:
    """Tell a chip twice.

    Args:
        labels: what is known of the chip.
        rng: where all choices of words come from; the same state gives the same captions.

    Returns:
        A short caption of one or two sentences and at most 77 CLIP tokens, and a long one that goes through
        all kinds of things in the chip. Nothing where the labels have nothing to tell.
    """
    facts = read_facts(labels)
    landcover = labels["landcover"]
    known = landcover is not None and bool(covers(landcover))
    if not facts.groups and not known:
        return scene_captions(labels, rng) * 2
    texts = []
    for tell in (short, long):
        before = cover_sentence(landcover, rng) if known and landcover else ""
        if known and landcover and (tell is long or not facts.groups):
            before = f"{before} {place_sentence(landcover, labels['north_up'], rng)}".strip()
        texts.append(f"{tell(facts, rng, before)} {added_sentence(labels, rng)}".strip())
    if count_tokens(texts[0]) > MOST_TOKENS:
        texts[0] = _shortest(labels, rng)
    return texts


def _shortest(labels: Labels, rng: random.Random) -> str:
    """The barest caption: the largest land-cover class and the focus, else the names of the whole image."""
    landcover = labels["landcover"]
    before = cover_sentence(landcover, rng, most=1) if landcover and covers(landcover) else ""
    return short(read_facts(labels), rng, before)
