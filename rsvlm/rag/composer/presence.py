"""Yes or no: whether a thing is there, what a scene is, whether there is more of one thing than of another."""

import re

from rsvlm.rag.questions import Asked, Box, Relation, Thing
from rsvlm.rag.questions.reading import is_plural
from rsvlm.rag.questions.regions import region_in

from .amounts import counted, share
from .finding import NO_IMAGE, NO_THING, Finding, Scene, about, told, unknown
from .qualities import quality_of, unclear


def yes_or_no(asked: Asked, scene: Scene) -> Finding:
    """Answer yes or no."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    relation = asked.relation
    parts = _parts(asked.text)
    if parts is not None and asked.things:
        return _more_in(asked, parts, scene)
    if relation is not None and relation.amount is not None and relation.first is not None:
        return _amount(asked, relation, relation.first, scene)
    if (
        relation is not None
        and relation.name in ("more", "less", "equal")
        and relation.first
        and relation.second
    ):
        return _more(asked, relation, scene)
    things = [one for one in asked.things if one.classes] or list(asked.things)
    if not things:
        return unknown(NO_THING)
    return _present(asked, things if relation is not None else things[:1], scene)


def _present(asked: Asked, things: list[Thing], scene: Scene) -> Finding:
    """Whether all of some things are there."""
    assert scene.likelihood is not None
    likely = [scene.likelihood.of(scene.look, thing, asked.region) for thing in things]
    least = min(range(len(things)), key=lambda place: likely[place].probability)
    probability = likely[least].probability
    is_there = probability >= 0.5
    where = " in that part of the image" if asked.region is not None else ""
    short = "yes" if is_there != asked.negated else "no"
    doubtful = next((one for one in things if quality_of(one)), None)
    if is_there and doubtful is not None:
        return unknown(unclear(doubtful))
    if is_there:
        text = f"{short.capitalize()}, the image shows {' and '.join(told(one) for one in things)}{where}."
        support = tuple(piece for one in likely for piece in one.support) or about(scene, things[0].name)
    else:
        text = f"{short.capitalize()}, I see no {told(things[least])}{where}."
        support = tuple(piece for one in scene.look.neighbours[:1] for piece in one.evidence[:1])
    return Finding(text, short, max(probability, 1 - probability), support)


def _more(asked: Asked, relation: Relation, scene: Scene) -> Finding:
    """Whether there is more of one thing than of another."""
    assert scene.likelihood is not None
    assert relation.first is not None
    assert relation.second is not None
    things = relation.first, relation.second
    there = [scene.likelihood.of(scene.look, one).probability for one in things]
    for thing, probability in zip(things, there, strict=True):
        if quality_of(thing) and probability >= 0.5:
            return unknown(unclear(thing))
    first, second = share(scene, relation.first), share(scene, relation.second)
    if all(is_plural(one.phrase.rpartition(" ")[2]) for one in things):
        holds = _of_number(relation.name, there[0], there[1], first, second)
        found = " and ".join(
            f"{'' if probability >= 0.5 else 'no '}{told(thing)}"
            for thing, probability in zip(things, there, strict=True)
        )
        text = f"I see {found}"
    else:
        difference = abs(first - second)
        is_so = {"more": first > second, "less": first < second, "equal": difference < 0.1}[relation.name]
        sure = min(0.95, 0.5 + difference)
        holds = sure if is_so else 1 - sure
        text = (
            f"about {first:.0%} of the image looks like {told(relation.first)}, "
            f"and {second:.0%} like {told(relation.second)}"
        )
    short = "yes" if (holds >= 0.5) != asked.negated else "no"
    return Finding(f"{short.capitalize()}: {text}.", short, max(holds, 1 - holds))


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


_MORE = re.compile(r"\b(?:more|less|fewer|larger|smaller|denser)\b")


def _amount(asked: Asked, relation: Relation, thing: Thing, scene: Scene) -> Finding:
    """Whether there are so many of a thing, or so much."""
    assert relation.amount is not None
    if relation.amount < 1:
        found, said = share(scene, thing), "of the image is"
    else:
        number, _, support = counted(scene, thing)
        if number is None:
            return unknown(f"I cannot count {told(thing)} in this image", support)
        found, said = float(number), ""
    holds = {
        "at least": found >= relation.amount, "at most": found <= relation.amount,
        "more than": found > relation.amount, "less than": found < relation.amount,
    }.get(relation.name, found == relation.amount)  # fmt: skip
    short = "yes" if holds != asked.negated else "no"
    amount = f"about {found:.0%} {said} {told(thing)}" if said else f"I count about {found:.0f} {told(thing)}"
    return Finding(f"{short.capitalize()}, {amount}.", short, 0.6)
