"""Yes or no: whether a thing is there, what a scene is, whether there are so many."""

import re
from dataclasses import replace

from rsvlm.rag.questions import Asked, Relation, Thing, class_names
from rsvlm.rag.questions.unread import holds_of_none

from .amounts import area, counted
from .covers import share
from .directions import is_direction, lies
from .finding import NO_IMAGE, NO_THING, Finding, Scene, about, told, unknown, whole_of, with_article
from .more import more_in_parts, more_or_less
from .qualities import quality_of, unclear


def yes_or_no(asked: Asked, scene: Scene) -> Finding:
    """Answer yes or no."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    relation = asked.relation
    compared = more_in_parts(asked, scene)
    if compared is None and (left_out := _left_out(asked, scene)) is not None:
        return left_out
    compared = compared or more_or_less(asked, scene)
    if compared is not None:
        return compared
    if (
        relation is not None
        and relation.first
        and (relation.name, relation.amount, relation.is_share) in _ANY
    ):
        return _present(asked, [relation.first, *_others(asked, relation.first)], scene)
    if relation is not None and relation.amount is not None and relation.first is not None:
        if others := _others(asked, relation.first):
            return unknown(
                f"I cannot judge how much {told(relation.first)} there is together with {told(others[0])}"
            )
        return _amount(asked, relation, relation.first, scene)
    things = [one for one in asked.things if one.classes] or list(asked.things)
    if not things:
        return unknown(NO_THING)
    if relation is None and (found := _lacking(asked, things, scene)) is not None:
        return found
    if asked.said:
        return _said(asked, things[0], scene)
    if relation is None and not asked.any_of and not _TOGETHER.search(asked.text):
        things = [things[0], *_also_said(asked, things)]
    found = _present(asked, things, scene)
    if relation is not None and is_direction(relation) and found.known and _is_there(asked, found):
        return lies(asked, relation, scene)
    return found


def _left_out(asked: Asked, scene: Scene) -> Finding | None:
    """Say that a part of the question is left unanswered, where what is seen does not settle it; else None."""
    words = asked.unread or asked.unread_place
    if not words or asked.said:
        return None
    things = [one for one in asked.things if one.classes]
    settled = asked.unread == "" or holds_of_none(asked.unread)
    if settled and things and not asked.any_of:
        likely = {one: scene.likelihood.of(scene.look, one).probability for one in things}
        least = min(things, key=likely.__getitem__)
        if likely[least] < 0.5:
            return _absent(replace(asked, region=None), least, 1 - likely[least], scene)
        if not asked.unread and all(share(scene, one) == 1 for one in things):
            return None
    return unknown(f"I cannot judge \u201c{words}\u201d, which the question asks for")


def _is_there(asked: Asked, found: Finding) -> bool:
    """Whether an answer says that all is there that the question names."""
    return found.short == ("no" if asked.negated else "yes")


def _others(asked: Asked, thing: Thing) -> list[Thing]:
    """The things with a class that a question names besides one."""
    return [one for one in asked.things if one.classes and one.name != thing.name]


def _also_said(asked: Asked, things: list[Thing]) -> list[Thing]:
    """What is said of the first thing right after it: "Is the road flooded?". All else tells where, or what for."""
    if len(things) < 2 or f"{things[0].phrase} {things[1].phrase}" not in asked.text:
        return []
    return [replace(things[1], phrase=things[1].name)]


def _lacking(asked: Asked, things: list[Thing], scene: Scene) -> Finding | None:
    """Whether one thing is there and another is not; None where that is not what is asked."""
    text = asked.text.lower()
    match = _LACKING.search(text)
    if match is None or asked.any_of or _NO.search(text[: match.start()]):
        return None
    places = [text.find(one.phrase.lower()) for one in things]
    wanted = [one for one, place in zip(things, places, strict=True) if 0 <= place < match.start()]
    unwanted = [one for one, place in zip(things, places, strict=True) if place >= match.end()]
    if not wanted or not unwanted:
        return None
    likely = {one: scene.likelihood.of(scene.look, one, asked.region) for one in (*wanted, *unwanted)}
    missing = next((one for one in wanted if likely[one].probability < 0.5), None)
    if missing is not None:
        return _absent(replace(asked, negated=False), missing, 1 - likely[missing].probability, scene)
    shown = " and ".join(_shown(one) for one in wanted)
    there = next((one for one in unwanted if likely[one].probability >= 0.5), None)
    short = "no" if there else "yes"
    text = (
        f"the image shows {shown}, and {_shown(there)}" if there else f"the image shows {shown}, and I see "
    )
    text += "" if there else " and ".join(_none_of(one) for one in unwanted)
    likeliest = likely[there].probability if there else min(1 - likely[one].probability for one in unwanted)
    sure = min(likeliest, *(likely[one].probability for one in wanted))
    support = tuple(piece for one in wanted for piece in likely[one].support)
    return Finding(f"{short.capitalize()}, {text}{_where(asked)}.", short, sure, support, fitted=True)


def _said(asked: Asked, thing: Thing, scene: Scene) -> Finding:
    """Say of a thing of which more is said than that it is there that this cannot be told; or that it is not there."""
    if not thing.classes or thing != asked.things[0]:
        return unknown(f"I cannot tell whether {asked.said}")
    probability = scene.likelihood.of(scene.look, thing, asked.region).probability
    if probability < 0.5:
        return _absent(asked, thing, 1 - probability, scene)
    return unknown(f"I see {with_article(told(thing))}, but I cannot tell whether {asked.said}")


def _present(asked: Asked, things: list[Thing], scene: Scene) -> Finding:
    """Whether all of some things are there, or one of those that are set against each other by "or"."""
    likely = [scene.likelihood.of(scene.look, thing, asked.region) for thing in things]
    if asked.any_of:
        beside = asked.relation.second if asked.relation is not None else None
        either = [place for place, thing in enumerate(things) if thing != beside] or [0]
        best = max(either, key=lambda place: likely[place].probability)
        if likely[best].probability < 0.5:
            text = f"no {' or '.join(told(things[place]) for place in either)}"
            return _absent(asked, text, 1 - likely[best].probability, scene)
        kept = [place for place, thing in enumerate(things) if place == best or thing == beside]
        things, likely = [things[place] for place in kept], [likely[place] for place in kept]
    least = min(range(len(things)), key=lambda place: likely[place].probability)
    probability = likely[least].probability
    if probability < 0.5:
        return _absent(asked, things[least], 1 - probability, scene)
    doubtful = next((one for one in things if quality_of(one)), None)
    if doubtful is not None:
        return unknown(unclear(doubtful))
    short = "no" if asked.negated else "yes"
    shown = " and ".join(_shown(one) for one in things)
    text = f"{short.capitalize()}, the image shows {shown}{_where(asked)}."
    support = tuple(piece for one in likely for piece in one.support) or about(scene, things[0].name)
    return Finding(text, short, probability, support, fitted=True)


def _absent(asked: Asked, thing: Thing | str, probability: float, scene: Scene) -> Finding:
    """Say that a thing is not there, or several in words: "no lake or river"."""
    short = "yes" if asked.negated else "no"
    none = thing if isinstance(thing, str) else _none_of(thing)
    text = f"{short.capitalize()}, I see {none}{_where(asked)}."
    support = tuple(piece for one in scene.look.neighbours[:1] for piece in one.evidence[:1])
    return Finding(text, short, probability, support, fitted=True)


def _shown(thing: Thing) -> str:
    """What an image shows: "a river", "something flooded"."""
    return f"something {told(thing)}" if _is_a_state(thing) else with_article(told(thing))


def _none_of(thing: Thing) -> str:
    return f"nothing {told(thing)}" if _is_a_state(thing) else f"no {told(thing)}"


def _is_a_state(thing: Thing) -> bool:
    """Whether its word says what became of something: "flooded", "ploughed"."""
    return (
        " " not in told(thing) and told(thing).endswith("ed") and class_names(told(thing)) != (told(thing),)
    )


def _where(asked: Asked) -> str:
    return " in that part of the image" if asked.region is not None else ""


_ANY = (("at least", 1.0, False), ("more than", 0.0, False), ("more than", 0.0, True))
"""Names, amounts, and whether these are shares: what asks for no more than that one is there."""
_TOGETHER = re.compile(r"\b(?:and|with|as well as|plus)\b|[,&]")
_LACKING = re.compile(
    r"\b(?:without|with no|(?:but|and) (?:(?:it )?has |there (?:is|are) )?(?:no|not))\b", re.IGNORECASE
)
"""Between what is to be there and what is not: "a beach without ships", "a forest but no river"."""
_NO = re.compile(r"\b(?:no|not|never|without)\b|n't\b", re.IGNORECASE)


def _amount(asked: Asked, relation: Relation, thing: Thing, scene: Scene) -> Finding:
    """Whether there are so many of a thing, or so much."""
    assert relation.amount is not None
    probability = scene.likelihood.of(scene.look, thing, asked.region).probability
    if quality_of(thing) and probability >= 0.5:
        return unknown(unclear(thing))
    if relation.is_share or relation.is_area:
        found, probability = share(scene, thing, asked.region), 0.6
        text, within = f"about {found:.0%} of {whole_of(asked.region)} is {told(thing)}", _NEAR
    if relation.is_area:
        seen = scene.look.seen
        if seen.gsd is None and found > 0:
            return unknown("the image has no scale that I could measure by")
        height, width = seen.picture.shape[:2]
        found *= height * width * (seen.gsd or 0.0) ** 2
        text += f": {area(found)}"
        within = 0.1 * relation.amount
    elif not relation.is_share:
        number, probability, support = counted(scene, thing)
        if number is None or (asked.region is not None and number > 0):
            where = " in a part of an image" if number is not None else " in this image"
            return unknown(f"I cannot count {told(thing)}{where}", support)
        found, text, within = float(number), f"I count about {number} {told(thing)}", 0.0
    most = relation.amount if relation.most is None else relation.most
    holds = {
        "at least": found >= relation.amount, "at most": found <= relation.amount,
        "more than": found > relation.amount, "less than": found < relation.amount,
        "between": relation.amount <= found <= most,
    }.get(relation.name, abs(found - relation.amount) <= within)  # fmt: skip
    short = "yes" if holds != asked.negated else "no"
    return Finding(f"{short.capitalize()}, {text}.", short, probability)


_NEAR = 0.05
"""How far a share is off that is still told to be the one that is asked: one or two of the tiles."""
