"""Two images: what is different, and which has more of something."""

import re
from dataclasses import replace

from rsvlm.rag.errors import RagError
from rsvlm.rag.questions import Asked, Thing
from rsvlm.rag.questions.reading import table

from .amounts import counted
from .covers import COVERS, share
from .covers import thing_of as cover
from .finding import Finding, Scene, a_list, told, unknown, with_article
from .naming import scene_shares

_NUMBER = re.compile(r"\b(?:difference in (?:the )?number|how many (?:more|fewer|less))\b", re.IGNORECASE)
_WHICH = re.compile(
    r"\b(?:which(?: one)?|what(?= (?:image|picture|photo|scene|tile|date)))(?: of (?:the|these|those|them)(?: two)?)?"
    r"(?: (?:images?|pictures?|photos?|scenes?|tiles?|dates?))?"
    r" (?:shows?|contains?|has|have|had|depicts?|includes?|is|are|do|does|can|could)\b|"
    r"\bfirst\b.*\bor\b.*\bsecond\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"\b(?:{table('rules.yaml')['lists']['more']}|most|least|fewest|largest|biggest|greatest|smallest|highest|lowest|"
    r"greenest|densest|taken|captured|acquired|changed|grown|new|gone|lost|same)\b",
    re.IGNORECASE,
)
"""What asks for more than whether a thing is there."""
_WITHOUT = re.compile(r"\b(?:no|not|without)\b|n't\b", re.IGNORECASE)
_BECAME = re.compile(
    r"^\W*(?:is|are|was|were|has|have|had|did)\b.*\b((?:destroyed|damaged|ruined|demolished|collapsed|repaired|rebuilt|"
    r"burnt|burned|abandoned|torn|hit|survived?)(?: down)?)\b",
    re.IGNORECASE,
)
"""What happened to one thing, which shares of an image do not tell."""
_CLEARLY = 0.15
"""Difference in shares from which on one image has more of something."""


def compare(asked: Asked, scene: Scene) -> Finding:
    """Compare two images.

    Raises:
        RagError: There are more.
    """
    if len(scene.looks) > 2:
        raise RagError(f"{len(scene.looks)} images cannot be compared at once: give two of them")
    if len(scene.looks) < 2:
        return unknown("two images are needed for that; give the second one, too")
    first, second = (replace(scene, looks=(look,)) for look in scene.looks[:2])
    things = [one for one in asked.things if one.classes]
    if things and (became := _BECAME.search(asked.text)):
        return unknown(f"I cannot tell from two images what was {became[1].lower()}")
    if things and _NUMBER.search(asked.text):
        return _by_number(things[0], first, second)
    if things and _WHICH.search(asked.text) and not _MORE.search(asked.text):
        return _shown(things[0], first, second, absent=_WITHOUT.search(asked.text) is not None)
    if things:
        return _by_thing(asked, things[0], first, second)
    found = {name: share(second, cover(name)) - share(first, cover(name)) for name in COVERS}
    more = [name for name, change in sorted(found.items(), key=lambda one: -one[1]) if change > _CLEARLY]
    less = [name for name, change in sorted(found.items(), key=lambda one: one[1]) if change < -_CLEARLY]
    parts = [f"more {a_list(more[:3])}"] if more else []
    parts += [f"less {a_list(less[:3])}"] if less else []
    likeness = float(scene.looks[0].vector @ scene.looks[1].vector)
    if not parts:
        return Finding(
            f"The two images look much alike (cosine {likeness:.2f}); I see no clear difference in land cover.",
            "no clear difference", 0.5,
        )  # fmt: skip
    names = [_best_name(one) for one in (first, second)]
    text = f"The second image shows {' and '.join(parts)} than the first"
    if names[0] != names[1]:
        text += f"; the first looks like {names[0]}, the second like {names[1]}"
    return Finding(f"{text}.", " and ".join(parts), 0.5 + min(0.4, max(map(abs, found.values()))))


def _by_number(thing: Thing, first: Scene, second: Scene) -> Finding:
    """How many more of a thing one image has."""
    (one, likely, support), (other, likely_too, support_too) = counted(first, thing), counted(second, thing)
    if one is None or other is None:
        return unknown(f"I cannot count {told(thing)} in these images", (*support, *support_too))
    return Finding(
        f"By {abs(one - other)}: about {one} in the first image and {other} in the second.",
        str(abs(one - other)),
        likely * likely_too,
        (*support, *support_too),
    )


def _by_thing(asked: Asked, thing: Thing, first: Scene, second: Scene) -> Finding:
    one, other = (share(scene, thing, asked.region) for scene in (first, second))
    shares = f"about {one:.0%} of the first and {other:.0%} of the second look like {told(thing)}"
    if abs(one - other) < 0.05:
        return Finding(f"About as much in both: {shares}.", "equal", 0.5)
    short = "first" if one > other else "second"
    return Finding(
        f"The {short} image has more {told(thing)}: {shares}.", short, min(0.95, 0.5 + abs(one - other))
    )


def _shown(thing: Thing, first: Scene, second: Scene, *, absent: bool) -> Finding:
    """Which image shows a thing, or does not where that is asked: one, both or neither."""
    likely = [first.likelihood.of(one.look, thing) for one in (first, second)]
    support = tuple(piece for one in likely for piece in one.support)
    there = [one.probability >= 0.5 for one in likely]
    sure = min(max(one.probability, 1 - one.probability) for one in likely)
    shown = with_article(told(thing))
    if there[0] == there[1]:
        text = f"{'Both images show' if there[0] else 'Neither image shows'} {shown}."
        return Finding(text, "both" if there[0] != absent else "neither", sure, support, fitted=True)
    with_it, without = ("first", "second") if there[0] else ("second", "first")
    text = f"The {with_it} image shows {shown}; the {without} does not."
    return Finding(text, without if absent else with_it, sure, support, fitted=True)


def _best_name(scene: Scene) -> str:
    names, shares, _ = scene_shares(scene)
    return names[shares.index(max(shares))]
