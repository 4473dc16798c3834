"""Which of the options of a question it is."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, Option, Thing, class_names

from .amounts import counted
from .choosingplaces import is_place, which_direction, which_place
from .covers import share, shares_among
from .directions import is_direction
from .finding import NO_IMAGE, NO_THING, Finding, Scene, about, chosen, unknown
from .imagechoice import LEAST, which_image
from .likelihood import softmax
from .naming import what
from .numbers import sizes_in

_SEVERAL = re.compile(
    r"\bwhich of (?:these|them|the following) (?:are|were|do|can)\b|\b(?:choose|select|name|list|mark) all\b|"
    r"\ball (?:that|which) (?:apply|fit)\b|\bwhich (?:two|three|four|\d)\b",
    re.IGNORECASE,
)
"""Words that ask for all options that are right."""
_OF_A_LIST = re.compile(r"\bwhich of (?:these|them|the following) does\b", re.IGNORECASE)
"""Words that ask for all of a list of labelled options, and for one of "a forest, a lake or a road"."""
_MOST = re.compile(
    r"\b(?:largest|biggest|greatest|most(?:ly)?|main(?:ly)?|(?:pre)?domina(?:nt|ntly|tes?|ting)|majority|prevail(?:s|ing)|"
    r"prevalent|ranked|by area|takes? up|occup(?:y|ies|ying)|more (?:\w+ )?than any)\b",
    re.IGNORECASE,
)
_SQUARE_METRES = re.compile(r"\bm²|\bm2\b|\bsquare met(?:re|er)s?\b|\bsqm\b|\bsq\.? ?m\b", re.IGNORECASE)
_UNIT = re.compile(
    r"(?<=\d)\s*(?:[kcm]?m|ha|ft)\b|\]?\s*(?:square|sq\b|hectares?|acres?|met(?:re|er)s?|m²|km²)",
    re.IGNORECASE,
)


def which(asked: Asked, scene: Scene) -> Finding:
    """Answer which of the options it is."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    options = asked.options
    if not options:
        return what(asked, scene)
    if asked.mode == "compare":
        return which_image(asked, scene)
    own = {option.thing.name for option in options}
    things = [one for one in asked.things if one.classes and one.name not in own]
    if all(map(is_place, options)) and is_direction(asked.relation):
        return which_direction(asked, scene)
    if all(map(is_place, options)):
        return which_place(asked, things, scene) if things else unknown(NO_THING)
    if asked.mode == "where":
        return unknown("none of these is a part of the image")
    if asked.unread_place or is_direction(asked.relation):
        return unknown("I cannot tell which of these lies in that direction")
    if asked.mode == "count" and things and asked.region is not None:
        return unknown("I cannot count in a part of an image")
    if asked.mode == "count" and things:
        number, probability, support = counted(scene, things[0])
        return (
            unknown("I cannot count it")
            if number is None
            else _nearest(options, number, probability, support)
        )
    if asked.mode in ("how-much", "area") and things:
        if len({one.name for one in things}) > 1:
            return unknown("I can tell the amount of one thing at a time")
        return _amount(asked, things[0], scene)
    if _MOST.search(asked.text) or LEAST.search(asked.text):
        return _extreme(asked, options, scene)
    return _likeliest(asked, options, scene)


def _extreme(asked: Asked, options: Sequence[Option], scene: Scene) -> Finding:
    """The option that covers most of an image, or of a part; or least."""
    found = shares_among(scene, [one.thing for one in options], asked.region)
    if LEAST.search(asked.text):
        found = -found
    order = np.argsort(-found, kind="stable")
    best = int(order[0])
    ahead = float(found[best] - found[order[1]]) if len(found) > 1 else 0.0
    return chosen(options, best, min(0.95, 0.5 + ahead), about(scene, options[best].thing.name))


def _likeliest(asked: Asked, options: Sequence[Option], scene: Scene) -> Finding:
    """What the image, or a part of it, shows most likely; where several are asked for, all that it shows."""
    likely = [scene.likelihood.of(scene.look, one.thing, asked.region) for one in options]
    odds = [math.log(max(one.probability, 1e-6) / max(1 - one.probability, 1e-6)) for one in likely]
    shares = softmax([-one for one in odds] if asked.negated else odds)
    best = int(np.argmax(shares))
    there = [place for place, one in enumerate(likely) if (one.probability >= 0.5) != asked.negated]
    listed = bool(options[0].label) and _OF_A_LIST.search(asked.text)
    if len(there) > 1 and (listed or _SEVERAL.search(asked.text)):
        return _several(
            [options[place] for place in there], min(likely[place].probability for place in there)
        )
    evidence = likely[best].support or about(scene, options[best].thing.name)
    found = replace(chosen(options, best, shares[best], evidence), fitted=True)
    return found if options[best].label else replace(found, short=_without_noun(options[best].text, options))


def _several(options: Sequence[Option], probability: float) -> Finding:
    """Say that several options are right."""
    said = ", ".join(f"{one.label}: {one.text}" if one.label else one.text for one in options)
    return Finding(f"{said}.", ",".join(one.label or one.text for one in options), probability)


def _without_noun(text: str, options: Sequence[Option]) -> str:
    """An option without the noun that all of them share: of "a rural or an urban area" it is "urban"."""
    word, _, noun = text.rpartition(" ")
    others = [one.text for one in options if one.text != text]
    shared = word and all(
        class_names(one) and class_names(one) == class_names(f"{one} {noun}") for one in others
    )
    return word if shared else text


def _amount(asked: Asked, thing: Thing, scene: Scene) -> Finding:
    """The option that comes nearest to the share, or the area, of a thing."""
    found, options = share(scene, thing, asked.region), asked.options
    found = 1 - found if asked.negated else found
    if not any(_UNIT.search(one.text) for one in options):
        numbers = [number for one in options for number in sizes_in(one.text)]
        of_one = bool(numbers) and max(numbers) <= 1 and not any("%" in one.text for one in options)
        return _nearest(options, found if of_one else 100 * found, 0.5)
    seen = scene.look.seen
    if seen.gsd is None or not all(_SQUARE_METRES.search(one.text) for one in options):
        return unknown("the image has no scale that I could measure by")
    height, width = seen.picture.shape[:2]
    return _nearest(options, found * height * width * seen.gsd**2, 0.5)


def _nearest(
    options: Sequence[Option], value: float, probability: float, support: Sequence[Evidence] = ()
) -> Finding:
    """The option whose number, or interval, is nearest to a value."""
    distances = []
    for one in options:
        numbers = sizes_in(one.text)
        inside = len(numbers) > 1 and min(numbers) <= value <= max(numbers)
        middle = sum(numbers) / len(numbers) if numbers else math.inf
        distances.append(0.0 if inside else abs(middle - value))
    if all(map(math.isinf, distances)):
        return unknown("I can compare only with options that are numbers", support)
    return chosen(options, int(np.argmin(distances)), probability, support)
