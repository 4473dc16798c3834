"""How much and how many: shares of an image, areas, numbers of things."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, Thing
from rsvlm.rag.questions.reading import words_of
from rsvlm.rag.questions.things import find_things

from .covers import share
from .directions import is_direction
from .finding import NO_IMAGE, NO_THING, Finding, Scene, told, unknown, whole_of
from .likelihood import shows
from .qualities import quality_of, unclear

_WORDS = {
    "a": 1, "an": 1, "one": 1, "single": 1, "two": 2, "both": 2, "pair": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "twenty": 20,
}  # fmt: skip
_MANY = {
    "several": 4,
    "some": 4,
    "few": 3,
    "many": 10,
    "lots": 10,
    "plenty": 10,
    "numerous": 10,
    "dozens": 24,
}
_NUMBER = re.compile(rf"\b(\d{{1,3}}|{'|'.join([*_WORDS, *_MANY])})\b")
_AND = re.compile(r"\b(?:and|plus|as well as|together with)\b|[&,+]", re.IGNORECASE)
_REACH = 3
"""Words between a number and what it counts."""


def how_much(asked: Asked, scene: Scene) -> Finding:
    """Answer how large the share or the area of something is."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    if not asked.things:
        return unknown(NO_THING)
    if asked.mode == "length":
        return unknown(f"I cannot measure how long {told(asked.things[0])} is")
    if asked.unread_place or is_direction(asked.relation):
        return unknown(
            "I can measure in the whole image or in one part of it, and not in what the question names"
        )
    things = _each_of(asked)
    if len(things) > 1 and asked.relation is not None:
        return unknown(f"I cannot measure {told(things[0])} and {told(things[1])} together")
    if len(things) > 1:
        return _of_several(asked, things, scene)
    thing = things[0]
    probability = scene.likelihood.of(scene.look, thing, asked.region).probability
    if probability < 0.5 and asked.mode == "area" and not asked.negated:
        return Finding(f"None: I see no {told(thing)}.", "0 m²", 1 - probability)
    if quality_of(thing):
        return unknown(unclear(thing))
    found = share(scene, thing, asked.region)
    found = 1 - found if asked.negated else found
    name = f"not {told(thing)}" if asked.negated else told(thing)
    text, short = f"About {found:.0%} of {whole_of(asked.region)} is {name}", f"{found:.0%}"
    if asked.mode == "area":
        seen = scene.look.seen
        if seen.gsd is None:
            text += "; how large that is on the ground is not known, since the image has no scale"
        else:
            height, width = seen.picture.shape[:2]
            left, top, right, bottom = asked.region or (0, 0, 1, 1)
            short = area(found * (right - left) * (bottom - top) * height * width * seen.gsd**2)
            text += f": {short}"
    return Finding(f"{text}.", short, 0.6)


def how_many(asked: Asked, scene: Scene) -> Finding:
    """Answer how many of something there are."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    if not asked.things:
        return unknown(NO_THING)
    things = _each_of(asked)
    if len(things) > 1 and asked.relation is None:
        each = [how_many(replace(asked, things=(one,)), scene) for one in things]
        return _listed(each)
    thing = things[0]
    number, probability, support = counted(scene, thing)
    beside = asked.relation.second if asked.relation is not None else None
    if beside is not None and (missing := 1 - _there(scene, beside)) > 0.5:
        return Finding(
            f"None: I see no {told(beside)}.", "0", max(missing, probability if number == 0 else 0)
        )
    if number is None:
        return unknown(f"I cannot count {told(thing)} in this image", support)
    if number == 0:
        return Finding(f"None: I see no {told(thing)}.", "0", probability)
    if quality_of(thing):
        return unknown(unclear(thing), support)
    if asked.region is not None or asked.unread_place or is_direction(asked.relation):
        return unknown(f"I see {told(thing)}, but I cannot count in a part of an image", support)
    return Finding(
        f"About {number} {told(thing)}, by what is said of images that look like it.",
        str(number),
        probability,
        support,
    )


def _each_of(asked: Asked) -> list[Thing]:
    """The things whose amount is asked: all that have a class, each once; "trees beside the river" are one."""
    known = list({one.name: one for one in asked.things if one.classes}.values()) or [asked.things[0]]
    beside = asked.relation.second if asked.relation is not None else None
    if beside is not None:
        known = [one for one in known if one.name != beside.name] or known
    return known if _AND.search(asked.text) else known[:1]


def _of_several(asked: Asked, things: Sequence[Thing], scene: Scene) -> Finding:
    """How large the share of each of some things is."""
    if asked.mode != "share" or asked.negated:
        return unknown(f"I cannot measure {told(things[0])} and {told(things[1])} together")
    return _listed([how_much(replace(asked, things=(one,)), scene) for one in things])


def _listed(each: Sequence[Finding]) -> Finding:
    """Several findings as one; none where one of them is none."""
    if (missing := next((one for one in each if not one.known), None)) is not None:
        return missing
    return Finding(
        " ".join(one.text for one in each),
        ", ".join(one.short for one in each),
        min(one.probability for one in each),
        tuple(piece for one in each for piece in one.evidence),
    )


def _there(scene: Scene, thing: Thing) -> float:
    """How likely it is that a thing is there."""
    return scene.likelihood.of(scene.look, thing).probability


def counted(scene: Scene, thing: Thing) -> tuple[int | None, float, tuple[Evidence, ...]]:
    """Return the number of things that look-alikes are said to show, how likely that is right, and who says so.

    0 where the thing is not there; None where nobody says a number.
    """
    likely = scene.likelihood.of(scene.look, thing)
    if likely.probability < 0.5:
        return 0, 1 - likely.probability, ()
    votes: dict[int, float] = defaultdict(float)
    for one in scene.look.neighbours:
        if shows(one, thing):
            said = [number for piece in one.evidence for number in numbers_of(piece.chunk.text, thing)]
            for number in said:
                votes[number] += one.weight / len(said)
    if not votes:
        return None, 0.0, likely.support
    best = max(votes, key=lambda number: votes[number])
    return best, likely.probability * votes[best] / sum(votes.values()), likely.support


def numbers_of(text: str, thing: Thing, *, vague: bool = True) -> list[int]:
    """Return the numbers that a text says of a thing: "two planes" is 2, and, if vague, "many" is taken as 10."""
    words = words_of(text)
    found = []
    for one in find_things(text, words):
        if not set(one.thing.classes) & set(thing.classes or (thing.name,)):
            continue
        before = [word.text for word in words[max(0, one.first - _REACH) : one.last]]
        numbers = [match[1] for word in before if (match := _NUMBER.fullmatch(word))]
        if numbers and (vague or numbers[-1] not in _MANY):
            found.append(int(numbers[-1]) if numbers[-1].isdigit() else {**_WORDS, **_MANY}[numbers[-1]])
    return found


def area(square_metres: float) -> str:
    """An area with two figures and a fitting unit."""
    for unit, size in (("km²", 1e6), ("ha", 1e4), ("m²", 1.0)):
        if square_metres >= size or unit == "m²":
            value = square_metres / size
            digits = max(0, 1 - int(np.floor(np.log10(value)))) if value > 0 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError
