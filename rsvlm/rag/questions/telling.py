"""Sentences that ask nothing beside one that asks, and what they add to it."""

import re
from collections.abc import Sequence
from itertools import pairwise

from .asked import Option
from .offers import options_of
from .options import alternatives
from .parts import Part
from .rules import is_aside

_BETWEEN_WHAT = re.compile(
    r"\b(?:whether|if|between|either|decide|say)\b(?: (?:it|this|that|these|those|they)(?:'s|'re| is| are))?(?= )",
    re.IGNORECASE,
)
_WHICH_OF_THEM = re.compile(
    r"^(?:which|what)(?: one)?(?: of (?:them|these|those|the two))?"
    r"(?: (?:is|was|are|would|do|does|fits|applies|seems)\b.*)?$"
)
_ITS_MEANING = re.compile(
    r"^(?:(?:what|explain|define)(?: (?:is|are|does|do))? (?:it|that|this|those|these|they)(?: mean)?|what mean)$"
)


def told(parts: Sequence[Part]) -> list[bool]:
    """Say of each part whether it only tells something: "I farm near here. What is this?".

    Where no part asks, as in "The lake is deep. It is blue.", none only tells.
    """
    asides = ["?" not in part.text and (part.text.startswith("(") or is_aside(part.line)) for part in parts]
    for place, (part, following) in enumerate(pairwise(parts)):
        if "?" not in part.text and part.marked == "#" and "?" in following.text and not following.things:
            asides[place] = True  # "Water. How much?"
    return asides if not all(asides) else [False] * len(parts)


def options_told(part: Part, before: Part | None) -> tuple[Option, ...]:
    """Return the options of "I can't decide whether it is a lake or a bay. Which is it?", told before the question."""
    if before is None or part.things or not _WHICH_OF_THEM.search(part.line):
        return ()
    starts = [match.end() for match in _BETWEEN_WHAT.finditer(before.text)]
    items = alternatives(before.text[starts[-1] :]) if starts else []
    return options_of(("", item) for item in items) if len(items) > 1 else ()


def asks_meaning(part: Part, before: Part | None) -> bool:
    """Whether a question asks for what a word means that was told before it: "I don't know 'fen'. What's that?"."""
    if before is None or not _ITS_MEANING.search(part.line):
        return False
    return any(f"'{name}'" in before.text or f'"{name}"' in before.text for name in before.hard.names)
