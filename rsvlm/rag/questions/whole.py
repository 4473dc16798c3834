"""What a text as a whole asks, where the sentence that asks leaves it to another one to say what, or how.

"I was told there might be a lake here. Do you see one?", "Yes or no: this image contains an industrial area."
"""

import re
from dataclasses import replace

from .asked import Asked, Thing
from .parts import part_of

_YES_OR_NO = re.compile(r"\b(?:yes or no|yes\s?/\s?no|y\s?/\s?n)\b", re.IGNORECASE)
_SEEN = re.compile(
    r"^(?!.*\b(?:what|which|where|how|why|when|who)\b).*\b(?:does|do|is|are|can|could|would|did)\b.*"
    r"\b(?:appears?|visible|present|occurs?|exists?|seen|shown|spotted|found|sees?|spot|find)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(?:number|figure|total|how many)\b", re.IGNORECASE)
_COUNTED = re.compile(r"\bhow many\b|\b(?:number|amount) of\b|\w count\b|\bcount\b", re.IGNORECASE)


def by_whole(asked: list[Asked], text: str) -> list[Asked]:
    """Read one question with the rest of the text that it stands in.

    Args:
        asked: What was read of the text.
        text: All of it.
    """
    if len(asked) != 1 or asked[0].options:
        return asked
    one = asked[0]
    things = tuple(found.thing for found in part_of(text).things if found.thing.classes)
    if not things:
        return asked
    if (
        one.kind == "what"
        and not _has_class(one.things)
        and _NUMBER.search(one.text)
        and _COUNTED.search(text)
    ):
        return [replace(one, kind="count", mode="", things=things)]
    if one.kind in ("how-much", "what", "fact") and not one.hard.names and _asks_presence(one, text):
        one = replace(one, kind="yes-no", mode="presence", negated=False)
    if one.kind in ("yes-no", "count", "how-much", "where") and not _has_class(one.things):
        return [replace(one, things=things)]
    return [one]


def _asks_presence(one: Asked, text: str) -> bool:
    return _YES_OR_NO.search(text) is not None or (one.kind == "fact" and _SEEN.search(one.text) is not None)


def _has_class(things: tuple[Thing, ...]) -> bool:
    return any(one.classes for one in things)
