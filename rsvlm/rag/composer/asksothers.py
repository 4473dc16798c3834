"""What a question with "what" asks for that is not what an image shows: a sport, what a man does, what 2 + 2 is."""

import re

from rsvlm.rag.questions import Asked
from rsvlm.rag.questions.reading import stop_words, word_set, words_of

_HEAD = (
    r"\b(?:what|which|whats)(?:'s|'re)?(?: (?:is|are|was|were|do|does|did|can|could|would))?"
    r"(?: (?:exactly|all|you think|the|this|that|those|these|a|an|big|large|small|long|tall|straight|old|main|most|"
    r"(?:kinds?|types?|sorts?) of))* "
)
"""What stands before the thing that is asked for."""
_OF_THINGS = re.compile(r"\b(?:made (?:up )?(?:out )?of|surfaced|doing)\b", re.IGNORECASE)
_SUM = re.compile(r"\W*what(?:'s| is| are)? (?=\S*\d)[\d\s.()+*/x^=?-]+", re.IGNORECASE)
_CLASS = re.compile(r"\bland ?(?:cover|use)|\b(?:class|category)\b", re.IGNORECASE)
_ROUND = frozenset(
    ("round", "circular", "rectangular", "square", "oval", "triangular", "straight", "dark", "bright")
)


def asked_else(asked: Asked) -> str | None:
    """Return why it cannot be told what is asked for; None where it is what the image shows.

    >>> asked_else(Asked("what", "What is 2+2?")), asked_else(Asked("what", "What is this?"))
    ('I do no sums', None)
    """
    if _SUM.fullmatch(asked.text):
        return "I do no sums"
    if _OF_THINGS.search(asked.text):
        return "I cannot tell that from an image"
    if _CLASS.search(asked.text):
        return None
    for thing in asked.things:
        if not thing.classes and not _is_generic(thing.phrase) and _is_head(asked.text, thing.phrase):
            words = thing.phrase.lower().split()
            told = all(word in _ROUND or word in word_set("colours") or word.endswith("ed") for word in words)
            return "I cannot tell what that is" if told else f"I cannot tell the {thing.phrase}"
    return None


def _is_head(text: str, phrase: str) -> bool:
    return re.search(_HEAD + re.escape(phrase), text, re.IGNORECASE) is not None


def _is_generic(phrase: str) -> bool:
    return all(word.text in word_set("generic") or word.text in stop_words() for word in words_of(phrase))
