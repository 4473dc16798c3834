"""What is seen: the scene, the cover that takes up most, what is in a part; and which of some options it is."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, Option, Thing, class_names
from rsvlm.vocabularies import vocabulary

from .amounts import TILES, counted, share
from .finding import NO_IMAGE, Finding, Scene, about, unknown
from .likelihood import softmax
from .places import in_nine

SCENES = ("rsicd", "eurosat", "ucmerced")
"""Vocabularies whose classes an image may be told to be of."""
COVERS = (
    "forest", "cropland", "grassland", "water", "built-up land", "bare land", "shrubland", "wetland", "snow and ice",
    "beach", "road",
)  # fmt: skip
"""What may cover most of an image."""
_MEMORY = 0.05
"""Share of look-alikes that a class has which none of them shows."""
_MOST = re.compile(
    r"\b(?:largest|biggest|most|main(?:ly)?|predominant(?:ly)?|dominant|dominates?|majority|mostly)\b", re.I
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def what(asked: Asked, scene: Scene) -> Finding:
    """Answer what something is."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    if asked.mode == "colour":
        return unknown("I do not name colours")
    if asked.region is not None or asked.mode in ("main cover", "in region"):
        return _cover(asked, scene)
    names, shares, support = scene_shares(scene)
    best = int(np.argmax(shares))
    text = f"It looks like {_with_article(names[best])}"
    second = int(np.argsort(shares)[-2])
    if shares[second] > 0.2:
        text += f", or else like {_with_article(names[second])}"
    evidence = support.get(names[best], ())[:2] or about(scene, names[best])
    return Finding(f"{text}.", names[best], float(shares[best]), evidence)


def scene_shares(scene: Scene) -> tuple[list[str], list[float], dict[str, tuple[Evidence, ...]]]:
    """Return classes of scenes, how likely each is, and what is said of look-alikes of it."""
    assert scene.lexicon is not None
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


def which(asked: Asked, scene: Scene) -> Finding:
    """Answer which of the options it is."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    options = asked.options
    if not options:
        return what(asked, scene)
    things = [
        one
        for one in asked.things
        if one.classes and one.name not in {option.thing.name for option in options}
    ]
    if asked.mode == "count" and things:
        number, probability, support = counted(scene, things[0])
        return (
            _nearest(options, number, probability, support)
            if number is not None
            else unknown("I cannot count it")
        )
    if asked.mode in ("how-much", "area") and things:
        return _nearest(options, 100 * share(scene, things[0]), 0.5, ())
    if asked.mode == "where" and things:
        return _place(options, things[0], scene)
    if _MOST.search(asked.text):
        return _largest(asked, options, scene)
    return _likeliest(asked, options, scene)


def _largest(asked: Asked, options: Sequence[Option], scene: Scene) -> Finding:
    """The option that covers most of an image, or of a part."""
    found = [share(scene, one.thing, asked.region) for one in options]
    best = int(np.argmax(found))
    chosen, rest = options[best], sorted(found)[-2] if len(found) > 1 else 0.0
    text = f"{_said(chosen).capitalize()}: about {found[best]:.0%} of it looks so."
    return Finding(text, chosen.label or chosen.text, min(0.95, 0.5 + found[best] - rest))


def _likeliest(asked: Asked, options: Sequence[Option], scene: Scene) -> Finding:
    assert scene.likelihood is not None
    likely = [scene.likelihood.of(scene.look, one.thing, asked.region) for one in options]
    odds = [math.log(max(one.probability, 1e-6) / max(1 - one.probability, 1e-6)) for one in likely]
    shares = softmax([-one for one in odds] if asked.negated else odds)
    best = int(np.argmax(shares))
    chosen = options[best]
    return Finding(
        f"{_said(chosen).capitalize()}.", chosen.label or chosen.text, shares[best], likely[best].support
    )


def _nearest(
    options: Sequence[Option], value: float, probability: float, support: tuple[Evidence, ...]
) -> Finding:
    """The option whose number, or interval, is nearest to a value."""
    distances = []
    for one in options:
        numbers = [float(number) for number in _NUMBER.findall(one.text)]
        inside = len(numbers) > 1 and min(numbers) <= value <= max(numbers)
        middle = sum(numbers) / len(numbers) if numbers else math.inf
        distances.append(0.0 if inside else abs(middle - value))
    best = int(np.argmin(distances))
    chosen = options[best]
    return Finding(f"{_said(chosen)}.", chosen.label or chosen.text, probability, support)


def _place(options: Sequence[Option], thing: Thing, scene: Scene) -> Finding:
    """The option that names the part of the image that looks most like a thing."""
    parts = in_nine(scene, thing)
    scores = []
    for one in options:
        text = one.text.lower()
        rows = [
            place
            for place, words in enumerate(
                (("upper", "top", "north"), ("middle", "centre", "center"), ("lower", "bottom", "south"))
            )
            if any(word in text for word in words)
        ]
        columns = [
            place
            for place, words in enumerate(
                (("left", "west"), ("middle", "centre", "center"), ("right", "east"))
            )
            if any(word in text for word in words)
        ]
        scores.append(float(parts[np.ix_(rows or [0, 1, 2], columns or [0, 1, 2])].mean()))
    best = int(np.argmax(scores))
    chosen = options[best]
    return Finding(f"{_said(chosen).capitalize()}.", chosen.label or chosen.text, 0.5)


def _cover(asked: Asked, scene: Scene) -> Finding:
    """What takes up most of an image, or of a part."""
    assert scene.likelihood is not None
    things = [thing_of(name) for name in COVERS]
    if asked.region is not None:
        shares = [scene.likelihood.of(scene.look, one, asked.region).probability for one in things]
    else:
        count = scene.look.finest(TILES)
        tiles = np.stack([scene.likelihood.of_tiles(scene.look, one, count) for one in things])
        covers = tiles.reshape(len(things), -1).argmax(axis=0)
        shares = (np.bincount(covers, minlength=len(things)) / count**2).tolist()
    best = int(np.argmax(shares))
    where = "That part looks like" if asked.region is not None else "Most of the image looks like"
    total = sum(shares) or 1.0
    return Finding(
        f"{where} {COVERS[best]}.", COVERS[best], float(shares[best] / total), about(scene, COVERS[best])
    )


def _said(option: Option) -> str:
    return f"{option.label}: {option.text}" if option.label else option.text


@cache
def scene_names() -> dict[str, tuple[str, ...]]:
    """Classes of scenes by the names that questions have for them, with the words for each."""
    found: dict[str, tuple[str, ...]] = {}
    for name in SCENES:
        for one in vocabulary(name).classes:
            called = (class_names(one.words[0]) or (one.words[0],))[0]
            found[called] = tuple(dict.fromkeys((*found.get(called, ()), called, *one.words)))
    return found


@cache
def thing_of(name: str) -> Thing:
    """A class as a thing that may be asked about."""
    return Thing(name, class_names(name) or (name,), "class")


def _with_article(name: str) -> str:
    if name.endswith(("land", "ice", "water", "forest", "s")) or name in ("cropland", "sea"):
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
