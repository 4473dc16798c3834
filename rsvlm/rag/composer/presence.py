"""Yes or no: whether a thing is there, what a scene is, whether there is more of one thing than of another."""

import re
from dataclasses import replace

from rsvlm.rag.questions import Asked, Box, Relation, Thing
from rsvlm.rag.questions.reading import is_plural
from rsvlm.rag.questions.regions import region_in

from .amounts import counted
from .covers import share, shares_among
from .finding import NO_IMAGE, NO_THING, Finding, Scene, about, told, unknown, with_article
from .qualities import quality_of, unclear


def yes_or_no(asked: Asked, scene: Scene) -> Finding:
    """Answer yes or no."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    relation = asked.relation
    parts = _parts(asked.text)
    if parts is not None and asked.things:
        return _more_in(asked, parts, scene)
    if relation is not None and relation.first and (relation.name, relation.amount) in _ANY:
        return _present(asked, [relation.first], scene)
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
    if asked.said:
        return _said(asked, things[0], scene)
    if relation is None and not asked.any_of and not _TOGETHER.search(asked.text):
        things = [things[0], *_also_said(asked, things)]
    return _present(asked, things, scene)


def _also_said(asked: Asked, things: list[Thing]) -> list[Thing]:
    """What is said of the first thing right after it: "Is the road flooded?". All else tells where, or what for."""
    if len(things) < 2 or f"{things[0].phrase} {things[1].phrase}" not in asked.text:
        return []
    return [replace(things[1], phrase=things[1].name)]


def _said(asked: Asked, thing: Thing, scene: Scene) -> Finding:
    """Say of a thing of which more is said than that it is there that this cannot be told; or that it is not there."""
    assert scene.likelihood is not None
    if not thing.classes or thing != asked.things[0]:
        return unknown(f"I cannot tell whether {asked.said}")
    probability = scene.likelihood.of(scene.look, thing, asked.region).probability
    if probability < 0.5:
        return _absent(asked, told(thing), 1 - probability, scene)
    return unknown(f"I see {with_article(told(thing))}, but I cannot tell whether {asked.said}")


def _present(asked: Asked, things: list[Thing], scene: Scene) -> Finding:
    """Whether all of some things are there, or one of those that are set against each other by "or"."""
    assert scene.likelihood is not None
    likely = [scene.likelihood.of(scene.look, thing, asked.region) for thing in things]
    if asked.any_of:
        beside = asked.relation.second if asked.relation is not None else None
        either = [place for place, thing in enumerate(things) if thing != beside] or [0]
        best = max(either, key=lambda place: likely[place].probability)
        if likely[best].probability < 0.5:
            text = " or ".join(told(things[place]) for place in either)
            return _absent(asked, text, 1 - likely[best].probability, scene)
        kept = [place for place, thing in enumerate(things) if place == best or thing == beside]
        things, likely = [things[place] for place in kept], [likely[place] for place in kept]
    least = min(range(len(things)), key=lambda place: likely[place].probability)
    probability = likely[least].probability
    if probability < 0.5:
        return _absent(asked, told(things[least]), 1 - probability, scene)
    doubtful = next((one for one in things if quality_of(one)), None)
    if doubtful is not None:
        return unknown(unclear(doubtful))
    short = "no" if asked.negated else "yes"
    shown = " and ".join(with_article(told(one)) for one in things)
    text = f"{short.capitalize()}, the image shows {shown}{_where(asked)}."
    support = tuple(piece for one in likely for piece in one.support) or about(scene, things[0].name)
    return Finding(text, short, probability, support, fitted=True)


def _absent(asked: Asked, thing: str, probability: float, scene: Scene) -> Finding:
    """Say that a thing is not there."""
    short = "yes" if asked.negated else "no"
    text = f"{short.capitalize()}, I see no {thing}{_where(asked)}."
    support = tuple(piece for one in scene.look.neighbours[:1] for piece in one.evidence[:1])
    return Finding(text, short, probability, support, fitted=True)


def _where(asked: Asked) -> str:
    return " in that part of the image" if asked.region is not None else ""


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
    first, second = shares_among(scene, things).tolist()
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
            f"about {first:.0%} of the image looks more like {told(relation.first)}, "
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


_ANY = (("at least", 1.0), ("more than", 0.0))
"""What asks for no more than that one is there."""
_TOGETHER = re.compile(r"\b(?:and|with|as well as|plus)\b|[,&]")
_MORE = re.compile(r"\b(?:more|less|fewer|larger|smaller|denser)\b")


def _amount(asked: Asked, relation: Relation, thing: Thing, scene: Scene) -> Finding:
    """Whether there are so many of a thing, or so much."""
    assert relation.amount is not None
    if relation.amount < 1:
        found, said, probability = share(scene, thing), "of the image is", 0.6
    else:
        number, probability, support = counted(scene, thing)
        if number is None:
            return unknown(f"I cannot count {told(thing)} in this image", support)
        found, said = float(number), ""
    holds = {
        "at least": found >= relation.amount, "at most": found <= relation.amount,
        "more than": found > relation.amount, "less than": found < relation.amount,
    }.get(relation.name, found == relation.amount)  # fmt: skip
    short = "yes" if holds != asked.negated else "no"
    amount = f"about {found:.0%} {said} {told(thing)}" if said else f"I count about {found:.0f} {told(thing)}"
    return Finding(f"{short.capitalize()}, {amount}.", short, probability)
