"""Parts of sentences that do not say how it is: what is planned, what was only believed, what is a difference."""

import re
from collections.abc import Sequence

_PLANNED = re.compile(
    r"\b(?:will|shall|would)\b|\b(?:is|are|was|were) (?:due|planned|expected|scheduled|intended|to be)\b"
    r"|\bplan(?:s|ned)? to\b|\bintends? to\b|\bhopes? to\b",
    re.IGNORECASE,
)
_ASKS_DONE = re.compile(r"\b(?:was|were|did|has|have|had)\b", re.IGNORECASE)
_ASKS_PLAN = re.compile(
    r"\b(?:will|shall|would|going to|to be|plan(?:s|ned)?|expected|scheduled|due|next|future)\b",
    re.IGNORECASE,
)
_BELIEVED = re.compile(
    r"\brumou?rs?\b|\blegend\b|\bmyth\b|\b(?:was|were|been|long|once|often|wrongly|widely) "
    r"(?:believed|thought|said|held|assumed|reported|supposed)\b|\b(?:allegedly|supposedly)\b",
    re.IGNORECASE,
)
_REALLY = re.compile(
    r"\b(?:in (?:fact|reality|truth)|actually|really|(?:is|was) (?:wrong|false|untrue))\b", re.IGNORECASE
)
_NOT = re.compile(
    r"\b(?:not|never|n't|rather than|instead of)\s+(?:(?:the|about|some|only|a) )?$", re.IGNORECASE
)
_MORE = re.compile(
    r"\s?(?:[a-z]+ ){0,2}?(?:more|less|fewer|higher|lower|larger|smaller|longer|shorter|deeper|older|younger) than\b"
)
_ASKS_MORE = re.compile(
    r"\b(?:more|less|fewer|\w+er than|differ\w*|change[ds]?|grow|grew|rise|rose|fall|fell)\b"
)


def is_only_planned(question: str, text: str) -> bool:
    """Whether a text tells a plan where the question asks for what was done.

    >>> is_only_planned("When was the pool built?", "A pool will be built in 2026.")
    True
    """
    return (
        _PLANNED.search(text) is not None
        and _ASKS_DONE.search(question) is not None
        and _ASKS_PLAN.search(question) is None
    )


def is_refuted(parts: Sequence[str], place: int) -> bool:
    """Whether a clause tells what was believed, and another of the sentence how it really is."""
    refuting = [n for n, part in enumerate(parts) if _REALLY.search(part)]
    believed = any(_BELIEVED.search(part) for part in parts)
    return believed and bool(refuting) and place < refuting[0]


def is_no_value(question: str, text: str, value: re.Match[str], end: int) -> bool:
    """Whether a number is denied ("not 90 but 95 m"), or tells only a difference ("140 fewer than before").

    Args:
        question: As it was asked.
        text: A sentence.
        value: A number in it.
        end: Where the number with its unit ends.
    """
    if _NOT.search(text[: value.start()]):
        return True
    return _MORE.match(text, end) is not None and _ASKS_MORE.search(question) is None
