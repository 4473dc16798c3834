"""What a question asks for, without a model: `understand`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from ..errors import RagError
from . import options
from .asked import Asked, HardWords, Kind, Option, Thing
from .classes import class_names, key_of
from .hardwords import hard_words
from .negation import is_negated
from .reading import Word, cleaned, is_plural, words_of
from .regions import region_in
from .relations import relation_in
from .rules import rule_for, shortened, without_lead
from .spelling import read
from .splitting import MOST_PARTS, clauses, is_statement, sentences, without_premise
from .things import Found, find_things

_TELEGRAM_OR = re.compile(
    r"^(?!(?:what|which|where|how|who|when|why|if|whether|is|are|was|were|do|does|did|has|have|can|could|will|would|should|"
    r"may|might|am|count|find|locate|describe|list|name|estimate|tell|show|compare|number|share|percentage|give|explain)\b)"
)
_CHOOSES = re.compile(r"\b(?:choose|select|pick|answer|options?|choices?|following|one of|respond|reply)\b")
_INSTRUCTS = re.compile(r"^(?:answer|choose|select|pick|options?|choices?|respond|reply|use|possible answers)\b")
_FORMAT = re.compile(r"^(?:format|for example|note|hint|units?|output|return|keep)\b")
_WHICH_OF_TWO = re.compile(
    r"^(?:which|what)(?: one)?(?: of (?:them|these|those|the two))? (?:has|have|shows?|contains?|is|was|were|looks?|holds?) "
)
_BEFORE_NAME = re.compile(
    r"\W*(?:\w+ ){0,2}?(?:is|are|was|were|isn't|does|did|has|could|might|can)(?: (?:this|that|it|we|the|a|an|place|image|picture|photo|"
    r"city|lake|area|taken|in|near|from|part|of|at|around|close|to|be|show|shows|really|located))*"
)
_AS_BEFORE = re.compile(r"^(?:and|what about|how about|and what about|and how about|also|or)\b")
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|those|these|there)\b")


class _Part(NamedTuple):
    """A question by itself: its text and words, what they name, and the lines that rules see."""

    text: str
    words: list[Word]
    things: tuple[Found, ...]
    line: str
    marked: str


def understand(question: str, *, images: int = 1, known: Sequence[Thing] | None = None) -> list[Asked]:
    """Read what a question asks for: one `Asked` for each thing, in order.

    >>> [(asked.kind, asked.things[0].name) for asked in understand("is there a river, and how big is the lake")]
    [('yes-no', 'river'), ('how-much', 'lake')]

    Args:
        question: The words of a person: one question or several, with slips, without marks, as an order, ...
        images: How many images they are about.
        known: Things that are known besides the classes of the vocabularies; they go before these.

    Raises:
        RagError: The question is empty.
    """
    text = cleaned(question)
    if not text:
        raise RagError("the question is empty; ask something, such as: Is there a river?")
    names = {key_of(thing.phrase): thing for thing in known or ()}
    stem, offered = options.labelled(text)
    parts = _parts(stem, names)
    asked: list[Asked] = []
    unread: list[str] = []
    for part in parts:
        told = len(parts) > 1 and (_FORMAT.search(part.line) or is_statement(part.text, "?" in stem))
        one = None if told else _asked(part, images, names, asked)
        if one is None:
            unread.append(part.text)
        elif _INSTRUCTS.search(part.line) and asked:
            asked[-1] = _offering(asked[-1], one.options) if one.options else asked[-1]
        elif asked and asked[-1].options and _INSTRUCTS.search(parts[0].line) and len(asked) == 1 and one.kind in ("what", "which"):
            asked[-1] = _offering(one, asked[-1].options)
        else:
            asked.append(one)
    if not asked:
        asked.append(Asked("fact", stem or text, tuple(f.thing for part in parts for f in part.things), hard=hard_words(text)))
        unread = []
    if offered:
        asked[-1] = _offering(asked[-1], tuple(_option(label, words, names) for label, words in offered))
    context = hard_words(" . ".join(unread)) if unread else HardWords()
    return [replace(one, hard=_joined(one.hard, context)) for one in asked]


def _parts(text: str, known: Mapping[str, Thing]) -> list[_Part]:
    def asks(words: str) -> bool:
        part = _part(words, known)
        return bool(part.words) and rule_for(part.line, part.marked) is not None

    found: list[_Part] = []
    for sentence in sentences(text)[:MOST_PARTS]:
        found += [_part(clause, known) for clause in clauses(sentence, asks)]
    return found[:MOST_PARTS]


def _part(text: str, known: Mapping[str, Thing]) -> _Part:
    begin = len(text) - len(without_premise(text))
    words = read(text[begin:])
    words = [word._replace(start=word.start + begin, end=word.end + begin) for word in words]
    codes = {code.lower() for code in hard_words(text).codes}
    named = [word for word in words if word.text.isalnum() or word.text == "n't"]
    line = shortened(without_lead(shortened(" ".join("CODE" if word.text in codes else word.text for word in named))))
    things = find_things(text, words, known)
    marks = {found.first: found for found in things}
    marked: list[str] = []
    place = 0
    while place < len(words):
        marked.append("#" if place in marks else words[place].text)
        place = marks[place].last if place in marks else place + 1
    return _Part(text, words, things, line, shortened(without_lead(shortened(" ".join(marked)))))


def _asked(part: _Part, images: int, known: Mapping[str, Thing], before: Sequence[Asked]) -> Asked | None:
    """Read one question; None where no rule knows it."""
    things = tuple(found.thing for found in part.things)
    if before and _AS_BEFORE.search(" ".join(word.text for word in part.words)) and part.marked == "#":
        return replace(before[-1], text=part.text, things=things, hard=hard_words(part.text))
    kind, mode, offered = _kind(part, images, known)
    if kind is None:
        return None
    region = region_in(" ".join(word.text for word in words_of(part.text) if word.text.isalnum()))
    relation = relation_in(part.words, part.things)
    if kind == "yes-no" and relation is not None:
        mode = "relation"
    elif kind == "what" and mode in ("seen", "scene") and region is not None:
        mode = "in region"
    hard = hard_words(part.text)
    if kind == "yes-no" and hard.names and _is_named(part.text, hard.names[0]):
        kind, mode = "fact", ""
    if not things and before and (_POINTS_BACK.search(part.line) or len(part.words) <= 3):
        things = before[-1].things
    return Asked(kind, part.text, things, offered, is_negated(kind, part.line, part.text), region, relation, mode, hard)


def _is_named(text: str, name: str) -> bool:
    """Whether a question is about what has a name: "Is this in France?", "Is Lake Ohrid deep?"."""
    return bool(_BEFORE_NAME.fullmatch(text[: text.find(name)].lower().rstrip("\"' ")))


def _kind(part: _Part, images: int, known: Mapping[str, Thing]) -> tuple[Kind | None, str, tuple[Option, ...]]:
    """Return kind and mode of a question, and the options in it."""
    rule = rule_for(part.line, part.marked)
    kind = rule.kind if rule else None
    stem, items = options.listed(part.text)
    if len(items) > 1 and (kind in ("what", "which", None) or _CHOOSES.search(part.line)):
        return "which", _kind_of(stem, known), _options(items, known)
    if kind in ("what", "which") or (_TELEGRAM_OR.search(part.line) and kind != "fact"):
        items = _alternatives(part, known)
        if len(items) > 1:
            return "which", (rule.mode if kind == "which" and rule else "what"), _options(items, known)
    if rule is None:
        return None, "", ()
    if kind == "which":
        return ("which", rule.mode, ()) if rule.mode == "offered" else ("yes-no", "attribute", ())
    if kind == "amount":
        counted = bool(part.things) and is_plural(part.words[part.things[0].last - 1].text)
        return ("count", "", ()) if counted else ("how-much", "share", ())
    if images > 1 and kind in ("what", "where") and _WHICH_OF_TWO.search(part.line):
        return "compare", "", ()
    return cast(Kind, kind), rule.mode, ()


def _kind_of(text: str, known: Mapping[str, Thing]) -> str:
    part = _part(text, known)
    rule = rule_for(part.line, part.marked) if part.words else None
    return rule.kind if rule and rule.kind not in ("which", "amount", "where") else "what"


def _alternatives(part: _Part, known: Mapping[str, Thing]) -> list[str]:
    items = options.alternatives(part.text)
    if len(items) < 2:
        return []
    first = words_of(items[0])
    if len(items) > 2 and first and first[0].text in ("what", "which", "is", "are", "does", "do") and "," in part.text.partition(" or ")[0] and first[0].text in ("what", "which"):
        return items[1:]
    return [_last_of(items[0], known), *items[1:]]


def _last_of(text: str, known: Mapping[str, Thing]) -> str:
    """The last thing that words name, or what follows it: "Are the fields green" offers "green"."""
    words = read(text)
    if not words:
        return text
    things = find_things(text, words, known)
    if things and things[-1].last == len(words):
        return things[-1].thing.phrase
    return text[words[-1].start : words[-1].end] if things or len(words) > 3 else text


def _options(items: Sequence[str], known: Mapping[str, Thing]) -> tuple[Option, ...]:
    return tuple(_option("", item, known) for item in items)


def _option(label: str, words: str, known: Mapping[str, Thing]) -> Option:
    things = find_things(words, read(words), known)
    names = class_names(words)
    if names or len(things) != 1:
        return Option(label, words, Thing(words, names, "class" if names else "none"))
    return Option(label, words, things[0].thing)


def _offering(asked: Asked, offered: tuple[Option, ...]) -> Asked:
    """The same question as one of "which"."""
    mode = asked.mode if asked.kind == "which" else asked.kind
    return replace(asked, kind="which", mode=mode, options=offered)


def _joined(own: HardWords, context: HardWords) -> HardWords:
    """Hard words of a question and of the sentences before it that ask nothing."""
    return HardWords(*(tuple(dict.fromkeys((*first, *second))) for first, second in zip(own, context, strict=True)))
