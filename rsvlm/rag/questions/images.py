"""Which of several images a question is about: "in the second image", "on the right picture", "in both"."""

import re
from typing import Literal, NamedTuple

Among = Literal["", "any", "all"]

_IMAGE = (
    r"(?:image|img|picture|pic|photo|foto|photograph|scene|tile|frame|shot|snapshot|acquisition|capture|date)"
)
_MEDIUM = r"(?:(?:satellite|aerial|drone) )?"
_WHOLE = rf"all (?:of )?(?:the |this |that )?{_MEDIUM}{_IMAGE}\b"
"""All of one image."""
_DET = r"(?:(?:the|this|that|your|my) )?"
_FIRST, _SECOND = (
    "earlier|older|old|before|previous|former|left",
    "later|newer|new|after|latter|other|right|latest",
)
_WORDS = ("first 1st 1 one a", "second 2nd 2 two b", "third 3rd 3 three c", "fourth 4th 4 four d")
_NUMBER = {word: place for place, words in enumerate(_WORDS, 1) for word in words.split()}
_NUMBER |= dict.fromkeys(_FIRST.split("|"), 1) | dict.fromkeys(_SECOND.split("|"), 2)
_ANY_ORDINAL = "first|1st|second|2nd|third|3rd|fourth|4th"
_BARE = rf"{_ANY_ORDINAL}|earlier|later|older|newer|former|latter|other"
_NAMED = re.compile(
    rf"\b(?i:{_DET}(?P<word>{_ANY_ORDINAL}|{_FIRST}|{_SECOND})(?:[- ]hand)? {_MEDIUM}{_IMAGE}\b)|"
    rf"\b(?i:{_DET}{_IMAGE} on the (?P<side>left|right)\b)|"
    rf"\b(?i:{_DET}{_IMAGE} (?:no\.? ?|number )?)(?P<number>[1-4]|(?i:one|two|three|four)|[A-D])\b|"
    rf"\b(?i:the (?P<of>{_ANY_ORDINAL})(?: one)? of (?:the |these )?(?:two )?(?:{_IMAGE}s|two|them)\b)|"
    rf"(?i:(?<=\bin )|(?<=\bon )|(?<=\bof )|(?<=\bfrom ))(?i:the (?P<bare>{_BARE})(?: one)?(?=\s*(?:[?.!,;]|$)))|"
    rf"\b(?i:the (?P<shows>{_ANY_ORDINAL})(?: one)?(?= (?:shows?|contains?|depicts?)\b))"
)
_SEVERAL = re.compile(
    rf"\b(?<!which )(?<!what )(?:(?P<any>either|any|one)|both|each|(?!{_WHOLE})all)(?: one)?(?: of)?"
    rf"(?: the| these| those)?(?: two)? {_MEDIUM}{_IMAGE}s?\b|"
    r"(?:(?<=\bin )|(?<=\bon ))(?:(?P<bare>either|any)|both)(?: of them)?(?=\s*(?:[?.!,;]|$))",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^\W*(?:in |on |for )?the image\s*(?::|-)\s*", re.IGNORECASE)


class Named(NamedTuple):
    """What a question says of images.

    Attributes:
        image: Which one it is about, from 1; None: none, or several.
        among: "any": one of several is enough; "all": all of them.
        text: The question with "the image" for it.
        line: The same with "the second image", by which what compares images is told.
    """

    image: int | None
    among: Among
    text: str
    line: str


def image_in(text: str, images: int) -> Named | None:
    """Return which image a question names; None where it names none, or two of them.

    >>> image_in("Is there a river in the later picture?", 2)[:3]
    (2, '', 'Is there a river in the image?')

    Args:
        text: A question.
        images: How many there are. Of two, one is the left, the earlier, ...; of one, a second is still none.
    """
    found = list(_NAMED.finditer(text))
    numbers = {_NUMBER[match[match.lastgroup or 0].lower()] for match in found}
    plain = all((match["word"] or "").lower() in _ANY_ORDINAL.split("|") for match in found)
    if images < 2:
        found = found if plain and numbers != {1} else []
    if len(numbers) == 1 and found and (images < 3 or not any(_is_of_two(match) for match in found)):
        return Named(numbers.pop(), "", _rewritten(_NAMED, text), _NAMED.sub("the second image", text))
    several = list(_SEVERAL.finditer(text)) if images > 1 and not found else []
    if not several:
        return None
    among: Among = "any" if several[0]["any"] or several[0]["bare"] else "all"
    return Named(None, among, _rewritten(_SEVERAL, text), _SEVERAL.sub("the second image", text))


def _is_of_two(match: re.Match[str]) -> bool:
    """Whether the words tell one of two images: "the left image", "the later one"."""
    word = (match["word"] or match["side"] or match["bare"] or "").lower()
    return bool(word) and word not in _ANY_ORDINAL.split("|")


def _rewritten(pattern: re.Pattern[str], text: str) -> str:
    return _HEADING.sub("", pattern.sub("the image", text))
