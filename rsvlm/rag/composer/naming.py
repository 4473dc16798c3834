"""What is seen: the scene, the cover that takes up most, what is in a part."""

import math
from collections import defaultdict
from functools import cache
from itertools import pairwise

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, class_names
from rsvlm.rag.questions.reading import is_plural
from rsvlm.vocabularies import vocabulary

from .asksothers import asked_else
from .covers import most_of
from .directions import is_direction
from .finding import NO_IMAGE, Finding, Scene, about, told, unknown, with_article
from .likelihood import softmax

SCENES = ("rsicd", "eurosat", "ucmerced")
"""Vocabularies whose classes an image may be told to be of."""
_MEMORY = 0.05
"""Share of look-alikes that a class has which none of them shows."""


def what(asked: Asked, scene: Scene) -> Finding:
    """Answer what something is."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    if asked.mode == "colour":
        return unknown("I do not name colours")
    if asked.unread_place or is_direction(asked.relation):
        return unknown("I cannot tell what lies in that direction")
    if (other := asked_else(asked)) is not None:
        return unknown(other)
    if asked.region is not None or asked.mode in ("main cover", "in region"):
        return _cover(asked, scene)
    names, shares, support = scene_shares(scene)
    best = int(np.argmax(shares))
    of = next((one for one in asked.things if one.classes), None) if asked.mode == "type" else None
    if of is not None and names[best] not in of.classes:
        return unknown(
            f"I cannot tell what kind of {told(of)} {'they are' if is_plural(told(of)) else 'it is'}"
        )
    text = f"It looks like {with_article(names[best])}"
    second = int(np.argsort(shares)[-2])
    if shares[second] > 0.2:
        text += f", or else like {with_article(names[second])}"
    evidence = support.get(names[best], ())[:2] or about(scene, names[best])
    return Finding(f"{text}.", names[best], float(shares[best]), evidence, fitted=True)


def scene_shares(scene: Scene) -> tuple[list[str], list[float], dict[str, tuple[Evidence, ...]]]:
    """Return classes of scenes, how likely each is, and what is said of look-alikes of it."""
    names = list(scene_names())
    words = [scene_names()[name] for name in names]
    flat = (
        scene.lexicon.vectors([word for group in words for word in group]).astype(np.float64)
        @ scene.look.vector
    )
    starts = np.cumsum([0, *(len(group) for group in words)])
    cosines = [float(flat[first:last].max()) for first, last in pairwise(starts.tolist())]
    scale = scene.lexicon.scale
    votes: dict[str, float] = defaultdict(float)
    support: dict[str, tuple[Evidence, ...]] = {}
    for one in scene.look.neighbours:
        for label in one.labels:
            votes[label] += one.weight / len(one.labels)
            support[label] = support.get(label, ()) + one.evidence[:1]
    scores = [scale * cosine for cosine in cosines]
    if votes:
        scores = [
            score + math.log(votes.get(name, 0.0) + _MEMORY)
            for score, name in zip(scores, names, strict=True)
        ]
    return names, softmax(scores), support


def _cover(asked: Asked, scene: Scene) -> Finding:
    """What takes up most of an image, or of a part."""
    name, share = most_of(scene, asked.region)
    where = "That part looks like" if asked.region is not None else "Most of the image looks like"
    return Finding(f"{where} {name}.", name, share, about(scene, name))


@cache
def scene_names() -> dict[str, tuple[str, ...]]:
    """Classes of scenes by the names that questions have for them, with the words for each."""
    found: dict[str, tuple[str, ...]] = {}
    for name in SCENES:
        for one in vocabulary(name).classes:
            called = (class_names(one.words[0]) or (one.words[0],))[0]
            found[called] = tuple(dict.fromkeys((*found.get(called, ()), called, *one.words)))
    return found
