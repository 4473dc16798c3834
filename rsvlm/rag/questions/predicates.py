"""What is said of a thing in a question for yes or no: "polluted" of "Is the river polluted?"."""

import re
from collections.abc import Sequence

from .reading import Word, is_plural, stop_words, word_set
from .relations import IN_IMAGE
from .things import Found

_BE = ("is", "are", "was", "were", "has", "have", "if", "whether")
_ARTICLES = ("a", "an", "some", "any", "no")
_DEFINITE = ("the", "this", "that", "these", "those", "all")
_SEES = {"see", "spot", "find", "notice", "presence", "show", "shows", "contain", "contains", "any"}
"""Words that ask whether something is there."""
_SO = "that is so"
"""What is said with another verb than "to be"."""


def said_of(words: Sequence[Word], things: Sequence[Found], mode: str) -> str:
    """Return what a question says of the first thing, or of the image, as a clause; "" where a class stands for it.

    "Is the river polluted?" says "it is polluted", "Are these fields irrigated?" "they are irrigated". "Is the river in
    the north?", "Is the road visible?" and "Is the field flooded?" say nothing: their words can be looked for.

    Args:
        words: Words of a question for yes or no that sets no thing to another.
        things: Its things.
        mode: That of the question.
    """
    if not things or mode == "relation":
        return ""
    first = things[0]
    verb = next((word.text for word in words if word.text.isalpha()), "")
    before = words[first.first - 1].text if first.first else ""
    if first.thing.classes:
        definite = before in _DEFINITE if mode == "presence" else before not in _ARTICLES
        return _after(words, things, verb) if definite else ""
    return "" if mode == "presence" else _of_image(words, things, mode, verb, before)


def _of_image(words: Sequence[Word], things: Sequence[Found], mode: str, verb: str, before: str) -> str:
    """What is said of the image: "real" of "Is this image real?", but not "a park" of "Is this a park?"."""
    phrase, every = things[0].thing.phrase, {word.text for word in words}
    named = verb in _BE and before not in (*_ARTICLES, "the", "of") and not _is_many(things[0])
    if named and mode == "identity":
        return _clause(verb, phrase, many=False)
    if (
        mode == "identity"
        or any(one.thing.classes for one in things)
        or every & (_SEES | word_set("seen_words"))
    ):
        return ""
    return _clause(verb, phrase, many=False) if named else _SO


def _after(words: Sequence[Word], things: Sequence[Found], verb: str) -> str:
    """What is said right after the first thing."""
    first = things[0]
    place = first.last
    while place < len(words):
        in_image = IN_IMAGE.fullmatch(" ".join(word.text for word in words[place : place + 3]))
        if not in_image and words[place].text not in word_set("said_before"):
            break
        place += 3 if in_image else 1
    if place == len(words):
        return ""
    word = words[place].text
    verb = next((one.text for one in words[first.last : place] if one.text in _BE), verb)
    many = _is_many(first)
    if word in word_set("measures"):
        return _clause(verb, word, many)
    used = word == "used"  # "for swimming"
    if used or word in stop_words() or word in word_set("seen_words"):
        return _SO if used and len(things) > 1 and not things[1].thing.classes else ""
    begun = next((one for one in things[1:] if one.first == place), None)
    return _clause(verb, begun.thing.phrase, many) if begun is not None and not begun.thing.classes else ""


def _is_many(found: Found) -> bool:
    return is_plural(found.thing.phrase.lower().rpartition(" ")[2])


def _clause(verb: str, said: str, many: bool) -> str:
    if verb not in _BE:
        return _SO
    said = re.split(r"[^\w' -]", said, maxsplit=1)[0].strip()
    return f"they are {said}" if many else f"it is {said}"
