"""Captions as words: tokens, numbers, articles, and the words that no caption may hold."""

import re

_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\w+(?:['\u2019-]\w+)*|[^\w\s]")

_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

NUMBER_WORDS: dict[str, int] = {word: n for n, word in enumerate(_UNITS.split(), start=1)}
for _ten, _word in enumerate(_TENS.split(), start=2):
    NUMBER_WORDS[_word] = 10 * _ten
    NUMBER_WORDS |= {f"{_word}-{unit}": 10 * _ten + n for n, unit in enumerate(_UNITS.split()[:9], start=1)}

# ChatEarthNet's system prompt forbids "possibly, likely, perhaps, context, segmentation, appear, change, transition,
# dynamic (or alike)". The list spells out "or alike": other forms of the same words, and other words of guessing.
_GUESSES = """
possible possibly possibility likely unlikely likelihood perhaps maybe probable probably presumably apparently apparent
might may could context contexts contextual segment segments segmented segmentation segmentations
"""
_FORBIDDEN = frozenset(_GUESSES.split())
_FORBIDDEN_STEMS = ("appear", "seem", "chang", "transition", "dynamic")

_AN = re.compile(r"[aeiou]|hour|heir|honest|hono")
_A = re.compile(  # said with the sound of "you" or "one"
    r"eu|ewe|on(ce|e(?!r))"
    r"|u(\b|bi|fo|gand|[kv]|nanim|ni(?!dent|m[^o]|n[^o]|rr|ss)|r(an|e[at]|[iu]|ol)|s[aeu]|t[aeio])"
)


def tokens(text: str) -> list[str]:
    """The words, numbers and marks of a text in order, in lower case; white space is left out."""
    return _TOKEN.findall(text.lower())


def number(word: str) -> float | None:
    """The value of a number in digits ("1,200", "0.5") or in words ("three"); None for any other word."""
    if word[:1].isdecimal() and word.isascii():
        return float(word.replace(",", ""))
    return NUMBER_WORDS.get(word)


def is_forbidden(word: str) -> bool:
    """Whether a lower-case word is one with which a caption would guess, or speak of how it was made."""
    return word in _FORBIDDEN or word.startswith(_FORBIDDEN_STEMS)


def article_before(word: str) -> str:
    """`a` or `an`, by the sound with which a lower-case word begins."""
    return "an" if _AN.match(word) and not _A.match(word) else "a"
