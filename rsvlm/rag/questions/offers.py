"""The options of a question, with what each names."""

import re
from collections.abc import Iterable, Sequence

from . import options
from .asked import Option, Thing
from .classes import class_names
from .parts import Part
from .reading import Word, is_plural, word_set
from .spelling import read
from .things import Found, find_things

_UNASKED = re.compile(
    r"^(?!(?:what|which|where|how|who|when|why|if|whether|is|are|was|were|do|does|did|has|have|can|could|will|would|should|"
    r"may|might|am|count|find|locate|describe|list|name|estimate|tell|show|compare|number|share|percentage|give|explain|"
    r"any|check|confirm|verify|evidence|signs?|presence)\b)"
)
_OTHERS = ("where", "count", "compare", "describe", "fact")
_PLACED = re.compile(r"\s+(?:next to|beside|near|behind|(?:in|on|at) the)\b", re.IGNORECASE)
_SIDE = re.compile(r"(?:north|south|east|west)(?:ern)?|left|right|upper|lower")
_CHOICE_AFTER = re.compile(
    r"\b(?:which|what)\b.*,\s*(?:(?:in|on|at|to|the) ){0,2}[\w-]+(?: [\w-]+){0,2} or ", re.IGNORECASE
)
"""A choice after a question for a place: "Which half is greener, the top or the bottom?"."""
_CHOOSES = re.compile(r"\b(?:choose|select|pick|answer|options?|choices?|following|one of|respond|reply)\b")


def options_of(labels_and_words: Iterable[tuple[str, str]]) -> tuple[Option, ...]:
    """Return options with what their words name, from label and words of each."""
    return tuple(_option(label, words) for label, words in labels_and_words)


def listed_options(part: Part, kind: str | None) -> tuple[str, tuple[Option, ...]]:
    """Return the options that a question lists after a colon or the like, and the words before them."""
    stem, items = options.listed(part.text)
    quoted = len(items) > 2 and part.line.startswith("which ")
    if len(items) < 2 or not (quoted or kind in ("what", "which", None) or _CHOOSES.search(part.line)):
        return part.text, ()
    if not _UNASKED.search(items[0].lower()):  # "Tile 12: any ships, boats or rafts?"
        return part.text, ()
    return stem, options_of(("", item) for item in items)


def alternatives(part: Part, kind: str | None) -> tuple[Option, ...]:
    """Return the options of "Is this a river or a lake?" and of "river or lake?"."""
    chosen = kind == "where" and _CHOICE_AFTER.search(part.text)
    if kind not in ("what", "which") and not chosen and (kind in _OTHERS or not _UNASKED.search(part.line)):
        return ()
    items = options.alternatives(part.text)
    if len(items) < 2:
        return ()
    first = {word.text for word in read(items[0])[:2]}
    if len(items) > 2 and first & {"what", "which"}:  # "What covers more, fields or woods"
        return options_of(("", item) for item in items[1:])
    return options_of(("", item) for item in (_last_of(items[0]), *items[1:]))


def _last_of(text: str) -> str:
    """The last thing that words name, or what follows it: "Are the fields green" offers "green"."""
    words = read(text)
    things = find_things(text, words)
    if not words or not (things or len(words) > 3):
        return text
    first = len(words) - 1
    if things and things[-1].last == len(words) and words[-1].text not in word_set("colours"):
        first = _head(words, things[-1])
    while first and text[words[first].start - 1] == "-":  # "north-south"
        first -= 1
    first -= first > 0 and bool(_SIDE.fullmatch(words[first - 1].text))
    return text[words[first].start : words[-1].end]


def _head(words: Sequence[Word], found: Found) -> int:
    """Return the first word of what is offered: of "the hall flat" and "those blobs clouds" the last word alone."""
    first, last = found.first, found.last - 1
    before = [word.text for word in words[:first] if word.text not in word_set("sizes")][-1:]
    if not found.thing.classes and first < last and before in (["the"], ["these"], ["those"]):
        return last
    plurals = [
        place
        for place in range(first, last)
        if is_plural(words[place].text) and words[place].text != "sports"
    ]
    return plurals[-1] + 1 if plurals else first


def _option(label: str, words: str) -> Option:
    names = class_names(words)
    things = find_things(words, read(words))
    if not names and things and things[0].first == 0 and _PLACED.match(words[len(things[0].thing.phrase) :]):
        return Option(label, things[0].thing.phrase, things[0].thing)
    if names or len(things) != 1:
        return Option(label, words, Thing(words, names))
    return Option(label, words, things[0].thing)
