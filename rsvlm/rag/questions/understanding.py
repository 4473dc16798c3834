"""What a question asks for, without a model: `understand`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ..errors import RagError
from . import options
from .asked import Asked, HardWords, Kind, Option, Thing
from .comparisons import compared, is_whole
from .enumerations import choosing, enumeration_in
from .framed import without_frame
from .hardwords import hard_words
from .images import image_in
from .negation import is_negated
from .offers import alternatives, listed_options, options_of
from .parts import Part, part_of, parts_of
from .predicates import said_of
from .reading import cleaned, is_plural, normalised
from .regions import region_in
from .relations import relation_in
from .rules import compares
from .spelling import read
from .telling import asks_meaning, options_told, told
from .unread import with_unread
from .whole import by_whole

_INSTRUCTS = re.compile(
    r"^(?:answer|choose|select|pick|options?|choices?|respond|reply|use|possible answers)\b"
)
_WHICH_OF_TWO = re.compile(
    r"^(?:which|what)(?: one)?(?: of (?:them|these|those|the two))? "
    r"(?:has|have|shows?|contains?|is|was|were|looks?|holds?) "
)
_AS_BEFORE = re.compile(r"^(?:and|what about|how about|and what about|and how about|also|or)\b")
_SEEN = re.compile(
    r"\b(?:here|shown|visible|seen|in (?:this|the) (?:image|picture|photo|scene|view|tile|frame))\b"
)
_POINTS_BACK = re.compile(r"\b(?:it|its|they|them|their|those|these|there)\b")
_BEFORE_NAME = re.compile(
    r"\W*(?:\w+ ){0,2}?(?:is|are|was|were|isn't|does|did|has|could|might|can)"
    r"(?: (?:this|that|it|we|the|a|an|place|image|picture|"
    r"photo|city|lake|area|taken|in|near|from|part|of|at|around|close|to|be|show|shows|really|located))*"
)


def understand(question: str, *, images: int = 1) -> list[Asked]:
    """Read what a question asks for: one `Asked` for each thing, in order.

    >>> [(asked.kind, asked.things[0].name) for asked in understand("is there a river, and how big is the lake")]
    [('yes-no', 'river'), ('how-much', 'lake')]

    Args:
        question: The words of a person: one question or several, with slips, without marks, as an order, ...
        images: How many images they are about.

    Raises:
        RagError: The question is empty.
    """
    text = normalised(cleaned(question))
    if not text:
        raise RagError("the question is empty; ask something, such as: Is there a river?")
    stem, offered = options.labelled(text)
    if images == 1 and not offered:
        stem = without_frame(stem)
    asked, unread = _read_parts(parts_of(stem), images)
    if not asked:
        things = tuple(found.thing for found in part_of(stem).things)
        kind: Kind = "yes-no" if "?" in text and any(thing.classes for thing in things) else "fact"
        asked, unread = [Asked(kind, stem or text, things, hard=hard_words(text))], []
    if offered:
        asked[-1] = _offering(asked[-1], options_of(offered))
    elif (found := enumeration_in(stem)) is not None:
        rest = _read_parts(parts_of(found.rest), images)[0]
        asked = choosing(asked, text, found, rest)
    else:
        asked = by_whole(compared(asked, stem), stem)
    asked = _without_echoes(asked)
    if unread:
        context = hard_words(" . ".join(unread))
        asked = [replace(one, hard=_joined(one.hard, context)) for one in asked]
    return [with_unread(one) for one in asked]


def _without_echoes(asked: Sequence[Asked]) -> list[Asked]:
    """Leave out what asks once more what was asked right before: "Count the ships. Give me just the number."."""
    found: list[Asked] = []
    for one in asked:
        before = found[-1] if found else None
        again = before is not None and one.kind == before.kind and one.kind in ("yes-no", "count", "how-much")
        plain = one.relation is None and not one.options and one.region is None
        if again and plain and before is not None and one.things in ((), before.things):
            continue
        found.append(one)
    return found


def _read_parts(parts: Sequence[Part], images: int) -> tuple[list[Asked], list[str]]:
    """Read the parts of a text in order; return what they ask, and the texts that ask nothing.

    Options that stand in a sentence of their own ("Choose one: ...") are those of the question beside it.
    """
    asked: list[Asked] = []
    unread: list[str] = []
    waiting: tuple[Option, ...] = ()
    tells = told(parts)
    for place, part in enumerate(parts):
        aside = parts[place - 1] if place and tells[place - 1] else None
        one = None if tells[place] else _of_image(part, images, asked, aside)
        instructs = len(parts) > 1 and _INSTRUCTS.search(part.line)
        if one is None or (instructs and not one.options):
            unread.append(part.text)
        elif (
            asked
            and one.options
            and not asked[-1].options
            and (instructs or (part.rule is None and asked[-1].kind in ("what", "which")))
        ):
            asked[-1] = _offering(asked[-1], one.options)
        elif instructs:
            waiting = one.options
        else:
            asked.append(_offering(one, waiting) if waiting else one)
            waiting = ()
    if waiting:
        asked.append(Asked("which", parts[-1].text, (), waiting, mode="what"))
    return asked, unread


def _of_image(part: Part, images: int, before: Sequence[Asked], aside: Part | None) -> Asked | None:
    """Read one question, and which of several images it is about: the one that it names, else that of the one before.

    What compares images names them, too, and is about all of them. For the arguments see `_asked`.
    """
    named = image_in(part.text, images)
    if named is not None:
        alone = part_of(named.text)
        one = _asked(alone, 1, before, aside)
        within = one is not None and one.relation is not None and is_whole(one.relation)
        if one is not None and one.kind != "compare" and (within or not compares(part_of(named.line).line)):
            return replace(one, image=named.image, among=named.among)
    one = _asked(part, images, before, aside)
    if one is None or one.kind == "compare" or not before:
        return one
    return replace(one, image=before[-1].image, among=before[-1].among)


def _asked(part: Part, images: int, before: Sequence[Asked], aside: Part | None) -> Asked | None:
    """Read one question; None where no rule knows it.

    Args:
        part: Its words.
        images: How many images it is about.
        before: What was asked before it.
        aside: The sentence right before it, where that only told something.
    """
    things = tuple(found.thing for found in part.things)
    words = [word.text for word in part.words]
    if before and part.marked == "#" and _AS_BEFORE.search(" ".join(words)):
        return replace(before[-1], text=part.text, things=things, hard=part.hard)
    kind, mode, offered = _kind(part, images)
    if kind in ("what", "which") and not offered and (offered := options_told(part, aside)):
        kind, mode = "which", "what"
    elif asks_meaning(part, aside):
        kind, mode = "fact", ""
    if kind is None:
        return None
    measured = kind == "how-much" and mode in ("area", "length") and not _SEEN.search(part.line)
    if (kind == "yes-no" or measured) and part.hard.names and _is_named(part.text, part.hard.names[0]):
        kind, mode = "fact", ""
    if not things and (len(words) <= 3 or _POINTS_BACK.search(part.line)):
        things = _things_before(kind, before, aside)
    region = region_in(" ".join(word.text for word in read(part.text) if word.text.isalnum()))
    relation = None if kind in ("fact", "describe") else relation_in(part.text, part.words, part.things)
    if kind == "yes-no" and relation is not None:
        mode = "relation"
    elif kind == "what" and mode in ("seen", "scene") and region is not None:
        mode = "in region"
    said = said_of(part.words, part.things, mode) if kind == "yes-no" else ""
    return Asked(
        kind, part.text, things, offered, is_negated(kind, part.line, part.text),
        kind == "yes-no" and options.offers_choice(part.text), region, relation, mode, part.hard, said,
    )  # fmt: skip


def _things_before(kind: Kind, before: Sequence[Asked], aside: Part | None) -> tuple[Thing, ...]:
    """What "it" and "there" mean: the things of the question before, or of the sentence right before."""
    if aside is not None and kind not in ("what", "which", "describe"):
        return tuple(found.thing for found in aside.things if found.thing.classes)
    return before[-1].things if before else ()


def _kind(part: Part, images: int) -> tuple[Kind | None, str, tuple[Option, ...]]:
    """Return kind and mode of a question, and the options in it."""
    rule = part.rule
    kind, mode = (rule.kind, rule.mode) if rule else (None, "")
    if images > 1 and kind != "fact" and compares(part.line):
        return "compare", "", ()
    stem, offered = listed_options(part, kind)
    if offered:
        return "which", _kind_of(stem), offered
    offered = alternatives(part, kind)
    if offered:
        return "which", mode if kind == "which" else "what", offered
    if kind == "which":  # told by "or" alone, which offers nothing; but for options that stand elsewhere
        return ("which", "what", ()) if mode == "offered" else ("yes-no", "attribute", ())
    if mode == "phrase" and not any(one.thing.classes for one in part.things):
        return "fact", "", ()
    if kind == "amount":
        counted = bool(part.things) and is_plural(part.words[part.things[0].last - 1].text)
        return ("count", "", ()) if counted else ("how-much", "share", ())
    if images > 1 and kind in ("what", "where") and _WHICH_OF_TWO.search(part.line):
        return "compare", "", ()
    return cast(Kind | None, kind), "presence" if mode == "phrase" else mode, ()


def _kind_of(stem: str) -> str:
    """The kind that a question would be without the options after it."""
    rule = part_of(stem).rule
    return rule.kind if rule and rule.kind not in ("which", "amount", "where") else "what"


def _is_named(text: str, name: str) -> bool:
    """Whether a question is about what has a name: "Is this in France?", "Is Lake Ohrid deep?"."""
    return bool(_BEFORE_NAME.fullmatch(text[: text.find(name)].lower().rstrip("\"' ")))


def _offering(asked: Asked, offered: tuple[Option, ...]) -> Asked:
    """The same question as one of "which"."""
    mode = asked.mode if asked.kind == "which" else asked.kind
    return replace(asked, kind="which", mode=mode, options=offered)


def _joined(own: HardWords, context: HardWords) -> HardWords:
    """Hard words of a question and of the sentences around it that ask nothing."""
    both = [tuple(dict.fromkeys((*first, *second))) for first, second in zip(own, context, strict=True)]
    return HardWords._make(both)
