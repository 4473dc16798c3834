"""Style `natural`: what is in a chip, told as a person would.

`captions` speaks of land cover first, then of map objects: the focus, what lies around or beside it, how
roads and rivers run, how many there are of what, and where. Everything that it may say, and when that is
true, is written down in docs/caption-grammar.md.
"""

import random

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.natural.classes import MOST_CLASSES, covers
from rsvlm.captioning.natural.cover import cover_sentence, place_sentence
from rsvlm.captioning.natural.facts import read_facts
from rsvlm.captioning.natural.long import long
from rsvlm.captioning.natural.short import MOST_TOKENS, Told, short
from rsvlm.captioning.scenewords import added_sentence
from rsvlm.captioning.scenewords import captions as scene_captions

__all__ = ["captions"]

DRAWS = 4
"""How often the long version is told, at most, where it has fewer words than the short one."""
FEWER_WORDS = 2
"""So many fewer are a matter of wording ("covers", "takes up"), and let pass."""


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
    before = longer = ""
    if known and landcover:
        before = cover_sentence(landcover, rng)
        placed = place_sentence(landcover, labels["north_up"], rng)
        # The long version tells all classes; the short one where they lie only if there is nothing else.
        longer = f"{cover_sentence(landcover, rng, least=MOST_CLASSES)} {placed}".strip()
        before = before if facts.groups else f"{before} {placed}".strip()
    told = short(facts, rng, before)
    text = f"{told.text} {added_sentence(labels, rng)}".strip()
    if count_tokens(text) > MOST_TOKENS:
        told = _shortest(labels, rng)
        text = told.text
    full = ""
    for _ in range(DRAWS):
        full = max(full, long(facts, rng, longer, told.kinds), key=_length)
        if _length(full) + FEWER_WORDS >= _length(told.text):
            break
    return [text, f"{full} {added_sentence(labels, rng)}".strip()]


def _length(text: str) -> int:
    return len(text.split())


def _shortest(labels: Labels, rng: random.Random) -> Told:
    """The barest caption: the largest land-cover class and the focus, else the names of the whole image."""
    landcover = labels["landcover"]
    before = cover_sentence(landcover, rng, most=1) if landcover and covers(landcover) else ""
    return short(read_facts(labels), rng, before)
