"""What lies around an image: the named places of a base, with distance and direction."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.nearby import Nearby
from rsvlm.rag.questions import Asked
from rsvlm.rag.sources.placewords import names_in, sort_in

from .finding import NO_IMAGE, Finding, Scene, a_list, unknown

_NEAR = re.compile(
    r"\b(?:nearest|closest|nearby|close by|around here|(?:near|close to|next to) (?:here|this))\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\W*(?:so |and )?(?:where(?:abouts)?|in (?:what|which) place) (?:is|was) (?:this|it|(?:this|the) \w+)"
    r"(?: (?:image|picture|photo|scene|place|area))?"
    r"(?: (?:taken|located|shot|from|situated|on earth|in the world))*\W*",
    re.IGNORECASE,
)
_OF_PICTURE = re.compile(r"\b(?:this|it|image|picture|photo|scene|place|area)\b", re.IGNORECASE)
_WHICH = re.compile(
    r"\b(?:what|which) (?:city|town|village|place|municipality) is (?:this|it)\b", re.IGNORECASE
)
_FAR = re.compile(r"\bhow far\b|\bwhat is the distance\b|\bin (?:what|which) direction\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:nearest|closest) (?!places?\b)([a-z]+)|\b(?:what|which) (?!places?\b)([a-z]+) (?:is|are|lies)\b"
)
"""A sort of place that the base has none of."""
_SETTLEMENTS = ("city", "town", "village", "hamlet", "municipality", "suburb")
_LISTED = 3


def surroundings(asked: Asked, scene: Scene) -> Finding | None:
    """Answer what is near, where the image is, and how far a place is; None where that is not asked."""
    text = asked.text
    where = _WHERE.fullmatch(text) is not None and _OF_PICTURE.search(text) is not None
    if asked.kind == "yes-no" or not (where or any(one.search(text) for one in (_NEAR, _WHICH, _FAR))):
        return None
    nearby = scene.nearby()
    if _FAR.search(text) and (named := _named(text, nearby)) is not None:
        short = named.direction.lower() if "direction" in text.lower() else f"{named.km:.1f} km"
        return Finding(_capital(f"{_lies(named)}."), short, 1.0, (_evidence(named),))
    if asked.hard.names or not (where or _NEAR.search(text) or _WHICH.search(text)):
        return None  # a fact, or a part of the image
    if asked.mode == "beside" and not nearby:
        return None  # what is seen beside
    if not scene.looks:
        return unknown(NO_IMAGE)
    if scene.look.seen.point is None:
        return unknown("where the image is, is not known")
    if not nearby:
        return unknown("the base has no named places near it; add an OSM extract to it")
    if where or _WHICH.search(text):
        settled = [one for one in nearby if _sort(one) in _SETTLEMENTS]
        found = _list_of((settled or nearby)[:_LISTED])
        return replace(found, text=f"At {scene.look.seen.describe_point()}. {found.text}")
    wanted = _wanted(text, nearby)
    if wanted is None:
        return _list_of(nearby[:_LISTED])
    fits = [one for one in nearby if _sort(one) in wanted]
    if not fits:
        return unknown(f"the base has no {' or '.join(wanted)} near it")
    most = 1 if re.search(r"\b(?:nearest|closest)\b", text, re.IGNORECASE) else _LISTED
    return _list_of(fits[:most])


def _wanted(text: str, nearby: Sequence[Nearby]) -> tuple[str, ...] | None:
    """The sorts of places that a question names; None where any will do."""
    words = text.lower()
    known = {_sort(one) for one in nearby} | set(_SETTLEMENTS)
    found = [one for one in sorted(known) if one and re.search(rf"\b{_stem(one)}(?:s|es|ies|y)?\b", words)]
    if found in (["city"], ["town"]):  # people call either by the other's name
        return ("city", "town")
    if not found and (match := _OTHER.search(words)):
        return (match[1] or match[2],)
    return tuple(found) or None


def _sort(one: Nearby) -> str:
    return one.place.sort or sort_in(one.place.text)


def _stem(word: str) -> str:
    return re.escape(word.removesuffix("y"))


def _named(text: str, nearby: Sequence[Nearby]) -> Nearby | None:
    """The place whose name a question has, the local one or the English: the longest; of that name the nearest."""
    words = text.casefold()
    found = [
        (len(name), one)
        for one in nearby
        for name in names_in(one.name.casefold())
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _list_of(found: Sequence[Nearby]) -> Finding:
    said = _capital(a_list([_lies(one) for one in found]))
    return Finding(f"{said}.", found[0].name, 1.0, tuple(map(_evidence, found)))


def _lies(one: Nearby) -> str:
    return f"{one.name} lies {one.km:.1f} km to the {one.direction.lower()}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _evidence(one: Nearby) -> Evidence:
    return Evidence(0, one.place, score=1 / (1 + one.km), km=one.km)
