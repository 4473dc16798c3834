"""Whether there is more of one thing than of another, or in one part of an image than in another."""

import re

from rsvlm.rag.questions import Asked, Box, Relation, Thing
from rsvlm.rag.questions.reading import is_plural
from rsvlm.rag.questions.regions import region_in

from .covers import share, shares_among
from .finding import Finding, Scene, told, unknown, whole_of
from .qualities import quality_of, unclear

_MORE = re.compile(r"\b(?:more|less|fewer|larger|smaller|denser)\b")
_THAN = re.compile(
    r"\b(more|less|fewer) ([a-z]+(?: [a-z]+)?) than (?:the |any )?([a-z]+(?: [a-z]+)?)", re.IGNORECASE
)
_LAND = ("land", "dry land")
"""What is not water; it is no class, as it may be covered by anything."""


def more_in_parts(asked: Asked, scene: Scene) -> Finding | None:
    """Answer whether one part of an image has more of a thing than another; None where no two are compared."""
    parts = _parts(asked.text)
    return _more_in(asked, parts, scene) if parts is not None and asked.things else None


def more_or_less(asked: Asked, scene: Scene) -> Finding | None:
    """Answer whether there is more of something; None where nothing is compared."""
    relation = asked.relation
    if (
        relation is not None
        and relation.name in ("more", "less", "equal")
        and relation.first
        and relation.second
    ):
        return _more(asked, relation, scene)
    match = _THAN.search(asked.text)
    if relation is not None or match is None:
        return None
    known = [one for one in asked.things if one.classes]
    if not known:
        return None
    first, second = match[2].lower(), match[3].lower()
    if known[0].name == "water" and (first in _LAND or second in _LAND):
        return _land(asked, known[0], is_first=first in _LAND, less=match[1].lower() != "more", scene=scene)
    return unknown(
        f"I cannot compare \u201c{first}\u201d with \u201c{second}\u201d: I know only what {told(known[0])} looks like"
    )


def _land(asked: Asked, water: Thing, *, is_first: bool, less: bool, scene: Scene) -> Finding:
    """Whether there is more land than water, or less: all that is no water is land."""
    wet = share(scene, water, asked.region)
    holds = (wet < 0.5) == (is_first != less) and wet != 0.5
    short = "yes" if holds != asked.negated else "no"
    text = f"{short.capitalize()}: about {wet:.0%} of {whole_of(asked.region)} is {told(water)}."
    return Finding(text, short, min(0.95, 0.5 + abs(wet - 0.5)))


def _more(asked: Asked, relation: Relation, scene: Scene) -> Finding:
    """Whether there is more of one thing than of another, both of them known."""
    assert relation.first is not None
    assert relation.second is not None
    things = relation.first, relation.second
    there = [scene.likelihood.of(scene.look, one, asked.region).probability for one in things]
    for thing, probability in zip(things, there, strict=True):
        if quality_of(thing) and probability >= 0.5:
            return unknown(unclear(thing))
    first, second = shares_among(scene, things, asked.region).tolist()
    if all(is_plural(one.phrase.rpartition(" ")[2]) for one in things):
        holds = _of_number(relation.name, there[0], there[1], first, second)
        found = " and ".join(
            f"{'' if probability >= 0.5 else 'no '}{told(thing)}"
            for thing, probability in zip(things, there, strict=True)
        )
        text = f"I see {found}"
    elif max(there) < 0.5:
        holds = 1 - max(there) if relation.name == "equal" else max(there)
        text = f"I see neither {told(things[0])} nor {told(things[1])}"
    else:
        difference = abs(first - second)
        is_so = {"more": first > second, "less": first < second, "equal": difference < 0.1}[relation.name]
        sure = min(0.95, 0.5 + difference)
        holds = sure if is_so else 1 - sure
        text = _amounts(things, first - second, scene, asked.region)
    short = "yes" if (holds >= 0.5) != asked.negated else "no"
    return Finding(f"{short.capitalize()}: {text}.", short, max(holds, 1 - holds))


def _amounts(things: tuple[Thing, Thing], difference: float, scene: Scene, region: Box | None) -> str:
    """How much of an image two things are, as "how much" has it; in words where that does not tell which is more."""
    one, other = (share(scene, thing, region) for thing in things)
    if (one - other) * difference > 0:
        whole = whole_of(region)
        return f"about {one:.0%} of {whole} is {told(things[0])}, and {other:.0%} {told(things[1])}"
    if difference == 0:
        return f"{whole_of(region)} looks as much like {told(things[0])} as like {told(things[1])}"
    more, less = things if difference > 0 else reversed(things)
    return f"{whole_of(region)} looks more like {told(more)} than like {told(less)}"


def _of_number(name: str, one: float, other: float, first: float, second: float) -> float:
    """How likely it is that there are more, fewer, or as many things of one kind than of another.

    Where both kinds are there, how many there are of each is taken to go with their shares of the image; and not to be
    the same number.

    Args:
        name: "more", "less" or "equal".
        one: How likely it is that there is any of the first.
        other: Of the second.
        first: Share of the image that looks like the first.
        second: Like the second.
    """
    if name == "equal":
        return (1 - one) * (1 - other)
    if name == "less":
        one, other, first, second = other, one, second, first
    return one * (1 - other) + one * other * first / max(first + second, 1e-9)


def _parts(text: str) -> tuple[Box, Box] | None:
    """The two parts of an image that a question compares: "more forest in the left half than in the right half"."""
    if not _MORE.search(text):
        return None
    first, than, second = text.lower().partition(" than ")
    one, other = (region_in(part) for part in (first, second))
    return (one, other) if than and one is not None and other is not None else None


def _more_in(asked: Asked, parts: tuple[Box, Box], scene: Scene) -> Finding:
    """Whether one part of an image has more of a thing than another."""
    thing = asked.things[0]
    first, second = (share(scene, thing, part) for part in parts)
    less = re.search(r"\b(?:less|fewer)\b", asked.text) is not None
    holds = first < second if less else first > second
    short = "yes" if holds != asked.negated else "no"
    text = f"{short.capitalize()}: about {first:.0%} of the one and {second:.0%} of the other look like {told(thing)}."
    return Finding(text, short, min(0.95, 0.5 + abs(first - second)))
